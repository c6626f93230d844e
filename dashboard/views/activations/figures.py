"""A layer's channels through the epochs, as bytes for the film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.figures.activations import gradient, palette, scale_of
from models.activations.changes import EpochMaps
from models.wording import significant

_LONGEST = 56  # values sent per side of a map; larger maps are averaged down
_COLOURS = 255  # an odd number, so that zero has the middle one to itself


@dataclass(frozen=True, slots=True)
class EpochFilm:
    """What the film shows.

    `frames` holds one byte per value, the number of its colour in `palette` (RGB, three bytes each): epoch by epoch,
    channel by channel, row by row. `strongest` belongs to epochs and channels, `accuracy` to (epoch, share) of the
    validation pictures. `gradient` are CSS colours from `low` to `high`.
    """

    epochs: tuple[int, ...]
    best: int
    channels: tuple[int, ...]
    labels: tuple[str, ...]
    width: int
    height: int
    frames: bytes
    palette: bytes
    strongest: tuple[tuple[float, ...], ...]
    accuracy: tuple[tuple[int, float], ...]
    gradient: tuple[str, ...]
    low: str
    high: str


def film(found: EpochMaps, history: tuple[dict[str, float], ...], best: int) -> EpochFilm:
    """Return the film of `found`, on one colour scale for all its channels and epochs.

    Args:
        found: The maps.
        history: The run's, with "epoch" and "val_accuracy".
        best: The run's best epoch.
    """
    signed = bool(found.maps.min() < 0)
    scale = scale_of(found.maps, signed=signed, clip=True)
    share = (np.nan_to_num(_averaged(found.maps)) - scale.low) / (scale.high - scale.low)
    cells = np.clip(np.rint(share * (_COLOURS - 1)), 0, _COLOURS - 1).astype(np.uint8)
    chosen = palette(signed)[np.rint(np.linspace(0, 256, _COLOURS)).astype(np.intp)]
    return EpochFilm(
        epochs=tuple(found.epochs.tolist()),
        best=best,
        channels=tuple(found.channels.tolist()),
        labels=tuple(
            f"channel {c}: moved by up to {significant(found.change[c])} on the way" for c in found.channels.tolist()
        ),
        width=cells.shape[2],
        height=cells.shape[1],
        frames=np.ascontiguousarray(np.moveaxis(cells, -1, 1)).tobytes(),
        palette=chosen.tobytes(),
        strongest=tuple(tuple(row) for row in np.nan_to_num(found.strongest[:, found.channels]).tolist()),
        accuracy=tuple((int(row["epoch"]), float(row["val_accuracy"])) for row in history),
        gradient=gradient(signed),
        low=f"{significant(scale.low)} and less" if signed else "0",
        high=f"{significant(scale.high)} and more, in all epochs",
    )


def _averaged(maps: np.ndarray) -> np.ndarray:
    """Return maps (E, H, W, k), averaged over whole squares so that no side is longer than `_LONGEST`."""
    factor = -(-max(maps.shape[1:3]) // _LONGEST)
    if factor == 1:
        return maps
    height, width = (-(-side // factor) for side in maps.shape[1:3])
    room = (height * factor - maps.shape[1], width * factor - maps.shape[2])
    padded = np.pad(maps, ((0, 0), (0, room[0]), (0, room[1]), (0, 0)), mode="edge")
    return np.asarray(padded.reshape(len(maps), height, factor, width, factor, -1).mean(axis=(2, 4)))
