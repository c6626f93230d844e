"""A map against the truth: how much of it lies in the object, and whether its strongest place does.

The truth is where the object is. A network may be right for another reason: then a map outside the object is right too.

Source of the pointing game: Zhang, Bargal, Lin, Brandt, Shen and Sclaroff, Top-down neural attention by excitation
backprop (IJCV 2018), arXiv 1608.00507.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models import datasets, images

CENTRE_SIGMA = 8  # the map that always points to the middle: a Gaussian with sigma = shorter side / 8


def mask_of(picture_id: str, height: int, width: int) -> NDArray[np.bool_] | None:
    """Return where the object of a picture is, bool (height, width), or None where nobody knows."""
    kind, *place = picture_id.split(":")
    if kind != "sample" or not datasets.get(place[0]).has_masks:
        return None
    mask = datasets.mask(place[0], int(place[1])).astype(np.uint8) * 255
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
