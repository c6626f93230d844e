"""Costs of incremental occlusion: where windows end, which squares are computed together, how long hiding takes.

What a worker decides from the opened network, the page foresees from the layer tables: windows of maps up to a cut,
whole maps behind it. Two ways of doing the same are compared by round figures of one thread, alike on every machine;
the time that hiding takes is what every layer multiplies and moves, at the rates of this machine (`training.costs`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from models.backbones.registry import PREPROCESSING_LAYERS
from models.backbones.tables import PICTURE, LayerRow, table
from models.networks.layers import settings
from models.occlusion.occlusion import patch_origins
from models.occlusion.plan import Kind, Node, Placed, Reaches, gathers, reaches
from models.training.costs import rates
from models.training.costs.layers import Layers
from models.training.costs.rates import Rates
from models.wording import percent

MACS_PER_S = 45e9
BYTES_PER_S = 4e9  # written and read again
WEIGHT_BYTES_PER_S = 3e9  # kernels are brought into another order in every call
CALL_S = 3e-5  # of one operation, however small
CHUNK_S = 0.2  # a cancel waits for one chunk
CHUNK_BYTES = 64e6  # of the largest input that is put together for a chunk
MOST_SQUARES = 64  # in a chunk
WORTH = 0.9  # windows that take longer than this share of whole maps are not worth their memory
_MOST_GROUPS = 4  # of rows, and as many of columns
_FLOAT = 4  # bytes
_WINDOWED: Final = ("Conv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")
_MERGES: Final = ("Add", "Multiply", "Concatenate")
_POINT: Final = ("ReLU", "Activation", "Rescaling", "BatchNormalization")
_FOLDING: Final = ("Conv2D", "DepthwiseConv2D", "Dense")  # take over a BatchNorm that alone reads them


def limit(nodes: Sequence[Node]) -> int:
    """Return how many nodes can compute windows at all: those before the first "whole" one."""
    return next((number for number, node in enumerate(nodes) if node.kind == "whole"), len(nodes))


def node_seconds(nodes: Sequence[Node]) -> np.ndarray:
    """Return about how long each node takes for a whole map, (n,)."""
    return np.array([node.macs / MACS_PER_S + _bytes(node) / BYTES_PER_S for node in nodes])


def _bytes(node: Node) -> float:
    return float(np.prod(node.shape)) * _FLOAT


def changed(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed) -> np.ndarray:
    """Return the rows and columns (n, 2) of every map that the squares of a grid change, mean; all behind a gate.

    The product of the two is the mean area.
    """
    rows, cols = np.unique(squares.rows), np.unique(squares.cols)
    found = []
    for node in nodes:
        if node.name in reach:
            down, across = reach[node.name]
            lengths = down.lengths(rows, squares.patch).mean(), across.lengths(cols, squares.patch).mean()
        else:
            lengths = node.shape[0], node.shape[1]
        found.append(lengths)
    return np.array(found, np.float64)


def shares(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed) -> np.ndarray:
    """Return which share of every node's map the squares of a grid change, mean, (n,)."""
    return np.asarray(changed(nodes, reach, squares).prod(axis=1) / [node.shape[0] * node.shape[1] for node in nodes])


def best_cut(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed) -> int:
    """Return how many nodes should compute windows: the number with the least estimated time; 0 for none.

    Only places in front of a stride are considered, and the last possible: another size of squares then seldom needs
    another trace.
    """
    most = limit(nodes)
    share, seconds = shares(nodes, reach, squares), node_seconds(nodes)
    here = {name: number for number, name in enumerate(["image", *(node.name for node in nodes)])}
    size = np.array([0.0, *(_bytes(node) for node in nodes)]) / BYTES_PER_S
    last = np.zeros(len(here), int)  # the last node that reads each
    copied = np.zeros(len(nodes))  # what putting inputs together takes
    for number, node in enumerate(nodes):
        for name in node.inputs:
            last[here[name]] = number
            if node.kind in ("window", "merge"):
                copied[number] += 2 * share[number] * size[here[name]]
    local = np.concatenate([[0.0], np.cumsum(share * seconds + copied)])
    whole = np.concatenate([[0.0], np.cumsum(seconds)])
    totals = {
        at: local[at] + whole[-1] - whole[at] + size[: at + 1][last[: at + 1] >= at].sum()
        for at in (*(number for number in range(1, most) if max(nodes[number].stride) > 1), most)
    }
    best = min(totals, key=lambda at: totals[at])
    return best if totals[best] < WORTH * whole[-1] else 0


