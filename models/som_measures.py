"""What a codebook is worth and how it looks from the data: BMUs, errors, U-matrix, hits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
BLOCK_VALUES = 1 << 20  # scores held at once in a BMU search: 4 MiB


def checked(features: NDArray[Any]) -> Floats:
    """Features as contiguous float32 (N, D). Raises InputError for another shape, no sample, NaN or infinity."""
    if features.ndim != 2 or 0 in features.shape:
        raise InputError(
            f"Expected features of shape (samples, values), at least one of each. Received {features.shape}."
        )
    samples: Floats = np.ascontiguousarray(features, np.float32)
    if not np.isfinite(samples).all():
        raise InputError("Expected finite features. Received NaN or infinity.")
    return samples


def nearest(samples: Floats, codebook: Floats, second: bool = False) -> tuple[Indices, Indices]:
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
    block = max(1, BLOCK_VALUES // max(len(codebook), samples.shape[1]))
    for start in range(0, len(samples), block):
        scores = (samples[start : start + block] - centre) @ transposed
        scores -= half
        part = slice(start, start + len(scores))
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


def quality(samples: Floats, codebook: Floats) -> tuple[Indices, float, float]:
    """BMU numbers (N,), quantization error and topographic error of a codebook (rows, columns, D). See Snapshot."""
    rows, columns, depth = codebook.shape
    flat = codebook.reshape(rows * columns, depth)
    best, second = nearest(samples, flat, second=True)
    block = max(1, BLOCK_VALUES // depth)
    parts = range(0, len(samples), block)
    total = sum(float(np.linalg.norm(samples[i : i + block] - flat[best[i : i + block]], axis=1).sum()) for i in parts)
    apart = np.maximum(abs(best // columns - second // columns), abs(best % columns - second % columns)) > 1
    return best, total / len(samples), float(apart.mean())


def u_matrix(codebook: Floats) -> Floats:
    """Mean Euclidean distance of every unit's weights to those of its 2-4 lattice neighbours, float32 (rows, columns).

    Zero everywhere for a flat map and for a single unit: it is never divided by its maximum.
    """
    rows, columns, _ = codebook.shape
    total = np.zeros((rows, columns), np.float32)
    neighbours = np.zeros((rows, columns), np.float32)
    for axis in (0, 1):
        step = np.linalg.norm(np.diff(codebook, axis=axis), axis=-1)
        for part in (slice(None, -1), slice(1, None)):
            here = (part, slice(None)) if axis == 0 else (slice(None), part)
            total[here] += step
            neighbours[here] += 1
    total /= np.maximum(neighbours, 1)
    return total


def hit_map(best: Indices, rows: int, columns: int) -> Indices:
    """How many samples have each unit as their BMU, int64 (rows, columns), from BMU numbers (N,)."""
    return np.bincount(best, minlength=rows * columns).reshape(rows, columns)
