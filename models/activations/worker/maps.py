"""What the channels of a layer answer to one picture, and to a sample of the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.activations.maps import (
    QUANTILE,
    ActivationMaps,
    ChannelStatistics,
    ClassSelectivity,
    NetworkScale,
    RunningStatistics,
    describe,
)
from models.networks import layers
from models.networks.worker import opened
from models.pictures import datasets, images

SAMPLE = 64  # pictures over which a channel has to stay silent to be called dead
_BATCH = 16
_SECONDS = 1.0  # what a question about all layers may take


def _maps(network: opened.Network, layer: str, pictures: np.ndarray) -> np.ndarray:
    """Return the layer's answers (N, H, W, C) float32 to uint8 pictures (N, h, w, 3); vectors get 1 x 1 positions."""
    [answer] = opened.layer_function(network, (layer,))(pictures)
    return answer if answer.ndim == 4 else answer.reshape(len(answer), 1, 1, -1)


def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
    """Return the maps of one layer for one picture, resized to the network's input.

    Raises:
        InputError: Unknown network, layer or data set.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass up to the layer.
    """
    loaded, choice = opened.load(network), layers.layer(network, layer)
    maps = _maps(loaded, layer, loaded.picture(picture)[None])[0]
    return describe(layer, maps, choice.receptive_field, choice.jump)


def sample(dataset: str) -> np.ndarray:
    """Return the indices (n,) of the fixed sample: `SAMPLE` training pictures, evenly spaced over all of them.

    Of split 0 for runs of other splits too: what is usual can then be compared between networks.
    """
    train = datasets.split(dataset).train
    return np.asarray(train[np.unique(np.linspace(0, len(train) - 1, SAMPLE).round().astype(np.intp))])


@lru_cache(maxsize=4)
def _gathered(network: str, layer: str, dataset: str) -> RunningStatistics:
    """Return the layer's answers to the sample, as numbers per channel and picture."""
    loaded, chosen = opened.load(network), sample(dataset)
    gathered = RunningStatistics(layer, dataset)
    for start in range(0, len(chosen), _BATCH):
        gathered.add(_maps(loaded, layer, pictures(loaded, dataset, chosen[start : start + _BATCH])))
    return gathered


def pictures(network: opened.Network, dataset: str, chosen: np.ndarray) -> np.ndarray:
    """Return some pictures of a data set, uint8 (n, H, W, 3), of the size the network takes."""
    found = np.stack([datasets.picture(dataset, int(index)) for index in chosen])
    return images.resize(found, network.height, network.width)


@lru_cache(maxsize=128)
def channel_statistics(network: str, layer: str, dataset: str) -> ChannelStatistics:
    """Return what is usual for the layer's channels, and which are dead: never above zero over `sample(dataset)`.

    Streams through the sample and keeps numbers per channel only.

    Raises:
        InputError: Unknown network, layer or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: `SAMPLE` forward passes up to the layer, once per network, layer and data set.
    """
    return _gathered(network, layer, dataset).result()


def class_selectivity(network: str, layer: str, dataset: str) -> ClassSelectivity:
    """Return how well each channel of the layer tells the classes of `dataset` apart, over `sample(dataset)`.

    Raises and costs what `channel_statistics` does; after it, nothing is computed again.
    """
    labels = datasets.labels(dataset)[sample(dataset)]
    return _gathered(network, layer, dataset).selectivity(labels, datasets.get(dataset).classes)


def affordable(network: str, dataset: str, passes: int = 1) -> np.ndarray:
    """Return as many of `sample(dataset)`, evenly spaced, as `passes` full forward passes each take a second for."""
    chosen = sample(dataset)
    count = min(len(chosen), max(1, int(_SECONDS / layers.seconds(network, passes))))
    return np.asarray(chosen[np.linspace(0, len(chosen) - 1, count).round().astype(np.intp)])


@lru_cache(maxsize=16)
def network_scale(network: str, dataset: str) -> NetworkScale:
    """Return how large the answers of all layers with maps become, over a sample that a second suffices for.

    Raises:
        InputError: Unknown network or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: a full forward pass of every picture; no more than one picture's maps are in memory at a time.
    """
    loaded = opened.load(network)
    names = tuple(choice.name for choice in layers.layers(network) if choice.is_map)
    call = opened.traced(loaded, ("/quantiles",), lambda: _quantiles(loaded, names))
    chosen = affordable(network, dataset, passes=2)  # sorting takes about as long as the pass
    found = np.stack([call(pictures(loaded, dataset, chosen[i : i + 1]))[0] for i in range(len(chosen))])
    return NetworkScale(names, found[..., 0].max(axis=0), found[..., 1].min(axis=0) < 0, len(chosen))


def _quantiles(network: opened.Network, names: Sequence[str]) -> Callable[[Any], list[Any]]:
    """Return a function of one picture to (L, 2): each layer's `QUANTILE` of sizes, as NumPy has it, and its lowest."""
    model = keras.Model(network.model.input, [network.model.get_layer(name).output for name in names])

    def ends(maps: Any) -> Any:
        values = tf.abs(tf.reshape(maps, [-1]))
        count = math.prod(maps.shape[1:])
        below = int(QUANTILE * (count - 1))  # rank of the value just below the quantile
        top = tf.math.top_k(tf.where(tf.math.is_finite(values), values, 0.0), count - below).values
        quantile = top[-1] + (QUANTILE * (count - 1) - below) * (top[-min(2, count - below)] - top[-1])
        return tf.stack([quantile, tf.reduce_min(maps)])

    return lambda pictures: [tf.stack([ends(maps) for maps in keras.tree.flatten(model(pictures, training=False))])]
