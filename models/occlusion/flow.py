"""A picture on its way through a network, block by block, with a square hidden at every place of a coarse grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Task
from models.networks import layers
from models.networks.layers import HEAD, LayerChoice
from models.occlusion.occlusion import patch_origins

EXAMPLE: Final = "run:example"  # the classifier that comes with the app
PICTURES: Final = tuple(f"sample:galaxies:{index}" for index in (571, 557, 295, 248, 414, 737))
CHANNELS: Final = 3  # of each block
FILL: Final = "mean"
LEVELS: Final = 32  # in a tile: few eyes tell more apart in so small a picture, and they travel in half the bytes
FINE, COARSE = 16, 8  # steps of the square in a picture's side: 13 x 13 places are shipped, 7 x 7 are computed at once


@dataclass(frozen=True, slots=True)
class Flow:
    """What some channels of each block and the classes answer to one picture, whole and with a square hidden.

    Attributes:
        rows, cols: int64, top-left corners of the squares in pixels; every row goes with every column.
        patch: Side of the square in pixels.
        height, width: Of the picture as the network takes it.
        classes: Names of the outputs.
        probabilities: (1 + positions, C) float32; first of the whole picture, then in reading order.
        layers: Names of the layers that stand for their blocks, from the input up.
        blocks: Names of the blocks.
        channels: (B, K) int64, the channels of each block that change most, on average over all values and positions.
        sides: (B, 2) int64, rows and columns of their maps.
        tops: (B, K) float32, the largest value of a channel over all positions: the level `LEVELS` - 1.
        tiles: (1 + positions, sum of B * K maps) uint8, the maps as levels from zero up, block after block.
    """

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    patch: int
    height: int
    width: int
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    layers: tuple[str, ...]
    blocks: tuple[str, ...]
    channels: NDArray[np.int64]
    sides: NDArray[np.int64]
    tops: NDArray[np.float32]
    tiles: NDArray[np.uint8]

    def maps(self, block: int) -> NDArray[np.uint8]:
        """Return the tiles of one block, by its number, as (1 + positions, K, H, W)."""
        sizes = self.sides.prod(axis=1) * self.channels.shape[1]
        start = int(sizes[:block].sum())
        shape = (len(self.tiles), self.channels.shape[1], *self.sides[block].tolist())
        return self.tiles[:, start : start + int(sizes[block])].reshape(shape)


def squares(height: int, width: int, steps: int) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Return the side of the square, a quarter of the picture's, and its top and left corners: `steps` to a side.

    Raises:
        InputError: Fewer steps than four, which would leave gaps.
    """
    side = min(height, width)
    patch, step = max(side // 4, 1), max(side // max(steps, 1), 1)
    return patch, patch_origins(height, patch, step), patch_origins(width, patch, step)


def shown_layers(network: str) -> tuple[LayerChoice, ...]:
    """Return the layer that stands for each block of the backbone: its last rectified one with maps.

    Raises:
        InputError: The id is malformed, or no layer of the network says that it is rectified.
        RunNotFound: There is no such run.
    """
    last = {
        choice.block: choice
        for choice in layers.layers(network)
        if choice.block != HEAD and choice.is_map and choice.name.endswith(("relu", "_out"))
    }
    if not last:
        raise InputError("Expected a network with rectified layers. Received one that names none.")
    return tuple(last.values())


def levels(maps: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return maps (N, H, W, K) as levels (N, K, H, W), each channel from zero to its largest value; and these (K,)."""
    tops = maps.max(axis=(0, 1, 2))
    shares = np.maximum(maps, 0) / np.where(tops > 0, tops, 1)
    return np.rint((LEVELS - 1) * shares).astype(np.uint8).transpose(0, 3, 1, 2), np.maximum(tops, 0)


def most_changed(change: NDArray[np.floating], count: int = CHANNELS) -> NDArray[np.int64]:
    """Return the numbers of the channels that change most, most first; ties keep the order of the numbers."""
    return np.argsort(-change, kind="stable")[:count].astype(np.int64)


FLOW = Task("flow", "models.occlusion.worker.flow:flow", Flow)
