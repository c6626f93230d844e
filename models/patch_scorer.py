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
from models import incremental_costs as costs
from models.errors import InputError
from models.folding import folded_pairs
from models.incremental import FullPass, WindowPass
from models.incremental_graph import GLOBAL, graph
from models.incremental_plan import Placed, reaches
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


class Scorer:
    """Scores squares of one picture, the same for every picture but for what is hidden.

    Up to the cut only windows of maps are computed, behind it whole maps; where windows would save nothing, every
    square takes a forward pass of the whole picture.
    """

    def __init__(self, network: networks.Network, question: Question) -> None:
        if network.classes is None:
            raise InputError("Expected a trained classifier. Received a bare backbone, which has no classes.")
        if question.layer and question.layer not in {layer.name for layer in network.model.layers}:
            raise InputError(f"Expected a layer of the network. Received {question.layer[:60]!r}.")
        self._question = question
        self._hidden = occlusion.filling(question.picture, question.fill, question.patch)
        grid = np.meshgrid(question.rows, question.cols, indexing="ij")
        self.squares = Placed(grid[0].ravel(), grid[1].ravel(), question.patch)
        unfolded = question.layer if question.layer in folded_pairs(network.model) else ""
        made = networks.kept(network, ("/graph", unfolded), lambda: graph(network.model, unfolded))
        self.graph, self.nodes = made, made.nodes
        tap = made.shown_as[question.layer] if question.layer else ""
        height, width = network.height, network.width
        self.reach = reaches(self.nodes, height, width)
        self.cut = costs.cut(self.nodes, self.reach, self.squares)
        self._full = networks.kept(network, ("/whole", unfolded, tap), lambda: FullPass(made, height, width, tap))
        self._windows = None
        if self.cut:
            key = ("/windows", unfolded, tap, str(self.cut))
            self._windows = networks.kept(network, key, lambda: WindowPass(made, self.cut, self.reach, tap))
        self._most = costs.most_squares(self.nodes, self.cut, self.reach, self.squares)
        self._clean: Any = None

    def base(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits (C,) of the untouched picture and the sums (K,) over each map of the watched layer."""
        logits, sums = self._full(self._question.picture[None])
        return logits[0], sums[0]

    def parts(self, chosen: np.ndarray) -> list[np.ndarray]:
        """Return the squares `chosen` (numbers) in parts that are computed together."""
        if self._windows is None:
            return np.array_split(chosen, -(-len(chosen) // self._most))
        return list(costs.batches(self.nodes[: self.cut], self.reach, self.squares, self._most, chosen))

    def scores(self, part: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (n, C) and the sums (n,) of the watched channel for some squares; NaN if none is watched."""
        rows, cols, patch = self.squares.rows[part], self.squares.cols[part], self._question.patch
        down, across = rows[:, None, None] + np.arange(patch)[:, None], cols[:, None, None] + np.arange(patch)
        hidden = self._hidden[down, across]
        if self._windows is None:
            pictures = np.repeat(self._question.picture[None], len(part), axis=0)
            pictures[np.arange(len(part))[:, None, None], down, across] = hidden
            logits, sums = self._full(pictures)
            activity = sums[:, channel] if self._question.layer else sums
        else:
            if self._clean is None:
                self._clean = self._windows.clean(self._question.picture, channel)
            tables = self._windows.tables(Placed(rows, cols, patch))
            logits, activity = self._windows.scores(self._clean, tables, hidden, channel)
        return logits, activity if self._question.layer else np.full(len(part), np.nan, np.float32)

    def operations(self) -> dict[str, Any]:
        """Return what is multiplied per square, layer by layer and as a mean, as fields of `PatchScores`."""
        done = costs.computed(self.nodes, self.cut, self.reach, self.squares, self.parts(np.arange(self.n_squares)))
        shown = [number for number, node in enumerate(self.nodes) if node.macs]
        macs = np.array([self.nodes[number].macs for number in shown])
        return {
            "way": "incremental" if self.cut else "full",
            "reason": self._reason(),
            "macs_full": float(macs.sum()),
            "macs_done": float((macs * done[shown]).sum()),
            "layer_names": tuple(self.nodes[number].name for number in shown),
            "layer_macs_full": macs.astype(np.float32),
            "layer_macs_done": (macs * done[shown]).astype(np.float32),
            "layer_maps": np.array([self.nodes[number].shape[:2] for number in shown], np.int64),
            "layer_windows": np.array(
                [costs.changed(self.nodes[number], self.reach, self.squares) for number in shown], np.float32
            ),
        }

    @property
    def n_squares(self) -> int:
        """Positions of the grid."""
        return len(self.squares.rows)

    def _reason(self) -> str:
        """Return why whole maps are computed from the cut on; "" where a layer must read all of its input there."""
        first = self.nodes[self.cut]
        if first.kind == "whole":
            kind = self.graph.kinds[first.name]
            return (
                ""
                if kind in GLOBAL
                else f"From {first.name} on, whole maps are computed: a layer of the kind {kind} mixes places."
            )
        return f"From {first.name} on, a square reaches nearly all of every map, so whole maps are computed."


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
    scorer = Scorer(network, question)
    base_logits, sums = scorer.base()
    channel = _channel(question, sums)
    n_positions = len(rows) * len(cols)
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
        **scorer.operations(),
    )
    done, written = 0, 0.0
    for stage in patch_scores.coarse_to_fine(len(rows), len(cols), max(question.patch // question.stride, 1)):
        for part in (parts := scorer.parts(stage)):
            progress.event(share=done / n_positions, note=f"{done} of {n_positions} positions")
            logits[part], activity[part] = scorer.scores(part, channel)
            done += len(part)
            coarse_done = part is parts[-1] and not written
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
