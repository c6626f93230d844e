"""What the channels of a layer answer to one picture, and to a sample of the data.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from models import datasets, images, network_layers, networks
from models.results import ActivationMaps, ChannelStatistics, RunningStatistics, describe

SAMPLE = 64  # pictures over which a channel has to stay silent to be called dead
_BATCH = 16


def _maps(network: networks.Network, layer: str, pictures: np.ndarray) -> np.ndarray:
    """Return the layer's answers (N, H, W, C) float32 to uint8 pictures (N, h, w, 3); vectors get 1 x 1 positions."""
    [answer] = networks.layer_function(network, (layer,))(pictures)
    return answer if answer.ndim == 4 else answer.reshape(len(answer), 1, 1, -1)


def activation_maps(network_id: str, layer: str, picture_id: str) -> ActivationMaps:
    """Return the maps of one layer for one picture, resized to the network's input.

    Raises:
        InputError: Unknown network, layer or data set.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass up to the layer.
    """
    network = networks.load(network_id)
    choice = network_layers.layer(network_id, layer)
    picture = images.resize(images.load_picture(picture_id), network.height, network.width)
    maps = _maps(network, layer, picture[None])[0]
    return describe(layer, maps, choice.receptive_field, choice.jump)


def sample(dataset: str) -> np.ndarray:
    """Return the indices (n,) of the fixed sample: `SAMPLE` training pictures, evenly spaced over all of them."""
    train = datasets.split(dataset).train
    return np.asarray(train[np.unique(np.linspace(0, len(train) - 1, SAMPLE).round().astype(np.intp))])


@lru_cache(maxsize=128)
def channel_statistics(network_id: str, layer: str, dataset: str) -> ChannelStatistics:
    """Return what is usual for the layer's channels, and which are dead: never above zero over `sample(dataset)`.

    Streams through the sample and keeps numbers per channel only.

    Raises:
        InputError: Unknown network, layer or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: `SAMPLE` forward passes up to the layer, once per network, layer and data set.
    """
    network = networks.load(network_id)
    gathered = RunningStatistics(layer, dataset)
    chosen = sample(dataset)
    for start in range(0, len(chosen), _BATCH):
        pictures = np.stack([datasets.picture(dataset, int(index)) for index in chosen[start : start + _BATCH]])
        gathered.add(_maps(network, layer, images.resize(pictures, network.height, network.width)))
    return gathered.result()
