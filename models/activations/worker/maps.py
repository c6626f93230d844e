"""What the channels of a layer answer to one picture, and to a sample of the data.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.activations import maps as activations_maps
from models.activations.maps import (
    QUANTILE,
    ActivationMaps,
    ChannelStatistics,
    ClassSelectivity,
    EpochMaps,
    LayerChanges,
    MapPair,
    NetworkScale,
    RunningStatistics,
    describe,
)
from models.backbones.worker import build
from models.errors import InputError
from models.networks import layers
from models.networks.worker import opened
from models.pictures import datasets
from models.pictures import images as pictures_images
from models.storage import runs
from models.training import kept_epochs

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SAMPLE = 64  # pictures over which a channel has to stay silent to be called dead
_BATCH = 16
_SECONDS = 1.0  # what a question about all layers may take


def _maps(network: opened.Network, layer: str, pictures: np.ndarray) -> np.ndarray:
    """Return the layer's answers (N, H, W, C) float32 to uint8 pictures (N, h, w, 3); vectors get 1 x 1 positions."""
    [answer] = opened.layer_function(network, (layer,))(pictures)
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
    network = opened.load(network_id)
    choice = layers.layer(network_id, layer)
    picture = pictures_images.resize(pictures_images.load_picture(picture_id), network.height, network.width)
    maps = _maps(network, layer, picture[None])[0]
    return describe(layer, maps, choice.receptive_field, choice.jump)


def sample(dataset: str) -> np.ndarray:
    """Return the indices (n,) of the fixed sample: `SAMPLE` training pictures, evenly spaced over all of them.

    Of split 0 for runs of other splits too: what is usual can then be compared between networks.
    """
    train = datasets.split(dataset).train
    return np.asarray(train[np.unique(np.linspace(0, len(train) - 1, SAMPLE).round().astype(np.intp))])


@lru_cache(maxsize=4)
def _gathered(network_id: str, layer: str, dataset: str) -> RunningStatistics:
    """Return the layer's answers to the sample, as numbers per channel and picture."""
    network = opened.load(network_id)
    gathered = RunningStatistics(layer, dataset)
    chosen = sample(dataset)
    for start in range(0, len(chosen), _BATCH):
        gathered.add(_maps(network, layer, pictures(network, dataset, chosen[start : start + _BATCH])))
    return gathered


def pictures(network: opened.Network, dataset: str, chosen: np.ndarray) -> np.ndarray:
    """Return some pictures of a data set, uint8 (n, H, W, 3), of the size the network takes."""
    found = np.stack([datasets.picture(dataset, int(index)) for index in chosen])
    return pictures_images.resize(found, network.height, network.width)


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
    return _gathered(network_id, layer, dataset).result()


def class_selectivity(network_id: str, layer: str, dataset: str) -> ClassSelectivity:
    """Return how well each channel of the layer tells the classes of `dataset` apart, over `sample(dataset)`.

    Raises and costs what `channel_statistics` does; after it, nothing is computed again.
    """
    labels = datasets.labels(dataset)[sample(dataset)]
    return _gathered(network_id, layer, dataset).selectivity(labels, datasets.get(dataset).classes)


def affordable(network_id: str, dataset: str, passes: int = 1) -> np.ndarray:
    """Return as many of `sample(dataset)`, evenly spaced, as `passes` full forward passes each take a second for."""
    chosen = sample(dataset)
    count = min(len(chosen), max(1, int(_SECONDS / layers.seconds(network_id, passes))))
    return np.asarray(chosen[np.linspace(0, len(chosen) - 1, count).round().astype(np.intp)])


@lru_cache(maxsize=16)
def network_scale(network_id: str, dataset: str) -> NetworkScale:
    """Return how large the answers of all layers with maps become, over a sample that a second suffices for.

    Raises:
        InputError: Unknown network or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: a full forward pass of every picture; no more than one picture's maps are in memory at a time.
    """
    network = opened.load(network_id)
    names = tuple(choice.name for choice in layers.layers(network_id) if choice.is_map)
    call = opened.traced(network, ("/quantiles",), lambda: _quantiles(network, names))
    chosen = affordable(network_id, dataset, passes=2)  # sorting takes about as long as the pass
    found = np.stack([call(pictures(network, dataset, chosen[i : i + 1]))[0] for i in range(len(chosen))])
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

    return lambda images: [tf.stack([ends(maps) for maps in keras.tree.flatten(model(images, training=False))])]


# FOLDED models/activations/worker/maps.py: What training changed in what a network answers: between its start and
# its end, and at every epoch it kept. Imports Keras: only workers use this module.

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_lock = threading.Lock()


