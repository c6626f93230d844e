"""What training changed in activation maps: layer by layer, channel by channel, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from models.jobs.job import Task

RANKINGS = {
    "difference": "Largest difference",
    "relative": "Largest relative difference",
    "strongest": "Strongest after",
    "number": "Channel number",
}


@dataclass(frozen=True, slots=True)
class LayerChanges:
    """How far training moved what every layer answers, over a sample of training pictures of one data set.

    Attributes:
        dataset: Id.
        layers: L names, from the input up.
        change: (L, N) float32, of every layer and picture: ||after - before|| / ||before|| over all values of the layer
            (Euclidean). Exactly 0 where every value is the same to the last bit; 1 where a layer that was silent now
            speaks.
    """

    dataset: str
    layers: tuple[str, ...]
    change: np.ndarray

    @property
    def first(self) -> str | None:
        """Return the first layer, from the input up, that answers anything differently; None if all are the same."""
        return next((layer for layer, row in zip(self.layers, self.change, strict=True) if row.any()), None)


@dataclass(frozen=True, slots=True)
class MapPair:
    """One layer's answers (H, W, C) float32 to one picture, of a network at its start and as it is now.

    Both come from one process: another processor may round otherwise, and what is the same would seem to have moved.
    """

    layer: str
    before: np.ndarray
    after: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """Return after - before; exactly 0 where nothing changed."""
        return np.asarray(self.after - self.before)

    def change(self) -> tuple[np.ndarray, np.ndarray]:
        """Return per channel (C,) how far the maps lie apart: root mean square, and relative to the map before."""
        moved = np.sqrt(np.square(self.difference, dtype=np.float64).mean(axis=(0, 1)))
        size = np.sqrt(np.square(self.before, dtype=np.float64).mean(axis=(0, 1)))
        return moved, relative(moved, size)

    def rank(self, criterion: str) -> np.ndarray:
        """Return the channel numbers (C,) int64, first rank first; ties keep the order of the numbers.

        Raises:
            InputError: Not one of `RANKINGS`.
        """
        if criterion not in RANKINGS:
            raise InputError(f"Expected a ranking out of {', '.join(RANKINGS)}. Received {criterion!r}.")
        moved, share = self.change()
        value = {
            "difference": moved,
            "relative": share,
            "strongest": self.after.max(axis=(0, 1)),
            "number": -np.arange(len(moved)),
        }[criterion]
        return np.argsort(-value, kind="stable")


@dataclass(frozen=True, slots=True)
class EpochMaps:
    """One layer's answers to one picture at every kept epoch of a run.

    Attributes:
        layer: Its name.
        epochs: (E,) int64; 0 is before the first.
        channels: (k,) int64, those whose maps are here.
        maps: (E, H, W, k) float32.
        strongest: (E, C) float32, the largest value of every channel.
        change: (C,) float32, how far each channel moved on the way: the largest root mean square distance of its map
            from the one at the start.
    """

    layer: str
    epochs: np.ndarray
    channels: np.ndarray
    maps: np.ndarray
    strongest: np.ndarray
    change: np.ndarray


def relative(difference: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return `difference` / `before` for lengths of any shape; 0 / 0 is 0, and anything else over 0 counts as 1."""
    whole = np.where(difference > 0, 1.0, 0.0)
    return np.asarray(np.divide(difference, before, out=whole, where=before > 0))


def first_channels(change: np.ndarray, most: int, wanted: int) -> np.ndarray:
    """Return the `most` channels (k,) int64 that moved most, first rank first; `wanted` is always among them."""
    chosen = np.argsort(-change, kind="stable")[:most]
    if 0 <= wanted < len(change) and wanted not in chosen:
        chosen[-1] = wanted
    return chosen


LAYER_CHANGES = Task("layer_changes", "models.activations.worker.changes:layer_changes", LayerChanges)
MAP_PAIR = Task("map_pair", "models.activations.worker.changes:map_pair", MapPair)
EPOCH_MAPS = Task("epoch_maps", "models.activations.worker.changes:epoch_maps", EpochMaps)
