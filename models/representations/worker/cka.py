"""Linear CKA of every pair of layers of two networks, measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.activations.worker import maps
from models.networks.worker import opened as networks_opened
from models.representations import cka
from models.representations.cka import BATCH, CkaSpec, Likeness, Sums
from models.storage.progress import SILENT, Progress

_LARGEST = 64 * 1024**2  # values of one layer for a whole batch; larger networks take smaller batches


def measure(spec: CkaSpec, progress: Progress = SILENT) -> Likeness:
    """Return how alike every layer of one network is to every layer of another.

    Raises:
        InputError: Unknown network or data set.
        RunNotFound: A run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass of both networks for each of 256 pictures.
    """
    progress.event(share=0.0, note="Opening both networks")
    names = [cka.compared_layers(network) for network in (spec.first, spec.second)]
    opened = [networks_opened.load(network) for network in (spec.first, spec.second)]
    calls = [_grams(network, each) for network, each in zip(opened, names, strict=True)]
    chosen, sums = cka.pictures(spec), Sums(*map(len, names))
    batches = np.array_split(chosen, max(len(chosen) // min(map(_batch, opened)), 1))
    for done, batch in enumerate(batches):
        progress.event(share=done / len(batches), note=f"{done * len(batch)} of {len(chosen)} pictures")
        sums.add(
            *(call(maps.pictures(network, spec.dataset, batch)) for call, network in zip(calls, opened, strict=True))
        )
    return Likeness(names[0], names[1], sums.cka(), len(chosen), spec.dataset)


def _grams(network: networks_opened.Network, names: Sequence[str]) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Return a function from pictures (N, H, W, 3) to the Gram matrix (N, N) of every named layer."""

    def make() -> Callable[[Any], list[Any]]:
        model = keras.Model(network.model.input, [network.model.get_layer(name).output for name in names])

        def grams(pictures: Any) -> list[Any]:
            outputs = keras.tree.flatten(model(pictures, training=False))
            flat = [tf.reshape(tensor, [tf.shape(tensor)[0], -1]) for tensor in outputs]
            return [tf.matmul(each, each, transpose_b=True) for each in flat]

        return grams

    return networks_opened.traced(network, ("/grams",), make)


def _batch(network: networks_opened.Network) -> int:
    """Return how many pictures go through a network at once."""
    largest = max(int(np.prod(layer.output.shape[1:])) for layer in network.model.layers)
    return int(np.clip(_LARGEST // largest, 16, BATCH))