def map_pair(run_id: str, layer: str, picture_id: str) -> MapPair:
    """Return one layer's answers to one picture before the training of a run and after it.

    Raises:
        InputError: Unknown layer.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: There is no such run, or it has no classifier.
        WeightsUnavailable: The weights it began with are not on this machine.

    Cost: one forward pass of both networks up to the layer.
    """
    both = (activation_maps(f"run:{run_id}{end}", layer, picture_id).maps for end in (":start", ""))
    return MapPair(layer, *both)


@lru_cache(maxsize=16)
def layer_changes(run_id: str, dataset: str) -> LayerChanges:
    """Return how far training moved the answer of every layer, over a sample that about a second suffices for.

    Raises:
        InputError: Unknown data set.
        RunNotFound: There is no such run, or it has no classifier.
        WeightsUnavailable: The weights it began with are not on this machine.

    Cost: a full forward pass of both networks for every picture; only two numbers per layer leave the graph.
    """
    before, after = opened.load(f"run:{run_id}:start"), opened.load(f"run:{run_id}")
    names = tuple(choice.name for choice in layers.layers(after.id))
    call = opened.traced(after, ("/change", before.id), lambda: _lengths(before, after, names))
    chosen = affordable(after.id, dataset, passes=2)
    found = np.stack([call(pictures(after, dataset, chosen[i : i + 1]))[0] for i in range(len(chosen))])
    moved, size = found.transpose(2, 1, 0)  # (L, N) each
    return LayerChanges(dataset, names, activations_maps.relative(moved, size).astype(np.float32))


def _lengths(before: opened.Network, after: opened.Network, names: Sequence[str]) -> Callable[[Any], list[Any]]:
    """Return a function of pictures to ||after - before|| and ||before|| of every layer, float32 (L, 2)."""
    both = [
        keras.Model(network.model.input, [network.model.get_layer(name).output for name in names])
        for network in (before, after)
    ]

    def lengths(pictures: Any) -> list[Any]:
        old, new = (keras.tree.flatten(model(pictures, training=False)) for model in both)
        pairs = [(tf.norm(b - a), tf.norm(a)) for a, b in zip(old, new, strict=True)]
        return [tf.convert_to_tensor(pairs)]

    return lengths


def epoch_maps(run_id: str, layer: str, picture_id: str, most: int, channel: int) -> EpochMaps:
    """Return one layer's answers to one picture at the start and at every epoch the run kept.

    Args:
        run_id: A run that keeps epochs.
        layer: One of its layers with maps.
        picture_id: What to show it.
        most: Return the maps of so many channels: those that move most on the way.
        channel: One more that is wanted; it takes the last place if it is not among them.

    Raises:
        InputError: Unknown layer, one without maps, or the run kept no epochs.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: There is no such run, or a file of it is damaged.
        WeightsUnavailable: The weights it began with are not on this machine.

    Cost: one forward pass up to the layer and reading one file for every kept epoch.
    """
    run = runs.get(run_id)
    kept = kept_epochs.epochs(run.folder)
    if not kept:
        raise InputError("Expected a run that kept the weights of its epochs. Received one that kept none.")
    if not layers.layer(f"run:{run_id}", layer).is_map:
        raise InputError(f"Expected a layer with maps. Received {layer}, which has single values.")
    with _lock:
        network, start = _begun(run_id)
        picture = pictures_images.resize(pictures_images.load_picture(picture_id), network.height, network.width)[None]
        call, found = opened.layer_function(network, (layer,)), []
        for epoch in (0, *kept):
            moved = kept_epochs.read(run.folder, epoch) if epoch else {}
            known = opened.variables(network.model)  # what an epoch moves for the first time is as at the start
            start.update({name: known[name].numpy() for name in moved if name in known and name not in start})
            opened.put(network.model, start | moved)
            found.append(call(picture)[0][0])
    maps = np.stack(found)
    away = np.square(maps - maps[0], dtype=np.float64).mean(axis=(1, 2))
    change = np.sqrt(away.max(axis=0)).astype(np.float32)
    channels = activations_maps.first_channels(change, most, channel)
    return EpochMaps(layer, np.array((0, *kept)), channels, maps[..., channels], maps.max(axis=(1, 2)), change)


@lru_cache(maxsize=1)
def _begun(run_id: str) -> tuple[opened.Network, dict[str, np.ndarray]]:
    """Return a network of its own, whose weights are changed, and a place to remember those at the start."""
    build.prepare_tensorflow()
    run = runs.get(run_id)
    model = opened.begun(run)
    _, height, width, _ = model.input_shape
    return opened.Network(f"run:{run_id}:epochs", model, opened.classes_of(run), height, width), {}
