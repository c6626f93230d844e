"""What training changed in what a network answers: between its start and its end, and at every epoch it kept.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from models import activations, images, kept_epochs, map_changes, network_layers, networks, run_networks, runs
from models.errors import InputError
from models.map_changes import EpochMaps, LayerChanges, MapPair

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
    both = (activations.activation_maps(f"run:{run_id}{end}", layer, picture_id).maps for end in (":start", ""))
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
    before, after = networks.load(f"run:{run_id}:start"), networks.load(f"run:{run_id}")
    names = tuple(choice.name for choice in network_layers.layers(after.id))
    call = networks.traced(after, ("/change", before.id), lambda: _lengths(before, after, names))
    chosen = activations.affordable(after.id, dataset, passes=2)
    found = np.stack([call(activations.pictures(after, dataset, chosen[i : i + 1]))[0] for i in range(len(chosen))])
    moved, size = found.transpose(2, 1, 0)  # (L, N) each
    return LayerChanges(dataset, names, map_changes.relative(moved, size).astype(np.float32))


def _lengths(before: networks.Network, after: networks.Network, names: Sequence[str]) -> Callable[[Any], list[Any]]:
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
    if not network_layers.layer(f"run:{run_id}", layer).is_map:
        raise InputError(f"Expected a layer with maps. Received {layer}, which has single values.")
    with _lock:
        network, start = _begun(run_id)
        picture = images.resize(images.load_picture(picture_id), network.height, network.width)[None]
        call, found = networks.layer_function(network, (layer,)), []
        for epoch in (0, *kept):
            moved = kept_epochs.read(run.folder, epoch) if epoch else {}
            known = run_networks.variables(network.model)  # what an epoch moves for the first time is as at the start
            start.update({name: known[name].numpy() for name in moved if name in known and name not in start})
            run_networks.put(network.model, start | moved)
            found.append(call(picture)[0][0])
    maps = np.stack(found)
    away = np.square(maps - maps[0], dtype=np.float64).mean(axis=(1, 2))
    change = np.sqrt(away.max(axis=0)).astype(np.float32)
    channels = map_changes.first_channels(change, most, channel)
    return EpochMaps(layer, np.array((0, *kept)), channels, maps[..., channels], maps.max(axis=(1, 2)), change)


@lru_cache(maxsize=1)
def _begun(run_id: str) -> tuple[networks.Network, dict[str, np.ndarray]]:
    """Return a network of its own, whose weights are changed, and a place to remember those at the start."""
    networks.prepare_tensorflow()
    run = runs.get(run_id)
    model = run_networks.begun(run)
    _, height, width, _ = model.input_shape
    return networks.Network(f"run:{run_id}:epochs", model, run_networks.classes(run), height, width), {}
