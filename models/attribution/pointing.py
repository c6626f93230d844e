"""Maps compared: with the truth, by their strongest place, and with each other, by rank and by structure.

The truth is where the object is. A network may be right for another reason: then a map outside the object is right too.

Source of the pointing game: Zhang, Bargal, Lin, Brandt, Shen and Sclaroff, Top-down neural attention by excitation
backprop (IJCV 2018), arXiv 1608.00507. Flat maps have no similarity to others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.ids import PictureId
from models.pictures import datasets, images

CENTRE_SIGMA = 8  # the map that always points to the middle: a Gaussian with sigma = shorter side / 8
_WINDOW = 7  # px of the windows of SSIM, or the map's shorter side


def mask_of(picture: str, height: int, width: int) -> NDArray[np.bool_] | None:
    """Return where the object of a picture is, bool (height, width), or None where nobody knows."""
    place = PictureId.parse(picture)
    if not place.dataset or not datasets.get(place.dataset).has_masks:
        return None
    mask = datasets.mask(place.dataset, place.index).astype(np.uint8) * 255
    return np.asarray(images.resize(np.repeat(mask[..., None], 3, axis=-1), height, width)[..., 0] > 127)


def tolerance(height: int, width: int) -> int:
    """Return by how many pixels the strongest place may miss the object: a 32nd of the shorter side, 1 at least."""
    return max(min(height, width) // 32, 1)


def peak(values: NDArray[np.floating]) -> tuple[int, int] | None:
    """Return the strongest place (row, col) of a map; None where nothing is above zero or it is flat.

    Of several equal ones it is the one nearest to their middle: a map of squares has many.
    """
    highest = float(values.max())
    if not highest > max(float(values.min()), 0.0):
        return None
    places = np.argwhere(values >= highest * (1 - 1e-6))
    nearest = int(((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin())
    row, col = places[nearest].tolist()
    return row, col


def hits(values: NDArray[np.floating], mask: NDArray[np.bool_], within: int) -> bool:
    """Return whether the strongest place lies in the object or at most `within` px (straight line) away from it.

    A map without a strongest place misses.
    """
    place = peak(values)
    return place is not None and bool(reach(mask, within)[place])


def centre_map(height: int, width: int) -> NDArray[np.float32]:
    """Return the map that points to the middle of every picture, whatever is in it; what a method has to beat."""
    sigma = min(height, width) / CENTRE_SIGMA
    down, across = (np.exp(-((np.arange(n) - (n - 1) / 2) ** 2) / (2 * sigma**2)) for n in (height, width))
    return np.outer(down, across).astype(np.float32)


def reach(mask: NDArray[np.bool_], within: int) -> NDArray[np.bool_]:
    """Return from which places one hits: those in the object or at most `within` px away, bool (H, W)."""
    padded = np.pad(mask, within)
    found = np.zeros_like(mask)
    for row, col in np.ndindex(2 * within + 1, 2 * within + 1):
        if (row - within) ** 2 + (col - within) ** 2 <= within**2:
            found |= padded[row : row + mask.shape[0], col : col + mask.shape[1]]
    return found


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
