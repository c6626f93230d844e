"""The weights of a self-organising map before its training."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.som_lattice import Floats
from models.som_search import blocks, silent
from models.som_spec import STARTS as STARTS


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


def principal_axes(
    samples: Floats, check: Callable[[], None] = silent
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean, float64 (D,), and the first two principal directions, each as long as its standard deviation, (2, D).

    Zeros where the data have no second direction, or none at all.
    """
    from scipy.linalg import eigh

    depth = samples.shape[1]
    mean = sum(samples[part].sum(axis=0, dtype=np.float64) for part in blocks(samples, 1, check)) / len(samples)
    covariance = np.zeros((depth, depth))
    for part in blocks(samples, 1, check):
        centred = samples[part] - mean
        covariance += centred.T @ centred / len(samples)
    variances, directions = eigh(covariance, subset_by_index=[max(0, depth - 2), depth - 1])
    axes = np.zeros((2, depth))
    for i, (variance, direction) in enumerate(zip(variances[::-1], directions.T[::-1], strict=True)):
        sign = math.copysign(1, direction[np.abs(direction).argmax()])  # the sign of an eigenvector is arbitrary
        axes[i] = sign * direction * math.sqrt(max(0.0, variance))
    return mean, axes