def why_whole(nodes: Sequence[Node], start: int, share: np.ndarray) -> str:
    """Return in a sentence why whole maps are computed from node number `start` on; "" where only the head is left."""
    most, known = limit(nodes), ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten", "Dense")
    if start < most:
        behind = [number for number in range(start, most) if nodes[number].macs] or [start]
        return (
            f"From `{nodes[start].name}` on, whole maps are computed: there the square reaches "
            f"{percent(share[behind[0]])} "
            f"of them or more, and cutting out windows would take longer than it saves."
        )
    rest = nodes[most:]
    if rest and rest[0].layer not in known:
        return (
            f"`{rest[0].name}` is a layer of the kind {rest[0].layer}, which may look at the whole picture: from there "
            f"on, whole maps are computed."
        )
    if any(node.shape[0] * node.shape[1] > 1 for node in rest):
        return (
            f"`{rest[0].name}` belongs to a gate (squeeze and excitation), which weighs channels by their means over "
            f"the whole map: any square changes every value behind it, so whole maps are computed from there on."
        )
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Squares that are computed together: their numbers (n,), and which share of each map (nodes,) is computed."""

    members: np.ndarray
    areas: np.ndarray


def parts(
    nodes: Sequence[Node], start: int, reach: dict[str, Reaches], squares: Placed, chosen: np.ndarray
) -> list[Part]:
    """Return the `chosen` squares (numbers) in parts that are computed together.

    Squares near the border change less of a map than those in the middle, but windows of one part are of one size. So
    squares of about one size go together, as long as that is worth the additional calls.

    Args:
        nodes: All of them.
        start: The first that computes whole maps.
        reach: See `reaches`.
        squares: All of them.
        chosen: Their numbers (n,).
    """
    along = [_Along(nodes, start, reach, squares, axis) for axis in (0, 1)]
    seconds = node_seconds(nodes)
    rows, cols = (one.ranks(seconds) for one in along)
    fixed = sum(CALL_S + node.weight_bytes / WEIGHT_BYTES_PER_S for node in nodes)
    ways: list[tuple[float, list[Part]]] = []
    for groups in range(1, _MOST_GROUPS + 1):
        labels = rows[chosen] * groups // (rows.max() + 1) * groups + cols[chosen] * groups // (cols.max() + 1)
        way = []
        for label in np.unique(labels):
            members = chosen[labels == label]
            areas = _areas(along, members)
            size = _chunk(nodes, areas, seconds)
            way += [Part(part, _areas(along, part)) for part in np.array_split(members, -(-len(members) // size))]
        ways.append((sum(len(part.members) * part.areas @ seconds + fixed for part in way), way))
    return min(ways, key=lambda one: one[0])[1]


class _Along:
    """Along one axis: `lengths` (nodes, m), the share of each map that squares at m origins change; `where` (N,)."""

    def __init__(
        self, nodes: Sequence[Node], start: int, reach: dict[str, Reaches], squares: Placed, axis: int
    ) -> None:
        origins, self.where = np.unique((squares.rows, squares.cols)[axis], return_inverse=True)
        self.lengths = np.ones((len(nodes), len(origins)))
        for number, node in enumerate(nodes[:start]):
            values = reach[node.name][axis].lengths(origins, squares.patch)
            self.lengths[number] = np.maximum(values, 1) / node.shape[axis]

    def ranks(self, seconds: np.ndarray) -> np.ndarray:
        """Return the rank (N,) of every square by the time that its windows take."""
        _, ranks = np.unique(np.round(seconds @ self.lengths / seconds.sum(), 9), return_inverse=True)
        return np.asarray(ranks[self.where])

    def most(self, members: np.ndarray) -> np.ndarray:
        """Return the largest share (nodes,) among these squares."""
        return np.asarray(self.lengths[:, np.unique(self.where[members])].max(axis=1))


def _areas(along: Sequence[_Along], members: np.ndarray) -> np.ndarray:
    return np.asarray(along[0].most(members) * along[1].most(members))


def _chunk(nodes: Sequence[Node], areas: np.ndarray, seconds: np.ndarray) -> int:
    """Return how many squares make a chunk of bounded time and memory."""
    each = float(areas @ seconds)
    largest = max(area * _bytes(node) for area, node in zip(areas, nodes, strict=True))
    return int(np.clip(min(CHUNK_S / each, CHUNK_BYTES / largest), 1, MOST_SQUARES))


def operations(backbone: str, side: int) -> tuple[Node, ...]:
    """Return the operations of a backbone, as the worker's `windows.graph` finds them in the network itself."""
    nodes: list[Node] = []
    seen_as = dict.fromkeys((PICTURE, *PREPROCESSING_LAYERS), PICTURE)
    rows = {row.name: row for row in table(backbone, side).layers}
    readers = Counter(name for row in rows.values() for name in row.inputs)
    for row in rows.values():
        inputs = tuple(seen_as[name] for name in row.inputs)
        before = rows.get(row.inputs[0])
        foldable = before is not None and before.kind in _FOLDING and readers[before.name] == 1
        folded = row.kind == "Dropout" or (row.kind == "BatchNormalization" and foldable)
        seen_as[row.name] = inputs[0] if folded else row.name
        if not folded:
            nodes.append(_node(row, inputs, rows, side))
    whole = Node("head", "head", (seen_as[row.name],), "whole", (1, 1, row.output[2]))
    return (*nodes, whole)


