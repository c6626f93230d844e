"""The scores a classifier gives, as functions that can be explained.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

import numpy as np

from models import datasets, images, network_layers, networks
from models.errors import InputError
from models.occlusion import SCORES, ScoreFunction
from models.results import Answers, Prediction


def _resized(network: networks.Network, picture_id: str) -> np.ndarray:
    return images.resize(images.load_picture(picture_id), network.height, network.width)


def predict(network_id: str, picture_id: str) -> Prediction:
    """Return what a classifier says about one picture.

    Raises:
        InputError: The network is a bare backbone, or unknown.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
    """
    network = networks.load(network_id)
    picture = _resized(network, picture_id)[None]
    probabilities, logits = networks.forward(network, picture)[0], networks.logits(network, picture)[0]
    return Prediction(probabilities, logits, network.classes or (), network.height, network.width)


def answers(network_id: str, dataset: str) -> Answers:
    """Return what a classifier says about every test picture of a data set.

    Raises:
        InputError: The network is a bare backbone, or it or the data set unknown.
        RunNotFound: The run has no classifier.

    Cost: a forward pass for each, about 1 s for 300 pictures with Frame8.
    """
    network, index = networks.load(network_id), datasets.split(dataset, network_layers.split_seed(network_id)).test
    pictures = images.resize(datasets.load(dataset).images[index], network.height, network.width)
    probabilities = networks.forward(network, pictures)
    return Answers(dataset, index, probabilities.argmax(axis=1), probabilities.max(axis=1), network.classes or ())


def score_function(network: networks.Network, score: str, class_index: int) -> ScoreFunction:
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
    answer = networks.forward if score == "probability" else networks.logits
    return lambda batch: answer(network, batch)[:, class_index]
