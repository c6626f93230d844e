"""What the channels of a layer answer to one picture, what is usual for them, and their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from models.jobs.job import Task

QUANTILE = 0.995  # colour scales of many channels end where this share of the values lies below: no spike darkens all

RANKINGS = {
    "strongest": "Strongest value",
    "mean": "Highest mean",
    "area": "Largest active area",
    "unusual": "Most unusual here",
    "selective": "Most class-selective",
    "number": "Channel number",
}


@dataclass(frozen=True, slots=True)
class ActivationMaps:
    """One layer's answer to one picture, one map a channel; the units of a dense layer are channels of 1 x 1.

    Attributes:
        layer: Its name.
        maps: (H, W, C) float32.
        mean, maximum: (C,) float32, of each map.
        share_active: (C,) float32, the share of values above zero.
        receptive_field, jump: In pixels of the picture; None for layers whose values see all of it.
    """

    layer: str
    maps: np.ndarray
    mean: np.ndarray
    maximum: np.ndarray
    share_active: np.ndarray
    receptive_field: int | None
    jump: int | None


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """One layer's answers to a fixed sample of training pictures of one data set.

    Attributes:
        layer: Its name.
        dataset: Id.
        n_pictures: In the sample.
        mean, deviation: (C,) float32, of each picture's mean value.
        maximum, share_active: (C,) float32, over all values.
        dead: (C,) bool, never above zero in any of the pictures.
    """

    layer: str
    dataset: str
    n_pictures: int
    mean: np.ndarray
    deviation: np.ndarray
    maximum: np.ndarray
    share_active: np.ndarray
    dead: np.ndarray


@dataclass(frozen=True, slots=True)
class ClassSelectivity:
    """How well the mean of each channel's map tells one class from the others, over the sample of `ChannelStatistics`.

    Attributes:
        layer: Its name.
        dataset: Id.
        classes: K names.
        pictures: (K,) int64, how many of each class are in the sample.
        value: (K, C) float32, d' = (mean over the class - mean over the others) / root of the mean of both variances;
            0 where nothing varies, or the sample holds fewer than two pictures on either side.
    """

    layer: str
    dataset: str
    classes: tuple[str, ...]
    pictures: np.ndarray
    value: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """Return the class (C,) int64 that each channel tells apart best."""
        best: np.ndarray = self.value.argmax(axis=0)
        return best


@dataclass(frozen=True, slots=True)
class NetworkScale:
    """How large the answers of a network's maps become: one colour scale for all of its layers.

    Rectified layers have a scale of their own, for they have colours of their own.

    Attributes:
        layers: L names, from the input up.
        quantile: (L,) float32: the share `QUANTILE` of a layer's answer to one picture lies below it in size; the
            largest over all pictures.
        signed: (L,) bool, whether the layer's answers are negative at times.
        n_pictures: How many were looked at.
    """

    layers: tuple[str, ...]
    quantile: np.ndarray
    signed: np.ndarray
    n_pictures: int

    def end(self, layer: str) -> tuple[float, str, bool]:
        """Return where the scale of `layer` and all like it ends, the layer that decides it, and if it is signed."""
        signed = bool(self.signed[self.layers.index(layer)])
        sizes = np.where(self.signed == signed, self.quantile, -np.inf)
        largest = int(sizes.argmax())
        return float(sizes[largest]), self.layers[largest], signed


def describe(layer: str, maps: np.ndarray, receptive_field: int | None, jump: int | None) -> ActivationMaps:
    """Return `maps` (H, W, C) with the numbers of each channel."""
    mean, maximum = maps.mean(axis=(0, 1)), maps.max(axis=(0, 1))
    share = (maps > 0).mean(axis=(0, 1), dtype=np.float32)
    return ActivationMaps(layer, maps, mean, maximum, share, receptive_field, jump)


class RunningStatistics:
    """Gathers `ChannelStatistics` batch by batch; keeps only numbers per channel."""

    def __init__(self, layer: str, dataset: str) -> None:
        self._layer, self._dataset = layer, dataset
        self._means: list[np.ndarray] = []
        self._shares: list[np.ndarray] = []
        self._maxima: list[np.ndarray] = []

    def add(self, maps: np.ndarray) -> None:
        """Take in the maps (N, H, W, C) of a batch."""
        self._means.append(maps.mean(axis=(1, 2), dtype=np.float64))
        self._shares.append((maps > 0).mean(axis=(1, 2)))
        self._maxima.append(maps.max(axis=(0, 1, 2)))

    def selectivity(self, labels: np.ndarray, classes: tuple[str, ...]) -> ClassSelectivity:
        """Return how well each channel tells the classes apart; `labels` (n,) of all pictures that were added."""
        means, members = np.concatenate(self._means), np.asarray(labels)[:, None] == np.arange(len(classes))
        value = np.stack([_separation(means[member], means[~member]) for member in members.T])
        return ClassSelectivity(self._layer, self._dataset, classes, members.sum(axis=0), value.astype(np.float32))

    def result(self) -> ChannelStatistics:
        """Return the statistics of everything that was added (one batch at least)."""
        means, maximum = np.concatenate(self._means), np.max(self._maxima, axis=0)
        return ChannelStatistics(
            self._layer,
            self._dataset,
            len(means),
            means.mean(axis=0).astype(np.float32),
            means.std(axis=0).astype(np.float32),
            maximum,
            np.concatenate(self._shares).mean(axis=0).astype(np.float32),
            maximum <= 0,
        )


def _separation(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Return d' (C,) between the values (n, C) and (m, C)."""
    if min(len(inside), len(outside)) < 2:
        return np.zeros(inside.shape[1])
    spread = np.sqrt((inside.var(axis=0) + outside.var(axis=0)) / 2)
    apart = inside.mean(axis=0) - outside.mean(axis=0)
    return np.asarray(np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0))


