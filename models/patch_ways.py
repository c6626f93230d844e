"""Two ways to score a picture with squares hidden: windows where that saves work, else whole forward passes.

Both use the same operations with the same weights, BatchNorm folded. Imports Keras: only workers use this module.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from models import incremental_costs, networks, occlusion
from models.errors import InputError
from models.folding import folded_pairs
from models.incremental import FullPass, WindowPass
from models.incremental_costs import Part
from models.incremental_graph import Graph, graph
from models.incremental_plan import Placed, Reaches, reaches


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

    def __init__(self, network: networks.Network, picture: np.ndarray, patch: int, stride: int, fill: str) -> None:
        networks.last_dense(network)
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

        self._graph, self._reach = networks.kept(network, ("/graph", unfolded), look)
        self._tap = self._graph.shown_as[layer] if layer else ""
        self.cut = incremental_costs.cut(self._graph.nodes, self._reach, squares.placed)

    def way(self) -> Way:
        """Return the way, traced where it is not yet."""
        network, graph_, tap = self._squares.network, self._graph, self._tap
        if self.cut:
            windows: WindowPass = networks.kept(
                network,
                ("/windows", self._key, tap, str(self.cut)),
                lambda: WindowPass(graph_, self.cut, self._reach, tap),
            )
            return WindowWay(self._squares, windows)
        full: FullPass = networks.kept(
            network, ("/full", self._key, tap), lambda: FullPass(graph_, network.height, network.width, tap)
        )
        return FullWay(self._squares, full)

    def parts(self, chosen: np.ndarray) -> list[Part]:
        """Return the squares with these numbers (n,) in parts that are scored together."""
        return incremental_costs.parts(self._graph.nodes, self.cut, self._reach, self._squares.placed, chosen)

    def operations(self, parts: list[Part]) -> dict[str, Any]:
        """Return what all parts multiply, layer by layer, as fields of `PatchScores`."""
        nodes = self._graph.nodes
        counts = np.array([len(part.members) for part in parts])
        areas = np.average([part.areas for part in parts], axis=0, weights=counts)
        macs = np.array([node.macs for node in nodes])
        windows = incremental_costs.changed(nodes, self._reach, self._squares.placed)
        share = incremental_costs.shares(nodes, self._reach, self._squares.placed)
        multiplies = macs > 0
        return {
            "way": "incremental" if self.cut else "full",
            "reason": incremental_costs.why_whole(nodes, self.cut, share),
            "macs_full": float(macs.sum()),
            "macs_done": float(macs @ areas),
            "layer_names": tuple(node.name for node in nodes if node.macs),
            "layer_macs_full": macs[multiplies].astype(np.float32),
            "layer_macs_done": (macs * areas)[multiplies].astype(np.float32),
            "layer_maps": np.array([node.shape[:2] for node in nodes], np.int64)[multiplies],
            "layer_windows": windows[multiplies].astype(np.float32),
        }
