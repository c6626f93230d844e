"""A map to which a picture stays the same when it is turned or mirrored.

As in PINK (Polsterer et al. 2015) and for Radio Galaxy Zoo (Galvin et al. 2019), the distance of a picture to a unit is
the smallest over all poses of the picture: quarter turns or finer ones, each also mirrored. The best pose then trains
the unit. Turning is a linear map `T` of the pixels, and `T x . w = x . T' w`, so the search turns the few units
backwards instead of the many pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Job, PricedSpec
from models.pictures import datasets
from models.som.costs import PRODUCT_S, estimate, refuse_too_large
from models.som.lattice import Floats, Indices, Lattice
from models.som.search import SURE, checked, first_of, silent
from models.som.spec import SomSpec
from models.som.steps import batch_step
from models.som.training import Snapshot, initial_codebook

TURNS = (4, 8, 16)
FILM_TURNS = 4  # a film has colour and whole squares, on which only quarter turns are exact
FILM_POSES = 2 * FILM_TURNS  # of a picture, for the film of a map that ignores rotations
SIDE = 24  # pixels of a side of the pictures that are compared
MAX_SIDE_OF_MAP, MAX_EPOCHS, MAX_SEEDS = 16, 60, 10
_SCORES = 1 << 20  # held at once in a search: 4 MiB
_PAIRS = 1 << 11  # of a picture and a unit, whose differences are held at once


@dataclass(frozen=True)
class RotationTask(PricedSpec):
    """A plain map and a rotation-invariant one on the same pictures, several seeds of each.

    Attributes:
        dataset: Its pictures, in grey.
        rows, columns: Of both maps, 1 to 16.
        epochs: Of both maps, 1 to 60.
        turns: Poses of the second map in a full turn: 4, 8 or 16.
        mirror: Whether the second map mirrors pictures, too.
        seeds: How many maps of each kind, 1 to 10.
    """

    dataset: str = "galaxies"
    rows: int = 10
    columns: int = 10
    epochs: int = 30
    turns: int = 16
    mirror: bool = True
    seeds: int = 5

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        limits = {"rows": MAX_SIDE_OF_MAP, "columns": MAX_SIDE_OF_MAP, "epochs": MAX_EPOCHS, "seeds": MAX_SEEDS}
        for name, most in limits.items():
            if not 1 <= (value := getattr(self, name)) <= most:
                raise InputError(f"Expected {name} between 1 and {most}. Received {value}.")
        if self.turns not in TURNS:
            raise InputError(f"Expected turns out of {', '.join(map(str, TURNS))}. Received {self.turns}.")

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"Rotation-invariant map, {datasets.get(self.dataset).title}"

    @property
    def seconds(self) -> float:
        """About how long both maps take, all seeds together."""
        products = datasets.get(self.dataset).size * self.rows * self.columns * (1 + self.n_poses) * SIDE**2
        return self.seeds * (self.epochs + 1) * products * PRODUCT_S

    @property
    def n_poses(self) -> int:
        """How many poses of a picture the second map tries."""
        return self.turns * (1 + self.mirror)

    def spec(self, seed: int) -> SomSpec:
        """Return the map of one seed: its radius falls from half its longer side to half a unit."""
        radius = max(self.rows, self.columns, 2) / 2
        decay = math.log(2 * radius)
        size = SomSpec(self.rows, self.columns, epochs=self.epochs)
        return replace(size, radius0=radius, decay=decay, start="sample", seed=seed, snapshots=2)


@dataclass(frozen=True)
class RotationResult:
    """What both maps are worth, the plain one first; S seeds.

    Attributes:
        purity: Of pictures the maps never saw, float64 (2, S): share whose unit's majority class is theirs.
        seen: The same of the pictures they were trained on, float64 (2, S).
        n_test: Pictures the maps never saw.
        mosaics: The weights of the first seed's maps as pictures, uint8 (2, rows * SIDE, columns * SIDE).
        unit_classes: Their units' majority classes, int64 (2, rows * columns), -1 where no picture landed.
        unit_shares: The share of that class in the unit, float64 (2, rows * columns).
    """

    purity: NDArray[np.float64]
    seen: NDArray[np.float64]
    n_test: int
    mosaics: NDArray[np.uint8]
    unit_classes: NDArray[np.int64]
    unit_shares: NDArray[np.float64]


ROTATION = Job(
    "rotation",
    RotationTask,
    "models.som.worker.rotation:compare",
    RotationResult,
    examples=lambda: (RotationTask(),),
)


@lru_cache(maxsize=4)
def poses(side: int, turns: int, mirror: bool, channels: int = 1) -> tuple[Any, ...]:
    """Return the poses of square pictures as sparse matrices (D, D) with D = side * side * channels.

    The first leaves a picture as it is. Quarter turns move pixels exactly. Others mix the four nearest pixels, and all
    poses then keep only the disc around the middle, which every turn maps onto itself.

    Raises:
        InputError: `turns` is not at least 1.
    """
    from scipy.sparse import eye_array, kron

    if turns < 1 or side < 1:
        raise InputError(f"Expected pictures of at least 1 pixel and 1 turn. Received {side} and {turns}.")
    angles = 2 * np.pi * np.arange(turns) / turns
    matrices = [
        _turn(side, angle, flipped, turns not in (1, 2, 4))
        for flipped in (False, True)[: 1 + mirror]
        for angle in angles
    ]
    return tuple(kron(matrix, eye_array(channels, dtype=np.float32), "csr") for matrix in matrices)


def _turn(side: int, angle: float, flipped: bool, disc: bool) -> Any:
    """Return the sparse matrix (side^2, side^2) that turns, and before that mirrors, a picture about its middle."""
    from scipy.sparse import csr_array

    middle = (side - 1) / 2
    row, column = np.mgrid[:side, :side] - middle
    across = -column if flipped else column
    places = (np.cos(angle) * row - np.sin(angle) * across, np.sin(angle) * row + np.cos(angle) * across)
    down, right = (np.clip(np.round(place + middle, 9), 0, side - 1) for place in places)
    inside = row**2 + column**2 <= (side / 2) ** 2 if disc else np.ones((side, side))
    top, left = np.floor(down).astype(np.int64), np.floor(right).astype(np.int64)
    matrix = csr_array((side * side, side * side), dtype=np.float32)
    for i, vertical in ((0, 1 - down + top), (1, down - top)):
        for j, horizontal in ((0, 1 - right + left), (1, right - left)):
            source = np.minimum(top + i, side - 1) * side + np.minimum(left + j, side - 1)
            weight = (vertical * horizontal * inside).astype(np.float32).ravel()
            rows = np.arange(side * side)
            matrix = matrix + csr_array((weight, (rows, source.ravel())), shape=matrix.shape)
    matrix.eliminate_zeros()
    return matrix


@dataclass(frozen=True)
class Match:
    """What every picture matches: unit int64 (N,), runner-up unit, number of the best pose, squared distance.

    All are exact: what the search cannot tell apart is compared by differences in float64. Of equally near units and
    poses the first counts. The squared distance is float64 (N,).
    """

    best: Indices
    second: Indices
    pose: Indices
    squared: NDArray[np.float64]


def match(samples: Floats, codebook: Floats, turned: tuple[Any, ...], check: Callable[[], None] = silent) -> Match:
    """Find the unit and the pose of every picture with the smallest Euclidean distance.

    Args:
        samples: (N, D).
        codebook: (units, D).
        turned: `poses` of these pictures.
    """
    units, count = len(codebook), len(samples)
    backwards = np.concatenate([(matrix.T @ codebook.T).T for matrix in turned])
    half = 0.5 * np.einsum("ud,ud->u", codebook, codebook)
    best, second, pose = np.zeros((3, count), np.int64)
    found = Match(best, second, pose, np.zeros(count))
    size = max(1, _SCORES // len(backwards))
    for start in range(0, count, size):
        check()
        part = slice(start, start + size)
        chosen = samples[part]
        norms = np.stack([np.square(matrix @ chosen.T).sum(axis=0) for matrix in turned], axis=1) / 2
        scores = (chosen @ backwards.T).reshape(len(chosen), len(turned), units) - norms[..., None] - half
        best[part], second[part], pose[part] = _ranks(chosen, codebook, turned, scores, norms)
    apart = in_pose(samples, pose, turned).astype(np.float64) - codebook[best]
    return replace(found, squared=np.einsum("nd,nd->n", apart, apart))


def _ranks(
    samples: Floats, codebook: Floats, turned: tuple[Any, ...], scores: Floats, norms: Floats
) -> tuple[Indices, Indices, Indices]:
    """Return the unit, the runner-up and the pose of some pictures from the scores (n, poses, units) of a product."""
    of_unit, rows = scores.max(axis=1), np.arange(len(samples))
    first = of_unit.argmax(axis=1)
    of_pose = scores[rows, :, first]
    pose = of_pose.argmax(axis=1)
    tops = [of_unit[rows, first]]
    of_unit[rows, first] = of_pose[rows, pose] = -np.inf
    second = of_unit.argmax(axis=1) if scores.shape[2] > 1 else first
    tops += [of_unit[rows, second]] if scores.shape[2] > 1 else []
    of_unit[rows, second] = -np.inf
    gaps = np.diff([*tops, of_unit.max(axis=1)], axis=0)
    slack = _slack(norms, tops[-1], samples.shape[1])
    doubted = np.flatnonzero((-gaps <= slack).any(axis=0) | (tops[0] - of_pose.max(axis=1) <= slack))
    if len(doubted):
        close = scores[doubted] >= (tops[-1] - slack)[doubted, None, None]
        first[doubted], second[doubted], pose[doubted] = _settled(samples[doubted], codebook, turned, close)
    return first, second, pose


def _slack(norms: Floats, score: Floats, depth: int) -> Floats:
    """How far a score may lie below that of a unit that is no nearer, see `search.Search`; here without a centre."""
    away = np.sqrt(2 * norms.max(axis=1))
    reach = 1.01 * away + np.sqrt(np.maximum(-2 * score, 0))  # as far from zero as such a unit can be
    kind = np.finfo(score.dtype)
    rounding = float(kind.eps) / 2 * (SURE * depth**0.5 + 8)  # four more: the unit was turned
    slack: Floats = 2 * rounding * (away * reach + reach**2 / 2 + away**2 / 2) + float(kind.tiny) * depth
    return slack


def _settled(
    samples: Floats, codebook: Floats, turned: tuple[Any, ...], close: NDArray[np.bool_]
) -> tuple[Indices, Indices, Indices]:
    """Return `_ranks` of pictures out of the poses and units that are `close` (n, poses, units), by differences."""
    row, pose, unit = np.nonzero(close)
    squares = np.empty(len(row))
    for number in np.unique(pose):
        [pairs] = np.nonzero(pose == number)
        moved = (turned[number].astype(np.float64) @ samples.T.astype(np.float64)).T
        for start in range(0, len(pairs), _PAIRS):
            few = pairs[start : start + _PAIRS]
            apart = moved[row[few]] - codebook[unit[few]]
            squares[few] = np.einsum("nd,nd->n", apart, apart)
    # Of every picture and unit the best pose, then of every picture the best two units.
    order = np.lexsort((pose, squares, unit, row))
    fresh = np.append(True, (np.diff(row[order]) != 0) | (np.diff(unit[order]) != 0))
    order = order[fresh]
    row, unit, pose, squares = row[order], unit[order], pose[order], squares[order]
    first, second = first_of(row, unit, squares, 2) if close.shape[2] > 1 else (unit, unit)
    of_first = np.searchsorted(row * close.shape[2] + unit, np.arange(len(samples)) * close.shape[2] + first)
    return first, second, pose[of_first]


def in_pose(samples: Floats, pose: Indices, turned: tuple[Any, ...]) -> Floats:
    """Return every picture (N, D) in its own pose."""
    moved = np.empty_like(samples)
    for number, matrix in enumerate(turned):
        members = pose == number
        moved[members] = (matrix @ samples[members].T).T
    return moved


def snapshots(
    features: NDArray[Any], spec: SomSpec, turned: tuple[Any, ...], check: Callable[[], None] = silent
) -> Iterator[Snapshot]:
    """Train a batch map on the best poses and yield it at up to `spec.snapshots` moments, as `training.snapshots` does.

    With the first pose alone it is that map.

    Raises:
        InputError: The spec is not a batch map, or the features are refused by `steps.checked`.
        TooLarge: Units in all poses would not fit into memory.
    """
    if spec.method != "batch":
        raise InputError(f"Expected batch training for a map that ignores rotations. Received {spec.method}.")
    samples, lattice = checked(features), Lattice.of(spec)
    refuse_too_large(spec, estimate(spec, len(samples), samples.shape[1], len(turned)))
    codebook = initial_codebook(samples, spec)
    wanted = {round(moment) for moment in np.linspace(0, spec.epochs, spec.snapshots)}
    for step in range(spec.epochs + 1):
        check()
        found = match(samples, codebook.reshape(-1, codebook.shape[-1]), turned, check)
        radius = spec.decayed(spec.radius0, step, spec.epochs)
        if step in wanted:
            quantization = float(np.sqrt(found.squared).mean())
            apart = float((~lattice.touching(found.best, found.second)).mean())
            yield Snapshot(step, step, codebook.copy(), found.best, quantization, apart, float("nan"), radius)
        if step < spec.epochs:
            moved = in_pose(samples, found.pose, turned)
            codebook = batch_step(moved, codebook, radius, spec, found.best)
