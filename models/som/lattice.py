"""The lattice of a map: where units sit, how far apart they are, the neighbourhood of a BMU, and the cells between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from models.errors import InputError
from models.som.spec import SomSpec

Floats = NDArray[np.floating[Any]]  # float32, or float64 where the samples are: float32 would lose digits of a table
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]
Factors = tuple[Floats, dict[float, Floats]]
ROW_HEIGHT = math.sqrt(3) / 2  # between the rows of a hexagonal lattice, on which all six neighbours are 1 away
# Products of smaller factors are subnormal numbers, on which processors are ten times slower; by bytes of a number.
NEGLIGIBLE = {4: 1e-18, 8: 1e-150}
SLACK = 0.01  # squared distances between units are multiples of 1/4: this only absorbs rounding


@dataclass(frozen=True)
class Lattice:
    """Units on `rows` x `columns` places, numbered row * columns + column.

    Attributes:
        rows, columns: Size.
        kind: "rectangular", or "hexagonal": odd rows stand half a place to the right, rows are sqrt(3)/2 apart.
        toroid: The last row touches the first and the last column the first; distances go the shortest way round.
    """

    rows: int
    columns: int
    kind: str = "rectangular"
    toroid: bool = False

    @classmethod
    def of(cls, spec: SomSpec) -> Lattice:
        """The lattice that a spec asks for."""
        return cls(spec.rows, spec.columns, spec.lattice, spec.toroid)

    @property
    def hexagonal(self) -> bool:
        """Whether a unit inside the lattice has six neighbours."""
        return self.kind == "hexagonal"

    @cached_property
    def positions(self) -> Floats:
        """(row, column) of every unit in lattice units, float32 (units, 2): neighbours are 1 apart."""
        down, across = np.broadcast_arrays(*self._places)
        return np.stack([down.ravel() * self.height, across.ravel()], axis=1).astype(np.float32)

    @property
    def height(self) -> float:
        """Distance between two rows, in lattice units."""
        return ROW_HEIGHT if self.hexagonal else 1.0

    @cached_property
    def _places(self) -> tuple[Doubles, Doubles]:
        """Row numbers (rows, 1) and column positions, (1, columns) or on a hexagonal lattice (rows, columns)."""
        row, column = np.arange(float(self.rows))[:, None], np.arange(float(self.columns))[None]
        return row, column + row % 2 / 2 if self.hexagonal else column

    def squared(self, unit: int) -> Doubles:
        """Squared distance on the lattice of every unit to one, float64 (rows, columns)."""
        row, column = divmod(unit, self.columns)
        rows, columns = self._places
        down = self.around(rows - row, self.rows) * self.height
        across = self.around(columns - columns[row % len(columns), column], self.columns)
        squares: Doubles = down**2 + across**2
        return squares

    def distances(self, unit: int) -> Floats:
        """Euclidean distance on the lattice of every unit to one, float32 (rows, columns)."""
        return np.sqrt(self.squared(unit)).astype(np.float32)

    def between(self, first: Indices, second: Indices) -> Doubles:
        """Squared distance on the lattice of pairs of units, float64, from two arrays of unit numbers."""
        rows, columns = zip(np.divmod(first, self.columns), np.divmod(second, self.columns), strict=True)
        shift = (rows[0] % 2 - rows[1] % 2) / 2 if self.hexagonal else 0.0
        down = self.around(rows[0] - rows[1], self.rows) * self.height
        squares: Doubles = down**2 + self.around(columns[0] - columns[1] + shift, self.columns) ** 2
        return squares

    def around(self, difference: Doubles, places: int) -> Doubles:
        """Differences along a side of so many places as distances, on a toroid the shortest way round."""
        apart = np.abs(difference)
        return np.minimum(apart, places - apart) if self.toroid else apart

    def touching(self, first: Indices, second: Indices) -> NDArray[np.bool_]:
        """Whether pairs of units touch: 6 around a hexagonal unit, 8 (with the diagonals) around a rectangular one."""
        close: NDArray[np.bool_] = self.between(first, second) < (1 if self.hexagonal else 2) + SLACK
        return close

    @cached_property
    def adjacent(self) -> Indices:
        """The neighbours of every unit at distance 1, int64 (units, 8): four or six, and -1 in the places left over."""
        units = np.arange(self.rows * self.columns)
        row, column = np.divmod(units, self.columns)
        around = np.full((len(units), 8), -1)
        offsets = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
        for k, (i, j) in enumerate(offsets):
            below, right = row + i, column + j
            inside = (below >= 0) & (below < self.rows) & (right >= 0) & (right < self.columns)
            other = below % self.rows * self.columns + right % self.columns
            near = self.between(units, other) < 1 + SLACK
            around[:, k] = np.where(near & (inside | self.toroid) & (other != units), other, -1)
        around.sort(axis=1)
        around[:, 1:][around[:, 1:] == around[:, :-1]] = -1  # on a narrow toroid, left and right are the same unit
        return around

    def neighbours(self, unit: int) -> tuple[int, ...]:
        """The units at distance 1, in the order of their numbers: up to four, six on a hexagonal lattice."""
        around = self.adjacent[unit]
        return tuple(sorted(around[around >= 0].tolist()))


def profile(name: str, squared: Doubles, radius: float) -> Doubles:
    """The neighbourhood as a function of the squared distance d^2 on the lattice; 1 at distance 0.

    "gaussian" exp(-d^2 / (2 radius^2)); "bubble" 1 up to the radius, 0 beyond; "triangle" 1 - d / radius, never below
    0; "mexican hat" (1 - d^2 / radius^2) exp(-d^2 / (2 radius^2)), which pushes units beyond the radius away.
    """
    if name == "bubble":
        return (squared <= radius**2).astype(np.float64)
    if name == "triangle":
        return np.maximum(0.0, 1 - np.sqrt(squared) / radius)
    scaled = squared / radius**2
    values: Doubles = np.exp(-scaled / 2) * (1 - scaled if name == "mexican hat" else 1)
    return values


def theta(spec: SomSpec, lattice: Lattice, bmu: int, radius: float, codebook: Floats | None = None) -> Floats:
    """How strongly every unit follows a sample whose BMU is `bmu`, (rows, columns); 1 at the BMU.

    It is of the codebook's type, float32 without one.

    Args:
        codebook: (rows, columns, D); needed for `spec.distance == "weights"`, the form
            exp(-||W_i - W_bmu|| / (2 radius^2)) of the lecture's slide.
    """
    kind = np.float32 if codebook is None else codebook.dtype
    if spec.distance == "lattice":
        return profile(spec.neighbourhood, lattice.squared(bmu), radius).astype(kind)
    if codebook is None:
        raise InputError("Expected a codebook for a neighbourhood of weights. Received none.")
    apart = np.linalg.norm(codebook - codebook[divmod(bmu, lattice.columns)], axis=-1).astype(np.float64)
    floats: Floats = np.exp(apart / (-2 * radius**2)).astype(kind)
    return floats


def factors(lattice: Lattice, name: str, radius: float, kind: DTypeLike = np.float32) -> Iterator[Factors]:
    """The neighbourhood between all units as a sum of products of a factor of the rows and one of the columns.

    Yields (rows, rows) of the given type and, by the half places between two rows (0 only, if rectangular), (columns,
    columns).
    The Gaussian is one product, which makes a batch step cheap. Others take one for every distance between rows.
    """
    down, across = _sides(lattice)
    if name == "gaussian":
        columns = {shift: _factor(name, squared, radius, kind) for shift, squared in across.items()}
        yield _factor(name, down, radius, kind), columns
        return
    for apart in np.unique(down):
        if apart <= radius**2:
            columns = {shift: _factor(name, squared + apart, radius, kind) for shift, squared in across.items()}
            yield (down == apart).astype(kind), columns


@lru_cache(maxsize=8)
def _sides(lattice: Lattice) -> tuple[Doubles, dict[float, Doubles]]:
    """Squared distances between rows, and between columns by the half places between two rows. Not to be changed."""
    row, column = np.arange(float(lattice.rows)), np.arange(float(lattice.columns))
    down = lattice.around(row[:, None] - row, lattice.rows) * lattice.height
    shifts = (0.0, 0.5, -0.5) if lattice.hexagonal else (0.0,)
    across = {shift: lattice.around(column[:, None] - column + shift, lattice.columns) ** 2 for shift in shifts}
    return down**2, across


def _factor(name: str, squared: Doubles, radius: float, kind: DTypeLike) -> Floats:
    values: Floats = profile(name, squared, radius).astype(kind)
    values[values < NEGLIGIBLE[values.itemsize]] = 0
    return values


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