def _node(row: LayerRow, inputs: tuple[str, ...], rows: dict[str, LayerRow], side: int) -> Node:
    kind = _kind(row, [rows[name].output[0] if name in rows else side for name in row.inputs])
    kernel, before = 1, 0
    if kind in ("window", "pad"):
        field = rows[row.inputs[0]].field if row.inputs[0] in rows else None
        size, jump, start = (field.size, field.jump, field.start) if field else (1, 1, 0.0)
        kernel = (row.field.size - size) // jump + 1
        before = round((kernel - 1) / 2 - (row.field.start - start) / jump)
    return Node(
        row.name, row.kind, inputs, kind, row.output, (kernel, kernel), (row.stride, row.stride), (before, before),
        macs=float(row.macs), weight_bytes=4 * row.parameters,
    )  # fmt: skip


def _kind(row: LayerRow, sizes: list[int]) -> Kind:
    if row.kind in _WINDOWED:
        return "point" if row.kernel == row.stride == 1 else "window"
    if row.kind == "ZeroPadding2D":
        return "pad"
    if row.kind in _MERGES and len(set(sizes)) == 1:
        return "merge"
    return "point" if row.kind in _POINT else "whole"


def hiding_seconds(network: str, patch: int, stride: int) -> float:
    """Return about how long a warm worker takes to hide a square of `patch` px at every position, `stride` px apart.

    Raises:
        InputError: Not 1 <= stride <= patch <= side, or the id of no network.
        RunNotFound: There is no such run.
    """
    backbone, side, _ = settings(network)
    return _hiding_seconds(backbone, side, patch, stride, rates.current())


@lru_cache(maxsize=512)
def _hiding_seconds(backbone: str, side: int, patch: int, stride: int, machine: Rates) -> float:
    """Return the seconds of the untouched picture and of all squares, part by part, at the rates of a machine."""
    origins = patch_origins(side, patch, stride)
    squares = Placed.grid(origins, origins, patch)
    nodes, layers = operations(backbone, side), Layers(table(backbone, side))
    reach = reaches(nodes, side, side)
    cut = best_cut(nodes, reach, squares)
    whole = np.array([layers.forward({node.name}, machine, folded=True) for node in nodes])
    moved = 2 * _gathered_bytes(nodes, cut, reach, side) / machine.moved  # read and written
    calls = sum(CALL_S + node.weight_bytes / WEIGHT_BYTES_PER_S for node in nodes)
    together = parts(nodes, cut, reach, squares, np.arange(len(squares.rows)))
    return float(whole.sum() + sum(calls + len(part.members) * part.areas @ (whole + moved) for part in together))


def _gathered_bytes(nodes: Sequence[Node], cut: int, reach: dict[str, Reaches], side: int) -> np.ndarray:
    """Return the bytes (nodes,) that are put together for each if all of its map is computed, up to the cut."""
    size = {"image": float(_FLOAT * 3 * side**2), **{node.name: _bytes(node) for node in nodes}}
    number = {node.name: place for place, node in enumerate(nodes)}
    found = np.zeros(len(nodes))
    for gather in gathers(nodes, cut, reach):
        found[number[gather.reader.name] if gather.reader else cut] += size[gather.source]
    return found
