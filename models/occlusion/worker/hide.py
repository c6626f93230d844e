"""Two ways to score a picture with squares hidden: windows where that saves work, else whole forward passes.

Both use the same operations with the same weights, BatchNorm folded. Imports Keras: only workers use this module.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.backbones.worker.graphs import folded_pairs
from models.errors import InputError
from models.networks.worker import opened
from models.occlusion import costs, occlusion
from models.occlusion import scores as occlusion_scores
from models.occlusion.costs import Part
from models.occlusion.plan import Placed, Reaches, reaches
from models.occlusion.scores import PatchScores
from models.occlusion.worker.windows import FullPass, Graph, WindowPass, graph
from models.pictures import images
from models.storage.progress import SILENT, Progress


class Way(Protocol):
    """How squares of one picture are scored."""

    base_logits: np.ndarray  # (C,)
    base_sums: np.ndarray  # (K,), over each map of the tapped layer

    def scores(self, members: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (n, C) of the squares with these numbers and the sums (n,) of the tapped layer's channel."""


class Squares:
    """What is hidden of one picture, and how the work is divided.

    `cut` is the number of nodes that compute windows; 0 where that saves nothing.
    """

    def __init__(self, network: opened.Network, picture: np.ndarray, patch: int, stride: int, fill: str) -> None:
        opened.last_dense(network)
        self.network, self.picture, self.patch = network, picture, patch
        self.hidden = occlusion.filling(picture, fill, patch)
        self.rows = occlusion.patch_origins(picture.shape[0], patch, stride)
        self.cols = occlusion.patch_origins(picture.shape[1], patch, stride)
        rows, cols = (side.ravel() for side in np.meshgrid(self.rows, self.cols, indexing="ij"))
        self.placed = Placed(rows, cols, patch)

    def some(self, members: np.ndarray) -> Placed:
        """Return the squares with these numbers (n,)."""
        return Placed(self.placed.rows[members], self.placed.cols[members], self.patch)

    def shown(self, members: np.ndarray) -> np.ndarray:
        """Return what the squares with these numbers show, uint8 (n, patch, patch, 3)."""
        patch = self.patch
        corners = zip(self.placed.rows[members].tolist(), self.placed.cols[members].tolist(), strict=True)
        return np.stack([self.hidden[row : row + patch, col : col + patch] for row, col in corners])


