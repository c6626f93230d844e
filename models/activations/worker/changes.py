"""What training changed in what a network answers: between its start and its end, and at every epoch it kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.activations.changes import EpochMaps, LayerChanges, MapPair, first_channels, relative
from models.activations.worker.maps import activation_maps, affordable, pictures
from models.backbones.worker import build
from models.errors import InputError
from models.ids import NetworkId
from models.networks import layers
from models.networks.worker import opened
from models.storage import runs
from models.training import kept_epochs

_lock = threading.Lock()


def map_pair(run: str, layer: str, picture: str) -> MapPair:
    """Return one layer's answers to one picture before the training of a run and after it.

    Raises:
        InputError: Unknown layer.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: There is no such run, or it has no classifier.
        WeightsUnavailable: The weights it began with are not on this machine.

    Cost: one forward pass of both networks up to the layer.
    """
    ends = NetworkId(run, start=True), NetworkId(run)
    before, after = (activation_maps(str(network), layer, picture).maps for network in ends)
    return MapPair(layer, before, after)


@lru_cache(maxsize=16)
def layer_changes(run: str, dataset: str) -> LayerChanges:
    """Return how far training moved the answer of every layer, over a sample that about a second suffices for.

    Raises:
        InputError: Unknown data set.
        RunNotFound: There is no such run, or it has no classifier.
        WeightsUnavailable: The weights it began with are not on this machine.

    Cost: a full forward pass of both networks for every picture; only two numbers per layer leave the graph.
    """
    before, after = opened.load(str(NetworkId(run, start=True))), opened.load(str(NetworkId(run)))
    names = tuple(choice.name for choice in layers.layers(after.id))
    call = opened.traced(after, ("/change", before.id), lambda: _lengths(before, after, names))
    chosen = affordable(after.id, dataset, passes=2)
    found = np.stack([call(pictures(after, dataset, chosen[i : i + 1]))[0] for i in range(len(chosen))])
    moved, size = found.transpose(2, 1, 0)  # (L, N) each
    return LayerChanges(dataset, names, relative(moved, size).astype(np.float32))


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


def epoch_maps(run: str, layer: str, picture: str, most: int, channel: int) -> EpochMaps:
    """Return one layer's answers to one picture at the start and at every epoch the run kept.

    Args:
        run: Id of a run that keeps epochs.
        layer: One of its layers with maps.
        picture: Id of the picture.
        most: Return the maps of so many channels: those that move most on the way.
        channel: One more that is wanted; it takes the last place if it is not among them.

    Raises:
        InputError: Unknown layer, one without maps, or the run kept no epochs.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: There is no such run, or a file of it is damaged.
        WeightsUnavailable: The weights it began with are not on this machine.

    Cost: one forward pass up to the layer and reading one file for every kept epoch.
    """
    folder = runs.get(run).folder
    kept = kept_epochs.epochs(folder)
    if not kept:
        raise InputError("Expected a run that kept the weights of its epochs. Received one that kept none.")
    if not layers.layer(str(NetworkId(run)), layer).is_map:
        raise InputError(f"Expected a layer with maps. Received {layer}, which has single values.")
    with _lock:
        network, start = _begun(run)
        image = network.picture(picture)[None]
        call, found = opened.layer_function(network, (layer,)), []
        for epoch in (0, *kept):
            moved = kept_epochs.read(folder, epoch) if epoch else {}
            known = opened.variables(network.model)  # what an epoch moves for the first time is as at the start
            start.update({name: known[name].numpy() for name in moved if name in known and name not in start})
            opened.put(network.model, start | moved)
            found.append(call(image)[0][0])
    maps = np.stack(found)
    away = np.square(maps - maps[0], dtype=np.float64).mean(axis=(1, 2))
    change = np.sqrt(away.max(axis=0)).astype(np.float32)
    channels = first_channels(change, most, channel)
    return EpochMaps(layer, np.array((0, *kept)), channels, maps[..., channels], maps.max(axis=(1, 2)), change)


@lru_cache(maxsize=1)
def _begun(run: str) -> tuple[opened.Network, dict[str, np.ndarray]]:
    """Return a network of its own, whose weights are changed, and a place to remember those at the start."""
    build.prepare_tensorflow()
    model, classes = opened.begun(runs.get(run)), opened.classes_of(runs.get(run))
    _, height, width, _ = model.input_shape
    return opened.Network(f"run:{run}:epochs", model, classes, height, width), {}
