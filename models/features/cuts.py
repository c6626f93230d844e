"""What one value of a layer depends on, cut out of a picture; the page and the workers cut alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.networks.layers import LayerChoice

OUTSIDE, STRIPE = (150, 156, 161), (122, 128, 133)  # hatched: there is no picture there
_STRIPES = 4  # pixels from one stripe to the next


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a picture is shown for one value; it may reach beyond the border.

    Attributes:
        top, left, bottom, right: Rows and columns in pixels, the last two included.
        whole: Whether the value can depend on more than the picture holds, so that all of the picture is shown.
        mark: The (row, col) in pixels around which such a value looks; None for dense layers.
    """

    top: int
    left: int
    bottom: int
    right: int
    whole: bool = False
    mark: tuple[int, int] | None = None


def cut_of(layer: LayerChoice, row: int, col: int, height: int, width: int) -> Cut:
    """Return what to show of a picture of `height` x `width` for the value at (row, col) of a layer."""
    window = layer.window(row, col)
    if window is not None and window[2] - window[0] < min(height, width):
        return Cut(*window)
    if not layer.is_map:
        return Cut(0, 0, height - 1, width - 1, whole=True)
    if window is None:  # sees everything, through a gate: its own place is all that can be marked
        middle = (row + 0.5) * height / layer.shape[0], (col + 0.5) * width / layer.shape[1]
    else:
        middle = (window[0] + window[2]) / 2, (window[1] + window[3]) / 2
    mark = tuple(int(np.clip(round(at), 0, size - 1)) for at, size in zip(middle, (height, width), strict=True))
    return Cut(0, 0, height - 1, width - 1, whole=True, mark=(mark[0], mark[1]))


def patch(picture: NDArray[np.uint8], cut: Cut) -> NDArray[np.uint8]:
    """Return the part of a picture (H, W, 3) uint8 that `cut` names, hatched where it lies outside of the picture."""
    height, width = picture.shape[:2]
    rows, cols = np.arange(cut.top, cut.bottom + 1), np.arange(cut.left, cut.right + 1)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((cols >= 0) & (cols < width))
    found = picture[np.clip(rows, 0, height - 1)[:, None], np.clip(cols, 0, width - 1)]
    stripes = ((rows[:, None] + cols) % _STRIPES == 0)[..., None]
    return np.where(inside[..., None], found, np.where(stripes, STRIPE, OUTSIDE)).astype(np.uint8)
