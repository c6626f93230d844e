"""Occlusion of one picture: its squares, the way they are scored, and every class's score at every position.

There are two ways, both with the same operations and the same weights, BatchNorm folded: windows of maps where that
saves work, else whole forward passes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.backbones.worker.graphs import folded_pairs
from models.errors import InputError
from models.networks.worker import opened
from models.occlusion import costs, occlusion
from models.occlusion.costs import Part
from models.occlusion.plan import Placed, Reaches, reaches
from models.occlusion.scores import OCCLUSION, OcclusionSpec, PatchScores, coarse_to_fine
from models.occlusion.worker.windows import FullPass, Graph, WindowPass, graph
from models.pictures import images
from models.storage.files import pack, write_atomically
from models.storage.progress import SILENT, Progress

WRITE_EVERY_S = 1.0  # how often a job replaces its result
Watcher = Callable[[PatchScores], None]


class Way(Protocol):
    """How squares of one picture are scored."""

    base_logits: np.ndarray  # (C,)
    base_sums: np.ndarray  # (K,), over each map of the tapped layer

    def scores(self, members: np.ndarray, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (n, C) of the squares with these numbers and the sums (n,) of the tapped layer's channel."""


class Squares:
    """The squares of one picture (H, W, 3) uint8, at the size the network takes: where they lie and what they show."""

    def __init__(self, network: opened.Network, picture: np.ndarray, spec: OcclusionSpec) -> None:
        opened.last_dense(network)
        self.network, self.picture, self.patch = network, picture, spec.patch
        self.hidden = occlusion.filling(picture, spec.fill, spec.patch)
        self.rows = occlusion.patch_origins(picture.shape[0], spec.patch, spec.stride)
        self.cols = occlusion.patch_origins(picture.shape[1], spec.patch, spec.stride)
        self.placed = Placed.grid(self.rows, self.cols, spec.patch)

    def of(self, members: np.ndarray) -> Placed:
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
        pictures, placed = np.repeat(self._squares.picture[None], len(members), axis=0), self._squares.of(members)
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
        return self._call(self._clean, self._squares.of(members), self._squares.shown(members), channel)


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


def compute(
    network: opened.Network,
    picture: np.ndarray,
    spec: OcclusionSpec,
    *,
    progress: Progress = SILENT,
    watch: Watcher | None = None,
) -> PatchScores:
    """Return every class's score at every position of a square, coarse positions first.

    Args:
        network: A classifier.
        picture: (H, W, 3) uint8 at the size that the network takes.
        spec: What is hidden; its ids are not looked at.
        progress: Told the share done after every chunk; may cancel.
        watch: Gets the partial result after the first stage and about every second.

    Raises:
        InputError: A value outside what is offered, or a bare backbone.
        Cancelled: By `progress`.
    """
    squares = Squares(network, picture, spec)
    plan = Plan(squares, spec.layer)
    step = max(spec.patch // spec.stride, 1) if watch else 1  # nobody looks: all at once
    stages = [plan.parts(stage) for stage in coarse_to_fine(len(squares.rows), len(squares.cols), step)]
    n_positions = len(squares.placed.rows)
    progress.event(share=0.0, note=f"0 of {n_positions} positions")
    way = plan.way()
    result = _empty(squares, spec, way, plan.operations([part for stage in stages for part in stage]))
    logits, activity = result.logits.reshape(n_positions, -1), result.activity.reshape(-1)  # views of its arrays
    done, written = 0, -math.inf
    for parts in stages:
        for part in parts:
            logits[part.members], activity[part.members] = way.scores(part.members, result.channel)
            done += len(part.members)
            covered = parts is not stages[0] or part is parts[-1]
            if watch is not None and covered and time.monotonic() > written + WRITE_EVERY_S:
                watch(result)
                written = time.monotonic()
            progress.event(share=done / n_positions, note=f"{done} of {n_positions} positions")
    return result


def _empty(squares: Squares, spec: OcclusionSpec, way: Way, operations: dict[str, Any]) -> PatchScores:
    """Return the result before the first square: the scores of the untouched picture, NaN at every position."""
    shape, channel = (len(squares.rows), len(squares.cols)), _channel(spec, way.base_sums)
    return PatchScores(
        rows=squares.rows,
        cols=squares.cols,
        logits=np.full((*shape, len(way.base_logits)), np.nan, np.float32),
        base_logits=way.base_logits,
        activity=np.full(shape, np.nan, np.float32),
        base_activity=float(way.base_sums[channel]) if spec.layer else float("nan"),
        layer=spec.layer,
        channel=channel,
        patch=spec.patch,
        stride=spec.stride,
        fill=spec.fill,
        height=squares.picture.shape[0],
        width=squares.picture.shape[1],
        classes=squares.network.classes or (),
        **operations,
    )


def _channel(spec: OcclusionSpec, sums: np.ndarray) -> int:
    """Return the channel to watch: the chosen one, or for -1 the one with the largest sum; -1 without a layer."""
    if not spec.layer:
        return -1
    if not -1 <= spec.channel < len(sums):
        raise InputError(
            f"Expected a channel from 0 to {len(sums) - 1}, or -1 for the strongest. Received {spec.channel}."
        )
    return int(sums.argmax()) if spec.channel == -1 else spec.channel


def hide(spec: OcclusionSpec, progress: Progress = SILENT, watch: Watcher | None = None) -> PatchScores:
    """Return what `compute` does, for the network and the picture that `spec` names.

    Raises:
        InputError: A value outside what is offered, or a bare backbone.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    network = opened.load(spec.network)
    picture = images.resize(images.load_picture(spec.picture), network.height, network.width)
    return compute(network, picture, spec, progress=progress, watch=watch)


def write(spec: OcclusionSpec, progress: Progress, folder: Path) -> None:
    """Write the scores into a run's folder; the file grows from coarse to fine. Raises as `hide` does."""
    path = folder / OCCLUSION.file

    def keep(scores: PatchScores) -> None:
        write_atomically(path, pack(scores))

    keep(hide(spec, progress, keep))
