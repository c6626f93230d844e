"""First-layer kernels as a mosaic of small colour pictures: grey is zero, a bright colour a positive weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models import images
from models.errors import InputError

Scale = Literal["kernel", "joint"]
SCALES: dict[Scale, str] = {"kernel": "Each its own scale", "joint": "One scale for all"}
_GAP = 4  # pixels between tiles, transparent


@dataclass(frozen=True, slots=True)
class Mosaic:
    """`image` uint8 (H, W, 4), gaps transparent; `limit` is the weight drawn brightest, None where each has its own."""

    image: np.ndarray
    columns: int
    limit: float | None


def mosaic(values: np.ndarray, scale: Scale, *, columns: int, tile: int = 56) -> Mosaic:
    """Return kernels as crisp tiles, in the order of the channels, zero always mid-grey (128).

    Args:
        values: (kernel height, kernel width, 3, n) weights; the last axis counts kernels.
        scale: "kernel" stretches every kernel to its own largest absolute weight, "joint" all to the largest of all.
        columns: Kernels in a row.
        tile: The longest side of a tile to come near, in pixels.

    Raises:
        InputError: Not kernels over three colours.
    """
    if values.ndim != 4 or values.shape[2] != 3 or not values.size:
        raise InputError(f"Expected kernels of shape (height, width, 3, n). Received {values.shape}.")
    kernels = np.moveaxis(values, 3, 0)
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    if scale == "joint":
        largest = np.full_like(largest, largest.max())
    shares = kernels / np.where(largest > 0, largest, 1)
    pictures = np.rint(128 + 127 * shares).astype(np.uint8)
    tiles = np.stack([images.enlarge(picture, tile) for picture in pictures])
    colours = images.tile(tiles, columns, _GAP, 0)
    opaque = images.tile(np.full_like(tiles, 255), columns, _GAP, 0)[..., :1]
    return Mosaic(
        np.concatenate([colours, opaque], axis=2), columns, float(largest.max()) if scale == "joint" else None
    )
