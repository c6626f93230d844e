"""The cells of a lattice where a map's weights lie: areas, shared edges, and where a line crosses itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.som_lattice import Floats, Indices, Lattice


def cells(lattice: Lattice) -> Indices:
    """Return the corners of every cell of the lattice, all in one sense of rotation, int64 (cells, 4 or 3).

    Rectangular lattices have squares, hexagonal ones triangles. A line has none. The seams of a toroid are left out.
    """
    rows, columns = lattice.rows, lattice.columns
    if min(rows, columns) < 2:
        return np.empty((0, 4), np.int64)
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    if not lattice.hexagonal:
        return np.stack([a, b, c, d], axis=-1).reshape(-1, 4)
    # Odd rows stand half a place to the right, so the short diagonal runs one way below even rows, the other below odd.
    even = (np.arange(rows - 1) % 2 == 0)[:, None, None]
    first = np.where(even, np.stack([a, b, d], axis=-1), np.stack([a, b, c], axis=-1))
    second = np.where(even, np.stack([b, c, d], axis=-1), np.stack([a, c, d], axis=-1))
    return np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


def areas(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the signed area of polygons (n, k, 2): above 0 where the corners run from the first axis to the second."""
    following = np.roll(corners, -1, axis=1)
    cross = corners[..., 0] * following[..., 1] - corners[..., 1] * following[..., 0]
    doubled: NDArray[np.float64] = cross.sum(axis=1)
    return doubled / 2


def shared_edges(faces: Indices) -> tuple[Indices, Indices]:
    """Return the edges that two cells share: their end points int64 (edges, 2) and the two cells int64 (edges, 2)."""
    count, sides = faces.shape
    ends = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    owner = np.repeat(np.arange(count), sides)
    order = np.lexsort(ends.T)
    ends, owner = ends[order], owner[order]
    same = (ends[1:] == ends[:-1]).all(axis=1)
    return ends[1:][same], np.stack([owner[:-1][same], owner[1:][same]], axis=1)


def plane_of(samples: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the data's middle (D,), the axes of the plane (2, D), and the share of the variance in it.

    Two features are their own plane.
    """
    middle = samples.mean(axis=0, dtype=np.float64)
    if samples.shape[1] == 2:
        return middle, np.eye(2), 1.0
    centred = samples - middle
    variances, directions = np.linalg.eigh(centred.T @ centred / len(samples))
    axes = np.zeros((2, samples.shape[1]))
    axes[: len(directions)] = directions.T[::-1][:2]
    return middle, axes, float(variances[::-1][:2].sum() / max(variances.sum(), 1e-30))


def crossings(line: NDArray[np.float64]) -> int:
    """Return how often a line through these points (n, 2), in their order, crosses itself."""
    start, end = line[:-1], line[1:]

    def side(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
        return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])

    a, b, c, d = start[:, None], end[:, None], start[None], end[None]
    crossed = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    return int(np.triu(crossed, 2).sum())
