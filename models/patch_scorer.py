"""Hides one part of a picture after the other and asks a classifier about all its classes at once.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import images, networks, occlusion, patch_scores
from models.errors import InputError
from models.examples import pictures_per_pass
from models.patch_scores import PatchScores
from models.runs import SILENT, Progress

WRITE_EVERY_S = 1.0  # how often a job replaces its result
Watcher = Callable[[PatchScores], None]


@dataclass(frozen=True, slots=True)
class Question:
    """One picture (H, W, 3) uint8 and what is hidden of it; `layer` "" watches no activation map."""

    picture: np.ndarray
    patch: int
    stride: int
    fill: str
    layer: str
    channel: int

    @property
    def rows(self) -> np.ndarray:
        """Top offsets of the squares."""
        return occlusion.patch_origins(self.picture.shape[0], self.patch, self.stride)

    @property
    def cols(self) -> np.ndarray:
        """Left offsets of the squares."""
        return occlusion.patch_origins(self.picture.shape[1], self.patch, self.stride)


class FullPass:
    """Scores every position with a forward pass of the whole picture."""

    def __init__(self, network: networks.Network, question: Question) -> None:
        self._network, self._question = network, question
        self._hidden = occlusion.filling(question.picture, question.fill, question.patch)
        self.chunk = pictures_per_pass(network.model)

    def base(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits (C,) of the untouched picture and the sums (K,) over each map of the watched layer."""
        logits, sums = networks.logits_and_sums(self._network, self._question.picture[None], self._question.layer)
        return logits[0], sums[0]

    def scores(self, corners: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (n, C) and the sums (n,) of the watched channel with squares at `corners` (n, 2)."""
        patch = self._question.patch
        pictures = np.repeat(self._question.picture[None], len(corners), axis=0)
        for picture, (row, col) in zip(pictures, corners.tolist(), strict=True):
            window = np.s_[row : row + patch, col : col + patch]
            picture[window] = self._hidden[window]
        logits, sums = networks.logits_and_sums(self._network, pictures, self._question.layer)
        return logits, sums[:, channel] if self._question.layer else np.full(len(corners), np.nan, np.float32)


def compute(
    network: networks.Network,
    question: Question,
    *,
    progress: Progress = SILENT,
    watch: Watcher | None = None,
) -> PatchScores:
    """Return every class's score at every position, coarse positions first.

    Args:
        network: A classifier.
        question: The picture, at the size that the network takes, and what is hidden.
        progress: Told the share done after every chunk; may cancel.
        watch: Gets the partial result after the first stage and about every second.

    Raises:
        InputError: A value outside what is offered, or a bare backbone.
        Cancelled: By `progress`.
    """
    rows, cols = question.rows, question.cols
    scorer = FullPass(network, question)
    base_logits, sums = scorer.base()
    channel = _channel(question, sums)
    n_positions = len(rows) * len(cols)
    corners = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    logits = np.full((n_positions, len(base_logits)), np.nan, np.float32)
    activity = np.full(n_positions, np.nan, np.float32)
    result = PatchScores(
        rows=rows,
        cols=cols,
        logits=logits.reshape(len(rows), len(cols), -1),
        base_logits=base_logits,
        activity=activity.reshape(len(rows), len(cols)),
        base_activity=float(sums[channel]) if question.layer else float("nan"),
        layer=question.layer,
        channel=channel,
        patch=question.patch,
        stride=question.stride,
        fill=question.fill,
        height=question.picture.shape[0],
        width=question.picture.shape[1],
        classes=network.classes or (),
        **_operations(network),
    )
    done, written = 0, 0.0
    for stage in patch_scores.coarse_to_fine(len(rows), len(cols), max(question.patch // question.stride, 1)):
        for start in range(0, len(stage), scorer.chunk):
            progress.event(share=done / n_positions, note=f"{done} of {n_positions} positions")
            chosen = stage[start : start + scorer.chunk]
            logits[chosen], activity[chosen] = scorer.scores(corners[chosen], channel)
            done += len(chosen)
            coarse_done = start + scorer.chunk >= len(stage) and not written
            if watch is not None and (coarse_done or (written and time.monotonic() > written + WRITE_EVERY_S)):
                watch(result)
                written = time.monotonic()
    return result


def _channel(question: Question, sums: np.ndarray) -> int:
    """Return the channel to watch: the one asked for, or for -1 the one with the largest sum; -1 without a layer."""
    if not question.layer:
        return -1
    if not -1 <= question.channel < len(sums):
        raise InputError(
            f"Expected a channel from 0 to {len(sums) - 1}, or -1 for the strongest. Received {question.channel}."
        )
    return int(sums.argmax()) if question.channel == -1 else question.channel


def _operations(network: networks.Network) -> dict[str, Any]:
    """Return what a forward pass multiplies, layer by layer, as fields of `PatchScores`."""
    layers = [layer for layer in network.model.layers if getattr(layer, "kernel", None) is not None]
    maps = [tuple(layer.output.shape[1:-1]) or (1, 1) for layer in layers]
    macs = [float(np.prod(layer.kernel.shape)) * rows * cols for layer, (rows, cols) in zip(layers, maps, strict=True)]
    return {
        "way": "full",
        "reason": "",
        "macs_full": sum(macs),
        "macs_done": sum(macs),
        "layer_names": tuple(layer.name for layer in layers),
        "layer_macs_full": np.array(macs, np.float32),
        "layer_macs_done": np.array(macs, np.float32),
        "layer_maps": np.array(maps, np.int64),
        "layer_windows": np.array(maps, np.float32),
    }


def hide(
    network_id: str,
    picture_id: str,
    *,
    patch: int,
    stride: int,
    fill: str,
    layer: str = "",
    channel: int = -1,
    progress: Progress = SILENT,
    watch: Watcher | None = None,
) -> PatchScores:
    """Return every class's score at every position of a square, for one picture, at the size the network takes.

    Args:
        network_id, picture_id: A classifier and a picture.
        patch, stride: In pixels of the picture as the network takes it.
        fill: See `occlusion.filling`.
        layer: Its maps are summed, too; "" for none.
        channel: Which of its maps; -1 for the one with the largest sum in the untouched picture.
        progress, watch: See `compute`.

    Raises:
        InputError: A value outside what is offered, or a bare backbone.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    network = networks.load(network_id)
    picture = images.resize(images.load_picture(picture_id), network.height, network.width)
    question = Question(picture, patch, stride, fill, layer, channel)
    return compute(network, question, progress=progress, watch=watch)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Compute what `spec` (the arguments of `hide`) asks for; the run's file grows from coarse to fine."""
    path = folder / patch_scores.RESULT
    result = hide(**spec, progress=progress, watch=lambda partial: patch_scores.save(path, partial))
    patch_scores.save(path, result)
