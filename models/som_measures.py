"""What a codebook is worth and how it looks from the data: BMUs, errors, U-matrix, hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som_lattice import Floats as Floats
from models.som_lattice import Indices as Indices
from models.som_lattice import Lattice

Range = tuple[Floats, Floats]
MAX_VALUE = 1e15  # larger values overflow when they are squared
BLOCK_VALUES = 1 << 20  # scores held at once in a BMU search: 4 MiB


def silent() -> None:
    """The check of a computation that nobody wants to stop."""


def checked(features: NDArray[Any], check: Callable[[], None] = silent) -> Floats:
    """Features as contiguous float32 (N, D), the given array itself if it is that already.

    Raises:
        InputError: Another shape, no sample, NaN, infinity, or values beyond 1e15.
    """
    if features.ndim != 2 or 0 in features.shape:
        raise InputError(
            f"Expected features of shape (samples, values), at least one of each. Received {features.shape}."
        )
    with np.errstate(over="ignore"):  # what does not fit into float32 becomes infinity, which the loop finds
        samples: Floats = np.ascontiguousarray(features, np.float32)
    for part in blocks(samples, 1, check):
        largest = np.abs(samples[part]).max()
        if not np.isfinite(largest):
            raise InputError("Expected finite features. Received NaN or infinity.")
        if largest > MAX_VALUE:
            raise InputError(f"Expected features between -1e15 and 1e15. Received {largest:g}.")
    return samples


def blocks(samples: Floats, width: int, check: Callable[[], None] = silent) -> Iterator[slice]:
    """Slices of the samples, each so long that BLOCK_VALUES hold `width` numbers or the features of its samples."""
    size = max(1, BLOCK_VALUES // max(width, samples.shape[1]))
    for start in range(0, len(samples), size):
        check()
        yield slice(start, start + size)


def nearest(
    samples: Floats, codebook: Floats, second: bool = False, check: Callable[[], None] = silent
) -> tuple[Indices, Indices]:
    """The best and, when `second`, the second best unit of every sample (else a copy of the best).

    Args:
        samples: float32 (N, D).
        codebook: float32 (units, D).

    Returns:
        Two int64 (N,) arrays of unit numbers. The smallest |x - w|^2 is the largest
        x.w - |w|^2 / 2: one matrix product.
    """
    centre = codebook.mean(axis=0)  # without it, the differences drown when the data lie far from the origin
    weights = codebook - centre
    half = 0.5 * np.einsum("ud,ud->u", weights, weights)
    transposed = np.ascontiguousarray(weights.T)
    best = np.empty(len(samples), np.int64)
    runner_up = best
    if second and len(codebook) > 1:
        runner_up = np.empty(len(samples), np.int64)
    for part in blocks(samples, len(codebook), check):
        scores = (samples[part] - centre) @ transposed
        scores -= half
        best[part] = scores.argmax(axis=1)
        if runner_up is not best:
            scores[np.arange(len(scores)), best[part]] = -np.inf
            runner_up[part] = scores.argmax(axis=1)
    return best, runner_up


def bmu(samples: NDArray[Any], codebook: Floats) -> Indices:
    """(row, column) of the BMU of every sample, int64 (N, 2), for a codebook (rows, columns, D)."""
    rows, columns, depth = codebook.shape
    best, _ = nearest(checked(samples), codebook.reshape(rows * columns, depth))
    return np.stack(np.divmod(best, columns), axis=1)


def unit_sums(samples: Floats, best: Indices, units: int, centre: Floats, check: Callable[[], None] = silent) -> Floats:
    """For every unit the sum of (sample - centre) over the samples whose BMU it is, float32 (units, D)."""
    from scipy.sparse import csr_array

    sums = np.zeros((units, samples.shape[1]), np.float32)
    for part in blocks(samples, 1, check):
        centred = samples[part] - centre
        count = len(centred)
        members = csr_array((np.ones(count, np.float32), best[part], np.arange(count + 1)), shape=(count, units))
        sums += members.T @ centred
    return sums


def quality(
    samples: Floats, codebook: Floats, lattice: Lattice | None = None, check: Callable[[], None] = silent
) -> tuple[Indices, float, float]:
    """BMU numbers (N,), quantization error and topographic error of a codebook (rows, columns, D). See Snapshot.

    Args:
        lattice: Which units touch; by default rectangular and planar.
    """
    rows, columns, depth = codebook.shape
    best, second = nearest(samples, codebook.reshape(rows * columns, depth), second=True, check=check)
    apart = ~(lattice or Lattice(rows, columns)).touching(best, second)
    return best, quantization_error(samples, codebook, best, check), float(apart.mean())


def quantization_error(samples: Floats, codebook: Floats, best: Indices, check: Callable[[], None] = silent) -> float:
    """Mean Euclidean distance of the samples (N, D) to the weights of the units numbered `best` (N,)."""
    flat = codebook.reshape(-1, codebook.shape[-1])
    parts = blocks(samples, 1, check)
    return sum(float(np.linalg.norm(samples[i] - flat[best[i]], axis=1).sum(dtype=np.float64)) for i in parts) / len(
        samples
    )


def u_matrix(codebook: Floats, lattice: Lattice | None = None) -> Floats:
    """Mean Euclidean distance of a unit's weights to those of its neighbours at distance 1, float32 (rows, columns).

    Two to four neighbours, up to six on a hexagonal lattice. Zero everywhere for a flat map and for a single unit: it
    is never divided by its maximum.

    Args:
        lattice: By default rectangular and planar.
    """
    rows, columns, depth = codebook.shape
    flat = codebook.reshape(rows * columns, depth)
    total, neighbours = np.zeros(len(flat), np.float32), np.zeros(len(flat), np.float32)
    for other in (lattice or Lattice(rows, columns)).adjacent.T:
        [here] = np.nonzero(other >= 0)
        total[here] += np.linalg.norm(flat[here] - flat[other[here]], axis=1)
        neighbours[here] += 1
    total /= np.maximum(neighbours, 1)
    return total.reshape(rows, columns)


def hit_map(best: Indices, rows: int, columns: int) -> Indices:
    """How many samples have each unit as their BMU, int64 (rows, columns), from BMU numbers (N,)."""
    return np.bincount(best, minlength=rows * columns).reshape(rows, columns)
