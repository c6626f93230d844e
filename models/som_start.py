"""The weights of a self-organising map before its training."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from models.som_lattice import Doubles, Floats
from models.som_search import blocks, silent
from models.som_spec import STARTS as STARTS

MAX_EXACT = 1024  # features whose whole covariance is held
SPANNED, ITERATIONS = 6, 20  # beyond: directions searched at once, and how often they are turned towards the data


def initial_codebook(
    samples: Floats,
    rows: int,
    columns: int,
    start: str,
    rng: np.random.Generator,
    check: Callable[[], None] = silent,
) -> Floats:
    """Weights before training, float32 (rows, columns, D), always on the scale of the data.

    "pca" spans the plane of the first two principal components, one standard deviation to each side, with the first
    component along the longer side of the lattice.
    """
    shape = (rows, columns, samples.shape[1])
    if start == "random":
        low, high = samples.min(axis=0), samples.max(axis=0)
        drawn: Floats = (low + (high - low) * rng.random(shape)).astype(np.float32)
        return drawn
    if start == "sample":
        return np.take(samples, rng.integers(len(samples), size=shape[:2]), axis=0)
    mean, axes = principal_axes(samples, check)
    down, across = (axes[0], axes[1]) if rows > columns else (axes[1], axes[0])
    row, column = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape[:2])
    plane = row[:, None, None] * down + column[None, :, None] * across
    spanned: Floats = (mean + plane).astype(np.float32)
    return spanned


def principal_axes(samples: Floats, check: Callable[[], None] = silent) -> tuple[Doubles, Doubles]:
    """The mean, float64 (D,), and the first two principal directions, each as long as its standard deviation, (2, D).

    Zeros where the data have no second direction, or none at all. With more than MAX_EXACT features, whose covariance
    would not fit into memory, the directions come from power iterations and are close to the principal ones.
    """
    from scipy.linalg import eigh

    depth = samples.shape[1]
    mean = sum(samples[part].sum(axis=0, dtype=np.float64) for part in blocks(samples, 1, check)) / len(samples)
    if depth <= MAX_EXACT:
        covariance = _covariance(samples, mean, None, check)
        variances, directions = eigh(covariance, subset_by_index=[max(0, depth - 2), depth - 1])
    else:
        basis = np.random.default_rng(0).standard_normal((depth, SPANNED))
        for _ in range(ITERATIONS):
            basis = np.linalg.qr(_covariance(samples, mean, basis, check))[0]
        variances, inside = eigh(basis.T @ _covariance(samples, mean, basis, check))
        variances, directions = variances[-2:], basis @ inside[:, -2:]
    axes = np.zeros((2, depth))
    for i, (variance, direction) in enumerate(zip(variances[::-1], directions.T[::-1], strict=True)):
        sign = math.copysign(1, direction[np.abs(direction).argmax()])  # the sign of an eigenvector is arbitrary
        axes[i] = sign * direction * math.sqrt(max(0.0, variance))
    return mean, axes


def _covariance(samples: Floats, mean: Doubles, basis: Doubles | None, check: Callable[[], None]) -> Doubles:
    """The covariance of the samples (D, D), or its product with a basis (D, K), for which it is never held as such."""
    depth = samples.shape[1]
    total = np.zeros((depth, depth if basis is None else basis.shape[1]))
    for part in blocks(samples, 1, check):
        centred = samples[part] - mean
        total += centred.T @ (centred if basis is None else centred @ basis) / len(samples)
    return total
