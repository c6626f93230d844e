"""Scores of hidden squares: what is hidden of a picture, and every class's score at each position of the square.

One computation serves every class, logit and probability: choosing another needs no forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from models.errors import InputError
from models.jobs.job import Job, PricedSpec, Task
from models.networks import layers
from models.networks.answers import SCORES
from models.occlusion import costs
from models.occlusion.occlusion import OcclusionMap, averaged, cost

# A sure classifier's probability moves by a millionth wherever the square lies. Scaled to its own largest value such a
# map looks like any other. What counts is therefore a change of one percentage point, the smallest that a page writes
# as a whole number. Logits have no unit that holds for every network: of them it is a hundredth of the distance between
# the highest and the lowest logit of the untouched picture.
FLOOR: Final = 0.01
_WRITTEN = {"network": "network_id", "picture": "picture_id"}  # fields that have other names on disk


@dataclass(frozen=True, slots=True)
class OcclusionSpec(PricedSpec):
    """What is hidden of one picture, and which activation map is watched; one answer serves every class and score.

    Attributes:
        network: Id of a classifier.
        picture: Id.
        patch: Side of the hidden square in pixels of the picture as the network takes it.
        stride: Pixels from one square to the next, at most `patch`.
        fill: What the square shows, see `occlusion.filling`.
        layer: Whose maps are watched; "" for none.
        channel: Which of them; -1 for the one with the largest sum in the untouched picture.
    """

    network: str
    picture: str
    patch: int
    stride: int
    fill: str
    layer: str = ""
    channel: int = -1

    @classmethod
    def first(cls, network: str, picture: str, side: int, layer: str = "") -> Self:
        """Return what is hidden first of a picture whose shorter side is `side`: a sixteenth, at 13 x 13 places."""
        return cls(network, picture, max(side // 4, 1), max(side // 16, 1), "mean", layer)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """See `PlainSpec`; on disk the network is "network_id" and the picture "picture_id"."""
        if isinstance(data, Mapping):
            names = {written: name for name, written in _WRITTEN.items()}
            data = {names.get(name, name): value for name, value in data.items()}
        return super(OcclusionSpec, cls).from_json(data)

    def to_json(self) -> dict[str, Any]:
        """See `from_json`."""
        plain = super(OcclusionSpec, self).to_json()
        return {_WRITTEN.get(name, name): value for name, value in plain.items()}

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"Occlusion map, {self.fill}"

    @property
    def n_positions(self) -> int:
        """How many squares are hidden, one after the other.

        Raises:
            InputError: Not 1 <= stride <= patch <= side.
        """
        side = layers.side(self.network)
        return cost(side, side, self.patch, self.stride)

    @property
    def seconds(self) -> float:
        """About how long a worker takes; raises as `n_positions` does."""
        return costs.hiding_seconds(self.network, self.patch, self.stride)


@dataclass(frozen=True, slots=True)
class PatchScores:
    """Every class's score with one square hidden at each position of a grid.

    Attributes:
        rows, cols: (n_rows,) and (n_cols,) int64, top-left corners in pixels, from `occlusion.patch_origins`.
        logits: (n_rows, n_cols, C) float32, the scores before the softmax; NaN where not computed yet.
        base_logits: (C,) float32, of the untouched picture.
        activity: (n_rows, n_cols) float32, the sum over the map of `channel` of `layer`; NaN where not computed yet,
            and everywhere without a layer.
        base_activity: The same of the untouched picture, or NaN.
        layer, channel: What `activity` sums; "" and -1 for none.
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


def floor(score: str, logits: np.ndarray) -> float:
    """Return the least change of a score that counts, see `FLOOR`.

    Args:
        score: "probability" or "logit".
        logits: (C,), of the untouched picture.
    """
    return FLOOR * (float(np.ptp(logits)) if score == "logit" else 1.0)


def counts(change: float, least: float) -> bool:
    """Return whether a change of the score counts, `least` being the floor; no change at all never does."""
    return change > 0 and change >= least


def largest_change(found: OcclusionMap) -> float:
    """Return by how much the one square changes the score that changes it most, up or down; of what is computed."""
    return float(np.nanmax(np.abs(found.occluded - found.base_score), initial=0))


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


OCCLUSION = Job(
    "occlusion",
    OcclusionSpec,
    "models.occlusion.worker.hide:write",
    PatchScores,
    keeps=True,
    file="patch_scores.npz",
)
PATCH_SCORES = Task("patch_scores", "models.occlusion.worker.hide:hide", PatchScores)
