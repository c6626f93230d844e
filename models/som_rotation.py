"""A map to which a picture stays the same when it is turned or mirrored.

As in PINK (Polsterer et al. 2015) and for Radio Galaxy Zoo (Galvin et al. 2019), the distance of a picture to a unit is
the smallest over all poses of the picture: quarter turns or finer ones, each also mirrored. The best pose then trains
the unit. Turning is a linear map `T` of the pixels, and `T x . w = x . T' w`, so the search turns the few units
backwards instead of the many pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, TooLarge
from models.memory_costs import MB, memory_limit_mb
from models.som import Lattice, Snapshot, SomSpec, batch_step, memory_mb
from models.som_measures import Floats, Indices, checked, silent
from models.som_start import initial_codebook
from models.time_costs import FLOAT

TURNS = (4, 8, 16)
_SCORES = 1 << 20  # held at once in a search: 4 MiB
FILM_TURNS = 4  # a film has colour and whole squares, on which only quarter turns are exact


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
    """What every picture matches: unit int64 (N,), runner-up unit, number of the best pose, squared distance."""

    best: Indices
    second: Indices
    pose: Indices
    squared: NDArray[np.float64]


def match(samples: Floats, codebook: Floats, turned: tuple[Any, ...], check: Callable[[], None] = silent) -> Match:
    """Find the unit and the pose of every picture with the smallest Euclidean distance.

    Args:
        samples: float32 (N, D).
        codebook: float32 (units, D).
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
        of_unit, rows = scores.max(axis=1), np.arange(len(chosen))
        best[part] = first = of_unit.argmax(axis=1)
        pose[part] = scores[rows, :, first].argmax(axis=1)
        found.squared[part] = np.maximum(-2 * of_unit[rows, first], 0)
        of_unit[rows, first] = -np.inf
        second[part] = of_unit.argmax(axis=1) if units > 1 else first
    return found


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
    """Train a batch map on the best poses and yield it at up to `spec.snapshots` moments, as `som.snapshots` does.

    With the first pose alone it is that map.

    Raises:
        InputError: The spec is not a batch map, or the features are refused by `som_measures.checked`.
        TooLarge: Units in all poses would not fit into memory.
    """
    if spec.method != "batch":
        raise InputError(f"Expected batch training for a map that ignores rotations. Received {spec.method}.")
    samples, lattice = checked(features), Lattice.of(spec)
    needed = memory_mb(spec, *samples.shape) + spec.rows * spec.columns * len(turned) * samples.shape[1] * FLOAT / MB
    if needed > (limit := memory_limit_mb()):
        raise TooLarge(
            f"Expected a map that fits into {limit:.0f} MB. Received one of {needed:.0f}: choose fewer units."
        )
    codebook = initial_codebook(samples, spec.rows, spec.columns, spec.start, np.random.default_rng(spec.seed))
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