class FullWay:
    """Every square with a forward pass of the whole picture."""

    def __init__(self, squares: Squares, call: FullPass) -> None:
        self._squares, self._call = squares, call
        logits, sums = call(squares.picture[None])
        self.base_logits, self.base_sums = logits[0], sums[0]

    def scores(self, members: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Way`."""
        pictures, placed = np.repeat(self._squares.picture[None], len(members), axis=0), self._squares.some(members)
        corners = zip(placed.rows.tolist(), placed.cols.tolist(), strict=True)
        for picture, shown, (row, col) in zip(pictures, self._squares.shown(members), corners, strict=True):
            picture[row : row + placed.patch, col : col + placed.patch] = shown
        logits, sums = self._call(pictures)
        return logits, sums[:, channel] if sums.shape[1] else np.full(len(members), np.nan, np.float32)


class WindowWay:
    """Every square with windows of maps, as far as that saves work."""

    def __init__(self, squares: Squares, call: WindowPass) -> None:
        self._squares, self._call = squares, call
        self._clean = call.clean(squares.picture)
        self.base_logits, self.base_sums = self._clean.logits, self._clean.sums

    def scores(self, members: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Way`."""
        return self._call(self._clean, self._squares.some(members), self._squares.shown(members), channel)


class Plan:
    """Which way the squares of a picture are scored, in which parts, and what that costs.

    Attributes:
        cut: Nodes that compute windows; 0 where whole passes are as fast.
    """

    def __init__(self, squares: Squares, layer: str) -> None:
        network, (height, width) = squares.network, squares.picture.shape[:2]
        if layer and layer not in {known.name for known in network.model.layers}:
            raise InputError(f"Expected a layer of the network. Received {layer[:60]!r}.")
        # Folding changes the output of the layer that takes BatchNorm over: where just that is watched, it stays apart.
        unfolded = layer if layer in folded_pairs(network.model) else ""
        self._squares, self._key = squares, unfolded

        def look() -> tuple[Graph, dict[str, Reaches]]:
            found = graph(network.model, unfolded)
            return found, reaches(found.nodes, height, width)

        self._graph, self._reach = opened.kept(network, ("/graph", unfolded), look)
        self._tap = self._graph.shown_as[layer] if layer else ""
        self.cut = costs.best_cut(self._graph.nodes, self._reach, squares.placed)

    def way(self) -> Way:
        """Return the way, traced where it is not yet."""
        network, graph_, tap = self._squares.network, self._graph, self._tap
        if self.cut:
            windows: WindowPass = opened.kept(
                network,
                ("/windows", self._key, tap, str(self.cut)),
                lambda: WindowPass(graph_, self.cut, self._reach, tap),
            )
            return WindowWay(self._squares, windows)
        full: FullPass = opened.kept(
            network, ("/full", self._key, tap), lambda: FullPass(graph_, network.height, network.width, tap)
        )
        return FullWay(self._squares, full)

    def parts(self, chosen: np.ndarray) -> list[Part]:
        """Return the squares with these numbers (n,) in parts that are scored together."""
        return costs.parts(self._graph.nodes, self.cut, self._reach, self._squares.placed, chosen)

    def operations(self, parts: list[Part]) -> dict[str, Any]:
        """Return what all parts multiply, layer by layer, as fields of `PatchScores`."""
        nodes = self._graph.nodes
        counts = np.array([len(part.members) for part in parts])
        areas = np.average([part.areas for part in parts], axis=0, weights=counts)
        macs = np.array([node.macs for node in nodes])
        windows = costs.changed(nodes, self._reach, self._squares.placed)
        share = costs.shares(nodes, self._reach, self._squares.placed)
        multiplies = macs > 0
        return {
            "way": "incremental" if self.cut else "full",
            "reason": costs.why_whole(nodes, self.cut, share),
            "macs_full": float(macs.sum()),
            "macs_done": float(macs @ areas),
            "layer_names": tuple(node.name for node in nodes if node.macs),
            "layer_macs_full": macs[multiplies].astype(np.float32),
            "layer_macs_done": (macs * areas)[multiplies].astype(np.float32),
            "layer_maps": np.array([node.shape[:2] for node in nodes], np.int64)[multiplies],
            "layer_windows": windows[multiplies].astype(np.float32),
        }


# FOLDED models/occlusion/worker/hide.py: Hides one part of a picture after the other and asks a classifier about
# all its classes at once. Imports Keras: only workers use this module.

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


def compute(
    network: opened.Network,
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
    squares = Squares(network, question.picture, question.patch, question.stride, question.fill)
    rows, cols, n_positions = squares.rows, squares.cols, len(squares.placed.rows)
    plan = Plan(squares, question.layer)
    step = max(question.patch // question.stride, 1) if watch else 1  # nobody looks: all at once
    stages = [plan.parts(stage) for stage in occlusion_scores.coarse_to_fine(len(rows), len(cols), step)]
    progress.event(share=0.0, note=f"0 of {n_positions} positions")
    way = plan.way()
    channel = _channel(question, way.base_sums)
    logits = np.full((n_positions, len(way.base_logits)), np.nan, np.float32)
    activity = np.full(n_positions, np.nan, np.float32)
    result = PatchScores(
        rows=rows,
        cols=cols,
        logits=logits.reshape(len(rows), len(cols), -1),
        base_logits=way.base_logits,
        activity=activity.reshape(len(rows), len(cols)),
        base_activity=float(way.base_sums[channel]) if question.layer else float("nan"),
        layer=question.layer,
        channel=channel,
        patch=question.patch,
        stride=question.stride,
        fill=question.fill,
        height=question.picture.shape[0],
        width=question.picture.shape[1],
        classes=network.classes or (),
        **plan.operations([part for stage in stages for part in stage]),
    )
    done, written = 0, -math.inf
    for parts in stages:
        for part in parts:
            logits[part.members], activity[part.members] = way.scores(part.members, channel)
            done += len(part.members)
            covered = parts is not stages[0] or part is parts[-1]
            if watch is not None and covered and time.monotonic() > written + WRITE_EVERY_S:
                watch(result)
                written = time.monotonic()
            progress.event(share=done / n_positions, note=f"{done} of {n_positions} positions")
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
    network = opened.load(network_id)
    picture = images.resize(images.load_picture(picture_id), network.height, network.width)
    question = Question(picture, patch, stride, fill, layer, channel)
    return compute(network, question, progress=progress, watch=watch)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Compute what `spec` (the arguments of `hide`) asks for; the run's file grows from coarse to fine."""
    path = folder / occlusion_scores.RESULT
    result = hide(**spec, progress=progress, watch=lambda partial: occlusion_scores.save(path, partial))
    occlusion_scores.save(path, result)
