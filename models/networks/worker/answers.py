"""The scores a classifier gives, as functions that can be explained.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.errors import InputError
from models.networks import layers as networks_layers
from models.networks.answers import SCORES, Answers, Prediction, ScoreFunction
from models.networks.worker import opened
from models.pictures import datasets, images
from models.som.lattice import Floats
from models.storage.progress import Progress


def _resized(network: opened.Network, picture_id: str) -> np.ndarray:
    return images.resize(images.load_picture(picture_id), network.height, network.width)


def predict(network_id: str, picture_id: str) -> Prediction:
    """Return what a classifier says about one picture.

    Raises:
        InputError: The network is a bare backbone, or unknown.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
    """
    network = opened.load(network_id)
    picture = _resized(network, picture_id)[None]
    probabilities, logits = opened.forward(network, picture)[0], opened.logits(network, picture)[0]
    return Prediction(probabilities, logits, network.classes or (), network.height, network.width)


def answers(network_id: str, dataset: str) -> Answers:
    """Return what a classifier says about every test picture of a data set.

    Raises:
        InputError: The network is a bare backbone, or it or the data set unknown.
        RunNotFound: The run has no classifier.

    Cost: a forward pass for each, about 1 s for 300 pictures with Frame8.
    """
    network, index = opened.load(network_id), datasets.split(dataset, networks_layers.split_seed(network_id)).test
    pictures = images.resize(datasets.load(dataset).images[index], network.height, network.width)
    probabilities = opened.forward(network, pictures)
    return Answers(dataset, index, probabilities.argmax(axis=1), probabilities.max(axis=1), network.classes or ())


def score_function(network: opened.Network, score: str, class_index: int) -> ScoreFunction:
    """Return pictures (N, H, W, 3) uint8 -> the probability or logit (N,) of one class.

    Raises:
        InputError: Another score, a class the network has not, or a bare backbone.
    """
    if network.classes is None:
        raise InputError("Expected a trained classifier. Received a bare backbone, which has no classes.")
    if score not in SCORES:
        raise InputError(f"Expected the score to be one of {', '.join(SCORES)}. Received {score!r}.")
    if not 0 <= class_index < len(network.classes):
        raise InputError(f"Expected a class number from 0 to {len(network.classes) - 1}. Received {class_index}.")
    answer = opened.forward if score == "probability" else opened.logits
    return lambda batch: answer(network, batch)[:, class_index]


# FOLDED models/networks/worker/answers.py: What the layers of a network answer to every picture of a data set, for
# maps to train on. Runs in a worker.


def layer_features(
    network_id: str, layers: Sequence[str], dataset: str, progress: Progress, bar: tuple[float, float] = (0.0, 1.0)
) -> list[Floats]:
    """Return each layer's answer to every picture, averaged over positions, one float32 (N, C) a layer.

    Args:
        network_id: A network id.
        layers: Names of its layers.
        dataset: Id of the data set.
        progress: Told what share is done.
        bar: From where to where in the bar this goes, shares in 0..1.

    Raises:
        InputError: Unknown network, layer or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass up to the deepest of the layers per picture.
    """
    from models.networks.worker import opened
    from models.training.worker.examples import pictures_per_pass

    network = opened.load(network_id)
    answer = opened.layer_function(network, tuple(layers))
    everything = datasets.load(dataset).images
    chunk = pictures_per_pass(network.model)
    parts: list[list[Floats]] = [[] for _ in layers]
    for start in range(0, len(everything), chunk):
        if start % (8 * chunk) == 0:
            share = bar[0] + (bar[1] - bar[0]) * start / len(everything)
            progress.event(share=share, note=f"Picture {start:,} of {len(everything):,}")
        progress.check()
        batch = images.resize(everything[start : start + chunk], network.height, network.width)
        for part, maps in zip(parts, answer(batch), strict=True):
            part.append(maps.mean(axis=(1, 2)) if maps.ndim == 4 else maps.reshape(len(maps), -1))
    return [np.concatenate(part) for part in parts]
