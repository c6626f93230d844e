"""How alike two maps are: rank correlation and structural similarity. Flat maps have none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WINDOW = 7  # px, or the map's shorter side


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the rank of each value, from 0; equal values share the mean of theirs."""
    _, which, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts + 1) / 2)[which.ravel()], np.float64)


def rank_correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Return Spearman's rank correlation of two maps of one shape, -1..1; None if one of them is flat or not finite."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    a, b = (ranks(values) for values in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else None


def structural_similarity(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Return the mean SSIM of two maps of one shape, each scaled to 0..1; None if one of them is flat or not finite.

    Windows are squares of 7 px, all of them equally, with the constants of the paper (0.01 and 0.03).

    Source: Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 13 (2004).
    """
    scaled = [values for values in map(_scaled, (first, second)) if values is not None]
    if len(scaled) < 2:
        return None
    window = min(_WINDOW, *first.shape)
    a, b = (np.lib.stride_tricks.sliding_window_view(values, (window, window)) for values in scaled)
    mean_a, mean_b = a.mean(axis=(2, 3)), b.mean(axis=(2, 3))
    variance_a, variance_b = a.var(axis=(2, 3)), b.var(axis=(2, 3))
    together = (a * b).mean(axis=(2, 3)) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
    structure = (2 * together + 9e-4) / (variance_a + variance_b + 9e-4)
    return float((light * structure).mean())


def _scaled(values: NDArray[np.floating]) -> NDArray[np.float64] | None:
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all() or high <= low:
        return None
    return np.asarray((values - low) / (high - low), np.float64)
