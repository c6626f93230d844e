"""The geometry of exact incremental occlusion: which part of every activation map a square can change.

Hiding a square changes a rectangle of each map, its window, which grows with every convolution. Rows and columns are
independent, so everything here is worked out along one axis at a time. Inside its window a map is computed anew, around
it the map of the untouched picture holds. Once windows are about as large as their maps, nothing is saved any more:
from this place, the cut, whole maps are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["point", "window", "pad", "merge", "whole"]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How far changed pixels reach into a map of `size` values along one axis.

    `first` and `last` (n,) int64: the first and the last value that depend on pixel i of n. Both never fall, so pixels
    i..j change the values first[i]..last[j]; where that is empty (strides may skip pixels), they change none.
    Windows lie in `bounds`, from the first value to the one behind the last: padding is never computed anew.
    """

    first: np.ndarray
    last: np.ndarray
    size: int
    bounds: tuple[int, int]

    def through(self, kernel: int, stride: int, before: int, size: int) -> Reach:
        """Return the reach after a convolution or pooling with `before` values of padding in front."""
        first = -(-(self.first + before - kernel + 1) // stride)
        return Reach(np.maximum(first, 0), np.minimum((self.last + before) // stride, size - 1), size, (0, size))

    def moved(self, before: int, size: int) -> Reach:
        """Return the reach after `before` values are put in front."""
        begin, end = self.bounds
        return Reach(self.first + before, self.last + before, size, (begin + before, end + before))

    def same_as(self, other: Reach) -> bool:
        """Whether every square changes the same values of both."""
        alike = np.array_equal(self.first, other.first) and np.array_equal(self.last, other.last)
        return bool(alike and self.bounds == other.bounds)

    def lengths(self, origins: np.ndarray, patch: int) -> np.ndarray:
        """Return how many values (N,) squares at `origins` (N,) change."""
        return np.asarray(np.maximum(self.last[origins + patch - 1] - self.first[origins] + 1, 0))

    def window(self, origins: np.ndarray, patch: int) -> Window:
        """Return windows of one length that hold what squares at `origins` (N,) change."""
        length = max(int(self.lengths(origins, patch).max()), 1)
        begin, end = self.bounds
        return Window(np.clip(self.first[origins], begin, end - length), length, self.size)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Windows along one axis: `start` (N,) int64 of each, their common `length`, and the `size` of the map."""

    start: np.ndarray
    length: int
    size: int


def pixels(size: int) -> Reach:
    """Return the reach of pixels into the picture itself."""
    return Reach(np.arange(size), np.arange(size), size, (0, size))


def merged(reaches: Sequence[Reach]) -> Reach:
    """Return the reach where maps of one size meet."""
    first, last = (
        np.min([reach.first for reach in reaches], axis=0),
        np.max([reach.last for reach in reaches], axis=0),
    )
    bounds = min(reach.bounds[0] for reach in reaches), max(reach.bounds[1] for reach in reaches)
    return Reach(first, last, reaches[0].size, bounds)


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a network.

    Attributes:
        name: Of the layer.
        layer: Its kind, as Keras calls it.
        inputs: Names of the nodes it reads; "image" is the picture.
        kind: "point": each value of the output needs the values of one place only. "window": a convolution or pooling.
            "pad": puts zeros around. "merge": maps of one size, place by place. "whole": needs all of its input.
        shape: Of the output: rows, columns, channels; 1 x 1 where there is no space.
        kernel, stride, before: (rows, columns) of a "window", `before` being the padding above and on the left, also
            of a "pad". A dilated kernel counts with its gaps.
        macs: Multiply-accumulates for one picture.
        weight_bytes: Size of its kernel.
        lowest: Padding never wins: maximum pooling.
    """

    name: str
    layer: str
    inputs: tuple[str, ...]
    kind: Kind
    shape: tuple[int, int, int]
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    macs: float = 0.0
    weight_bytes: int = 0
    lowest: bool = False


Reaches = tuple[Reach, Reach]  # rows, columns


def reaches(nodes: Sequence[Node], height: int, width: int) -> dict[str, Reaches]:
    """Return how far pixels reach into the map of every node before the first "whole" one, and into "image"."""
    found: dict[str, Reaches] = {"image": (pixels(height), pixels(width))}
    for node in nodes:
        if node.kind == "whole":
            break
        inputs = [found[name] for name in node.inputs]
        found[node.name] = _along(node, inputs, 0), _along(node, inputs, 1)
    return found


def _along(node: Node, inputs: Sequence[Reaches], axis: int) -> Reach:
    first, size = inputs[0][axis], node.shape[axis]
    match node.kind:
        case "window":
            return first.through(node.kernel[axis], node.stride[axis], node.before[axis], size)
        case "pad":
            return first.moved(node.before[axis], size)
        case "merge":
            return merged([reach[axis] for reach in inputs])
    return first


@dataclass(frozen=True, slots=True)
class Gather:
    """A node of the network that reads `source` beyond its window; `reader` None reads all of it, behind the cut."""

    source: str
    reader: Node | None


def gathers(nodes: Sequence[Node], cut: int, reach: dict[str, Reaches]) -> tuple[Gather, ...]:
    """Return what has to be put together from windows and clean maps if the first `cut` nodes compute windows."""
    found = []
    for node in nodes[:cut]:
        for source in dict.fromkeys(node.inputs):
            aligned = all(a.same_as(b) for a, b in zip(reach[source], reach[node.name], strict=True))
            if node.kind == "window" or (node.kind == "merge" and not aligned):
                found.append(Gather(source, node))
    local = {"image", *(node.name for node in nodes[:cut])}
    crossing = dict.fromkeys(name for node in nodes[cut:] for name in node.inputs if name in local)
    return (*found, *(Gather(name, None) for name in crossing))


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Squares of one side at the corners (`rows[i]`, `cols[i]`), each (N,) int64."""

    rows: np.ndarray
    cols: np.ndarray
    patch: int

    @classmethod
    def grid(cls, rows: np.ndarray, cols: np.ndarray, patch: int) -> Placed:
        """Return squares at every pair of the offsets `rows` (n,) and `cols` (m,), row by row."""
        down, across = np.meshgrid(rows, cols, indexing="ij")
        return cls(down.ravel(), across.ravel(), patch)

    def windows(self, reach: Reaches) -> tuple[Window, Window]:
        """Return the windows of these squares in a map."""
        return reach[0].window(self.rows, self.patch), reach[1].window(self.cols, self.patch)


def gather_table(gather: Gather, reach: dict[str, Reaches], squares: Placed) -> np.ndarray:
    """Return where each value that is read lies, int32 (N, rows, cols).

    The places are numbered: those of the clean map (rows x columns), one zero, one lowest number, and then the windows
    of all squares, one after the other.
    """
    source = squares.windows(reach[gather.source])
    if gather.reader is None:
        wanted = [np.broadcast_to(np.arange(side.size), (len(side.start), side.size)) for side in source]
    else:
        wanted = [
            side.start[:, None] * stride - before + np.arange((side.length - 1) * stride + kernel)
            for side, stride, before, kernel in zip(
                squares.windows(reach[gather.reader.name]),
                gather.reader.stride,
                gather.reader.before,
                gather.reader.kernel,
                strict=True,
            )
        ]
    lowest = gather.reader is not None and gather.reader.lowest
    return _places(wanted[0][:, :, None], wanted[1][:, None, :], *source, lowest)


def _places(rows: np.ndarray, cols: np.ndarray, down: Window, across: Window, lowest: bool) -> np.ndarray:
    """Return the places of `rows` (N, v, 1) and `cols` (N, 1, w) of a map, int32 (N, v, w)."""
    clean = down.size * across.size
    local_rows, local_cols = rows - down.start[:, None, None], cols - across.start[:, None, None]
    anew_rows = (local_rows >= 0) & (local_rows < down.length)
    anew_cols = (local_cols >= 0) & (local_cols < across.length)
    on_map = (rows >= 0) & (rows < down.size) & ((cols >= 0) & (cols < across.size))
    base = clean + 2 + np.arange(len(down.start))[:, None, None] * (down.length * across.length)
    anew = base + local_rows * across.length + local_cols
    around = np.where(on_map, rows * across.size + cols, clean + int(lowest))
    return np.where(anew_rows & anew_cols, anew, around).astype(np.int32)


def clean_table(reach: Reaches, squares: Placed) -> np.ndarray:
    """Return where the windows of a map lie in the clean map, int32 (N, rows, cols)."""
    down, across = squares.windows(reach)
    rows = (down.start[:, None] + np.arange(down.length))[:, :, None]
    cols = (across.start[:, None] + np.arange(across.length))[:, None, :]
    return (rows * across.size + cols).astype(np.int32)
