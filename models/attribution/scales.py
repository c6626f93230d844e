"""Scales of maps: where the colours of a map end, and how a coarse map gets the size of the picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

UPSAMPLING: Final = {"bilinear": "interpolated", "nearest": "as it is"}


def limit(values: NDArray[np.float32], clip: float) -> float:
    """Return where the colours end: the quantile `clip` of |values|, or 1 for a map that is zero everywhere."""
    magnitude = np.abs(values)
    return float(np.quantile(magnitude, clip)) or float(magnitude.max()) or 1.0


def upsample(grid: NDArray[np.float32], size: tuple[int, ...], how: str) -> NDArray[np.float32]:
    """Return a coarse map (h, w) at the `size` (height, width) of the picture, float32.

    "bilinear" interpolates between the middles of the cells and holds the border; "nearest" shows the cells as they
    are.

    Raises:
        InputError: Another way.
    """
    if how not in UPSAMPLING:
        raise InputError(f"Expected the enlargement to be one of {', '.join(UPSAMPLING)}. Received {how!r}.")
    across = [_axis(coarse, fine, how) for coarse, fine in zip(grid.shape, size, strict=True)]
    return np.asarray(across[0] @ grid @ across[1].T, np.float32)


def _axis(coarse: int, fine: int, how: str) -> NDArray[np.float64]:
    """Return the (fine, coarse) matrix that enlarges one axis; each row sums to 1."""
    middle = np.clip((np.arange(fine) + 0.5) * coarse / fine - 0.5, 0, coarse - 1)
    distance = np.abs(np.subtract.outer(middle, np.arange(coarse)))
    return np.asarray(np.maximum(1 - distance, 0) if how == "bilinear" else np.eye(coarse)[distance.argmin(axis=1)])
