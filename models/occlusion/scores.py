"""What hiding each part of one picture does to every class's score, and to one activation map: the result, as arrays.

One computation serves every class, logit and probability: choosing another needs no forward pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import InputError, RunNotFound
from models.jobs.job import Task
from models.networks.answers import SCORES
from models.occlusion.occlusion import OcclusionMap, averaged
from models.storage import files
from models.storage.files import write_atomically

RESULT = "patch_scores.npz"  # in the folder of a run that hides patches


@dataclass(frozen=True, slots=True)
class PatchScores:
    """Every class's score with one square hidden at each position of a grid.

    Attributes:
        rows, cols: (n_rows,) and (n_cols,) int64, top-left corners in pixels, from `occlusion.patch_origins`.
        logits: (n_rows, n_cols, C) float32, the scores before the softmax; NaN where not computed yet.
        base_logits: (C,) float32, of the untouched picture.
        activity: (n_rows, n_cols) float32, the sum over the map of `channel` of `layer`; NaN where not computed yet,
            and everywhere if no layer was asked for.
        base_activity: The same of the untouched picture, or NaN.
        layer, channel: What `activity` sums; "" and -1 if no layer was asked for.
        patch, stride: In pixels of the picture.
        fill: What the square shows, see `occlusion.filling`.
        height, width: Of the picture as the network takes it.
        classes: Names of the outputs.
        way: "incremental": only what a square can change is computed; or "full": a whole forward pass each.
        reason: Why (partly) full, as a sentence; "" where nothing was in the way.
        macs_full, macs_done: Multiply-accumulates per position (mean) of a forward pass, and those really done.
        layer_names: Layers that multiply, in the order of computation.
        layer_macs_full, layer_macs_done: (L,) float32, the same per layer.
        layer_maps: (L, 2) int64, rows and columns of the layer's maps; 1 x 1 for dense layers.
        layer_windows: (L, 2) float32, rows and columns that a square can change, mean over positions.
    """

    rows: np.ndarray
    cols: np.ndarray
    logits: np.ndarray
    base_logits: np.ndarray
    activity: np.ndarray
    base_activity: float
    layer: str
    channel: int
    patch: int
    stride: int
    fill: str
    height: int
    width: int
    classes: tuple[str, ...]
    way: str
    reason: str
    macs_full: float
    macs_done: float
    layer_names: tuple[str, ...]
    layer_macs_full: np.ndarray
    layer_macs_done: np.ndarray
    layer_maps: np.ndarray
    layer_windows: np.ndarray

    @property
    def n_positions(self) -> int:
        """Positions of the whole grid."""
        return len(self.rows) * len(self.cols)

    @property
    def done(self) -> np.ndarray:
        """Which positions are computed, bool (n_rows, n_cols)."""
        return np.asarray(~np.isnan(self.logits[..., 0]))


def probabilities(scores: PatchScores) -> np.ndarray:
    """Return the probability of every class at every position, float32 (n_rows, n_cols, C); NaN where not computed."""
    return _softmax(scores.logits)


def base_probabilities(scores: PatchScores) -> np.ndarray:
    """Return the probabilities (C,) float32 of the untouched picture."""
    return _softmax(scores.base_logits)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), np.float32)


def map_of(scores: PatchScores, class_index: int, score: str) -> OcclusionMap:
    """Return the occlusion map of one class; pixels that no computed square covers yet are NaN.

    Args:
        scores: Whole or partial.
        class_index: Number of the class.
        score: "probability" or "logit".

    Raises:
        InputError: Another score, or a class that the network has not.
    """
    if score not in SCORES:
        raise InputError(f"Expected the score to be one of {', '.join(SCORES)}. Received {score!r}.")
    if not 0 <= class_index < len(scores.classes):
        raise InputError(f"Expected a class number from 0 to {len(scores.classes) - 1}. Received {class_index}.")
    logit = score == "logit"
    occluded = (scores.logits if logit else probabilities(scores))[..., class_index]
    base = float((scores.base_logits if logit else base_probabilities(scores))[class_index])
    corners = [(row, col) for row in scores.rows.tolist() for col in scores.cols.tolist()]
    drop = averaged((base - occluded).ravel(), corners, scores.patch, (scores.height, scores.width))
    passes = int(scores.done.sum()) + 1
    return OcclusionMap(
        drop, base, scores.rows, scores.cols, occluded, scores.patch, scores.stride, scores.fill, passes
    )


def coarse_to_fine(n_rows: int, n_cols: int, step: int) -> list[np.ndarray]:
    """Return the positions of a grid (row number * n_cols + column number) in stages, each once.

    The first stage takes every `step`-th row and column and the last ones; each further stage halves the step.

    Args:
        n_rows, n_cols: Of the grid.
        step: At least 1; up to patch // stride the first stage covers every pixel.
    """
    seen = np.zeros(n_rows * n_cols, bool)
    stages = []
    while True:
        rows = np.union1d(np.arange(0, n_rows, step), n_rows - 1)
        cols = np.union1d(np.arange(0, n_cols, step), n_cols - 1)
        stage = (rows[:, None] * n_cols + cols).ravel()
        stages.append(stage[~seen[stage]])
        seen[stage] = True
        if step == 1:
            return [stage for stage in stages if len(stage)]
        step //= 2


def save(path: Path, result: PatchScores) -> None:
    """Write `result`, whole or not at all."""
    write_atomically(path, files.encode(result))


def load(path: Path) -> PatchScores:
    """Return the scores that `save` wrote, be they partial.

    Raises:
        RunNotFound: The file is gone or unreadable.
    """
    try:
        return files.decode(path.read_bytes(), PatchScores)
    except (OSError, ValueError) as error:
        raise RunNotFound("This occlusion map is not here any more. Compute it again.") from error


def version(path: Path) -> int:
    """Return a number that changes whenever `save` replaces the file; 0 while there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


PATCH_SCORES = Task("patch_scores", "models.occlusion.worker.hide:hide", PatchScores)
