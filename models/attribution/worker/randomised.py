"""Weights made random: a copy of a network loses them from the head down, and its maps are followed.

The network that everybody shares is never touched. Started again after a kill, it begins anew and comes to the same
result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from models.attribution.maps import TESTED, Attribution, ExplanationSpec
from models.attribution.pointing import rank_correlation, structural_similarity
from models.attribution.randomised import TRAINED, Level, RandomisedResult, RandomisedSpec, levels
from models.attribution.worker import explain
from models.networks import layers as networks_layers
from models.networks.worker import answers, opened
from models.occlusion.occlusion import occlusion_map
from models.pictures import images
from models.storage.progress import SILENT, Checked, Progress
from models.training.worker.examples import pictures_per_pass

Maps = dict[str, NDArray[np.float32]]


def copy_of(network: opened.Network) -> opened.Network:
    """Return the same network with weights of its own."""
    model = keras.models.clone_model(network.model)
    model.set_weights(network.model.get_weights())
    return opened.Network(f"{network.id}/copy", model, network.classes, network.height, network.width)


def randomise(model: keras.Model, layers: Sequence[str], random: np.random.Generator) -> None:
    """Give the layers new weights: kernels after He, scales and variances 1, biases, shifts and means 0.

    Not the numbers that the training began with: those a trained network still resembles.
    """
    for layer in (model.get_layer(name) for name in layers):
        fresh = []
        for weight in layer.weights:
            name, shape = weight.path.rsplit("/", 1)[-1], tuple(weight.shape)
            if name in ("gamma", "moving_variance", "scale"):
                fresh.append(np.ones(shape, np.float32))
            elif len(shape) < 2:
                fresh.append(np.zeros(shape, np.float32))
            else:
                inputs = (
                    math.prod(shape[:2]) if isinstance(layer, keras.layers.DepthwiseConv2D) else math.prod(shape[:-1])
                )
                fresh.append(random.normal(0, math.sqrt(2 / inputs), shape).astype(np.float32))
        if fresh:
            layer.set_weights(fresh)


def occlusion(
    network: opened.Network, picture: NDArray[np.uint8], spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return the occlusion map by whole forward passes: what is kept for windows would be of the old weights.

    The squares are a quarter of the side, every eighth of it.
    """
    side = min(picture.shape[:2])
    found = occlusion_map(
        answers.score_function(network, spec.score, spec.class_index), picture,
        patch=max(side // 4, 1), stride=max(side // 8, 1), fill="mean", batch=pictures_per_pass(network.model),
        progress=Checked(progress.check),
    )  # fmt: skip
    return Attribution("occlusion", found.drop, found.base_score)


def follow(
    network: opened.Network,
    parts: Sequence[Level],
    pictures: Sequence[NDArray[np.uint8]],
    classes: Sequence[int],
    seed: int,
    progress: Progress = SILENT,
) -> tuple[tuple[str, ...], NDArray[np.float16], NDArray[np.float32], NDArray[np.float32]]:
    """Return what becomes of the maps of pictures, each of its own class, as a copy of a network becomes random.

    Returns:
        Ids of the methods (M,), and the fields of `RandomisedResult`: `strips` (M, L, H, W), `rank` and `structure`
        together (2, M, L, P), and `unrelated` (M, P).
    """
    copy, random = copy_of(network), np.random.default_rng(seed)
    specs = [ExplanationSpec(network.id, "", "logit", class_index).with_fewest() for class_index in classes]
    trained: list[Maps] = []
    strips, alike = [], []
    for number in range(len(parts) + 1):
        if number:
            randomise(copy.model, parts[number - 1].layers, random)
        level: list[Maps] = []
        for at, (picture, spec) in enumerate(zip(pictures, specs, strict=True)):
            done = (number + at / len(pictures)) / (len(parts) + 1)
            words = f"Random down to {parts[number - 1].title}, picture {at + 1}" if number else "Maps as trained"
            progress.event(share=done, note=words)
            level.append(explain.maps_of(copy, picture, spec, progress, TESTED, changing=True))
        trained = trained or level
        strips.append([_scaled(level[0][method]) for method in trained[0]])
        alike.append([[_similarity(trained[p][m], level[p][m]) for p in range(len(level))] for m in trained[0]])
    shifted = [*trained[1:], trained[0]]
    unrelated = [[_similarity(a[m], b[m])[0] for a, b in zip(trained, shifted, strict=True)] for m in trained[0]]
    return (
        tuple(trained[0]),
        np.array(strips, np.float16).swapaxes(0, 1),
        np.moveaxis(np.array(alike, np.float32), (3, 1), (0, 1)),
        np.array(unrelated, np.float32),
    )


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    largest = float(np.abs(np.nan_to_num(values, posinf=0, neginf=0)).max())
    return np.asarray(np.nan_to_num(values / (largest or 1.0), posinf=0, neginf=0), np.float32)


def _similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[float, float]:
    """Return rank correlation and SSIM of the magnitudes of two maps, NaN where they have none."""
    magnitudes = np.abs(first), np.abs(second)
    found = rank_correlation(*magnitudes), structural_similarity(*magnitudes)
    rank, structure = (np.nan if value is None else value for value in found)
    return rank, structure


def measure(spec: RandomisedSpec, progress: Progress = SILENT) -> RandomisedResult:
    """Return how the maps of a picture, and of some test pictures beside it, change as the weights become random.

    The test pictures' maps explain the class that the trained network answers.

    Raises:
        InputError: The network is a bare backbone, or has no such class.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    network = opened.load(spec.network)
    answers.score_function(network, "logit", spec.class_index)  # refuses what the network has not
    others = spec.others
    pictures = [
        images.resize(images.load_picture(picture), network.height, network.width)
        for picture in (spec.picture, *others)
    ]
    answered = opened.forward(network, np.stack(pictures[1:])).argmax(axis=1)
    parts = levels(networks_layers.layers(spec.network))
    methods, strips, alike, unrelated = follow(
        network, parts, pictures, [spec.class_index, *answered.tolist()], spec.seed, progress
    )
    return RandomisedResult(
        network=spec.network,
        picture=spec.picture,
        levels=(TRAINED, *(part.title for part in parts)),
        methods=methods,
        strips=strips,
        rank=alike[0],
        structure=alike[1],
        unrelated=unrelated,
        seed=spec.seed,
        others=others,
    )