def rank(
    answer: ActivationMaps, usual: ChannelStatistics, criterion: str, selectivity: ClassSelectivity | None = None
) -> np.ndarray:
    """Return the channel numbers (C,) int64, first rank first; ties keep the order of the numbers.

    Args:
        answer: To the picture.
        usual: To the sample of the same layer.
        criterion: A key of `RANKINGS`. "unusual" is the distance of the picture's mean from the sample's, in the
            sample's standard deviations, in either direction. "selective" is the largest d' of any class.
        selectivity: Of the same layer; needed for "selective".

    Raises:
        InputError: Another criterion, or "selective" without its numbers.
    """
    if criterion not in RANKINGS or (criterion == "selective" and selectivity is None):
        raise InputError(f"Expected a ranking out of {', '.join(RANKINGS)}. Received {criterion!r}.")
    if criterion == "number":
        return np.arange(len(answer.mean))
    value = {
        "strongest": answer.maximum,
        "mean": answer.mean,
        "area": answer.share_active,
        "unusual": unusualness(answer, usual),
        "selective": answer.mean if selectivity is None else selectivity.value.max(axis=0),
    }[criterion]
    return np.argsort(-value, kind="stable")


def unusualness(answer: ActivationMaps, usual: ChannelStatistics) -> np.ndarray:
    """Return per channel (C,) how many standard deviations its mean lies from the sample's; 0 where nothing varies."""
    spread = usual.deviation > 0
    away = np.abs(answer.mean - usual.mean)
    deviations: np.ndarray = np.divide(away, usual.deviation, out=np.zeros_like(away), where=spread)
    return deviations


ACTIVATION_MAPS = Task("activation_maps", "models.activations.worker.maps:activation_maps", ActivationMaps)
CHANNEL_STATISTICS = Task("channel_statistics", "models.activations.worker.maps:channel_statistics", ChannelStatistics)
CLASS_SELECTIVITY = Task("class_selectivity", "models.activations.worker.maps:class_selectivity", ClassSelectivity)
NETWORK_SCALE = Task("network_scale", "models.activations.worker.maps:network_scale", NetworkScale)
