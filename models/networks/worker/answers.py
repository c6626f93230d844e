"""What a classifier says about pictures, its scores as functions, and what layers answer to a data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.networks.answers import SCORES, Answers, Prediction, ScoreFunction
from models.networks.layers import test_pictures
from models.networks.worker import opened
from models.pictures import datasets, images
from models.storage.progress import Progress
from models.training.worker.examples import pictures_per_pass
from models.wording import grouped


def predict(network: str, picture: str) -> Prediction:
    """Return what a classifier says about one picture.

    Raises:
        InputError: The network is a bare backbone, or unknown.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
    """
    loaded = opened.load(network)
    image = loaded.picture(picture)[None]
    probabilities, logits = opened.forward(loaded, image)[0], opened.logits(loaded, image)[0]
    return Prediction(probabilities, logits, loaded.classes or (), loaded.height, loaded.width)


def answers(network: str, dataset: str) -> Answers:
    """Return what a classifier says about every test picture of a data set.

    Raises:
        InputError: The network is a bare backbone, or it or the data set unknown.
        RunNotFound: The run has no classifier.

    Cost: a forward pass for each, about 1 s for 300 pictures with Frame8.
    """
    loaded, index = opened.load(network), test_pictures(network, dataset)
    pictures = images.resize(datasets.load(dataset).images[index], loaded.height, loaded.width)
    probabilities = opened.forward(loaded, pictures)
    return Answers(dataset, index, probabilities.argmax(axis=1), probabilities.max(axis=1), loaded.classes or ())


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


def layer_features(network: str, layers: Sequence[str], dataset: str, progress: Progress) -> list[NDArray[np.float32]]:
    """Return each layer's answer to every picture, averaged over positions, one float32 (N, C) a layer.

    Args:
        network: A network id.
        layers: Names of its layers.
        dataset: Id of the data set.
        progress: Hears what share is done.

    Raises:
        InputError: Unknown network, layer or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass up to the deepest of the layers per picture.
    """
    loaded = opened.load(network)
    answer = opened.layer_function(loaded, tuple(layers))
    everything = datasets.load(dataset).images
    chunk = pictures_per_pass(loaded.model)
    parts: list[list[NDArray[np.float32]]] = [[] for _ in layers]
    for start in range(0, len(everything), chunk):
        if start % (8 * chunk) == 0:
            progress.event(
                share=start / len(everything), note=f"Picture {grouped(start)} of {grouped(len(everything))}"
            )
        progress.check()
        batch = images.resize(everything[start : start + chunk], loaded.height, loaded.width)
        for part, maps in zip(parts, answer(batch), strict=True):
            part.append(maps.mean(axis=(1, 2)) if maps.ndim == 4 else maps.reshape(len(maps), -1))
    return [np.concatenate(part) for part in parts]
