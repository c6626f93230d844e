"""Gradients of one class: saliency, SmoothGrad, integrated gradients, Grad-CAM and guided backpropagation.

Gradients are of the logit or the probability of a class with respect to the pixels, in steps of 1 in 0-255, the
preprocessing inside the network included. Every function works through batches of bounded size. The methods take the
network, the picture (H, W, 3) uint8 at the size it takes, the question and a `Progress`, which is asked before every
batch whether to go on; they refuse what the network or the question does not offer with an InputError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.attribution.maps import BASELINES, COMPLETE, Attribution, ExplanationSpec
from models.attribution.scales import upsample
from models.errors import InputError
from models.features.worker import backward
from models.networks.worker import answers, opened
from models.occlusion.occlusion import filling
from models.storage.progress import SILENT, Progress
from models.training.worker.examples import pictures_per_pass

_ACTIVATIONS = 160e6  # bytes of all outputs of a batch: a gradient needs them all at once
_STEPS = 16  # of integrated gradients to begin with, and as many more at a time
Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


def check(network: opened.Network, spec: ExplanationSpec) -> None:
    """Raise InputError unless the network has such a score of such a class."""
    answers.score_function(network, spec.score, spec.class_index)


def _scores(network: opened.Network, features: Any, classes: Any, score: str) -> Any:
    """Return the score (N,) of each picture's class from what its last layer reads."""
    dense = network.model.layers[-1]
    logits = tf.matmul(features, dense.kernel) + dense.bias
    outputs = tf.nn.softmax(logits) if score == "probability" else logits
    return tf.gather(outputs, classes, batch_dims=1)


def gradients(
    network: opened.Network, pictures: Floats, classes: NDArray[Any], score: str, progress: Progress = SILENT
) -> tuple[Floats, Floats]:
    """Return the score (N,) of each picture's class, and its gradient (N, H, W, 3), float32.

    Args:
        network: A classifier.
        pictures: (N, H, W, 3) float32, 0-255.
        classes: (N,) class numbers.
        score: "probability" or "logit".
        progress: Asked before every batch whether to go on.

    Cost: N forward and backward passes, about three forward passes each.
    """

    def make() -> Callable[[Any, Any], list[Any]]:
        model = keras.Model(network.model.input, network.model.layers[-1].input)

        def both(images: Any, wanted: Any) -> list[Any]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                scores = _scores(network, model(images, training=False), wanted, score)
            return [scores, tape.gradient(scores, images)]

        return both

    call = opened.traced(network, ("/gradient", score), make, tf.TensorSpec([None], tf.int32))
    parts = []
    for start in range(0, len(pictures), size := _per_pass(network.model)):
        progress.check()
        parts.append(call(pictures[start : start + size], np.asarray(classes[start : start + size], np.int32)))
    scores, found = zip(*parts, strict=True)
    return np.concatenate(scores), np.concatenate(found)


def _per_pass(model: keras.Model) -> int:
    """Return how many pictures make a pass and its gradient: few where all outputs together are large."""
    values = sum(math.prod(layer.output.shape[1:]) for layer in model.layers)
    return max(1, min(pictures_per_pass(model), int(_ACTIVATIONS / (4 * values))))


def saliency(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return each pixel's largest |gradient| over the channels.

    Cost: 2 gradients.
    Source: Simonyan et al., 2014, arXiv 1312.6034.
    """
    return _averaged("saliency", network, picture, replace(spec, samples=1, noise=0), progress)


def smoothgrad(
    network: opened.Network,
    picture: Picture,
    spec: ExplanationSpec,
    progress: Progress = SILENT,
    seed: int = 0,
) -> Attribution:
    """Return each pixel's largest |gradient| over the channels, the gradient averaged over noisy copies.

    The average is that of the signed gradients, and the largest magnitude is taken afterwards, as the authors do.
    Averaging magnitudes, as some libraries do, is another method: its noise never cancels. The noise (standard
    deviation `spec.noise` % of the picture's largest less its smallest value) is not clipped to 0-255, which would
    shift its mean.

    Cost: `spec.samples` + 1 gradients.
    Source: Smilkov et al., 2017, arXiv 1706.03825.
    """
    return _averaged("smoothgrad", network, picture, spec, progress, seed)


def _averaged(
    method: str, network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress, seed: int = 0
) -> Attribution:
    """Return the largest magnitude over the channels of the mean gradient of `spec.samples` noisy copies."""
    check(network, spec)
    samples, noise = spec.samples, spec.noise
    if samples < 1 or noise < 0:
        raise InputError(f"Expected at least 1 copy and noise of 0% or more. Received {samples} and {noise}%.")
    random = np.random.default_rng(seed)
    deviation = noise / 100 * float(np.ptp(picture))
    size = _per_pass(network.model)
    total = np.zeros(picture.shape)
    for start in range(0, samples, size):
        copies = np.repeat(picture[None].astype(np.float32), min(size, samples - start), axis=0)
        if deviation:
            copies += random.normal(0, deviation, copies.shape).astype(np.float32)
        _, found = gradients(network, copies, np.full(len(copies), spec.class_index), spec.score, progress)
        total += found.sum(axis=0, dtype=np.float64)
    [base], _ = gradients(network, picture[None].astype(np.float32), np.array([spec.class_index]), spec.score, progress)
    values = np.abs(total / samples).max(axis=-1).astype(np.float32)
    return Attribution(method, values, float(base), samples + 1)


def baseline_picture(picture: Picture, baseline: str) -> Picture:
    """Return the picture (H, W, 3) uint8 from which integrated gradients start; "blur" has sigma an eighth of the side.

    Raises:
        InputError: Another baseline.
    """
    if baseline not in BASELINES:
        raise InputError(f"Expected the baseline to be one of {', '.join(BASELINES)}. Received {baseline!r}.")
    if baseline == "black":
        return np.zeros_like(picture)
    return filling(picture, baseline, max(min(picture.shape[:2]) // 4, 1))


def integrated_gradients(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return what each pixel adds to the score between a baseline and the picture, summed over the channels.

    The trapezoidal rule over even steps misses jumps of the gradient, of which a network with ReLUs has many. Every
    step's own share of the miss is known (its scores must differ by what its gradients promise), so the steps that
    miss most are halved, again and again, until the attributions add up to the difference of the scores within
    `COMPLETE`, or there are `spec.steps`; `Attribution.gap` says how well they do.

    Cost: steps + 1 gradients.
    Source: Sundararajan et al., 2017, arXiv 1703.01365.
    """
    check(network, spec)
    start = baseline_picture(picture, spec.baseline).astype(np.float32)
    way = picture.astype(np.float32) - start

    def at(shares: NDArray[np.float64]) -> tuple[Floats, Floats]:
        points = start + shares[:, None, None, None].astype(np.float32) * way
        return gradients(network, points, np.full(len(shares), spec.class_index), spec.score, progress)

    shares = np.linspace(0, 1, min(_STEPS, spec.steps) + 1)
    scores, slopes = at(shares)
    while True:
        promised = (slopes * way).sum(axis=(1, 2, 3), dtype=np.float64)
        missed = np.diff(scores) - (promised[1:] + promised[:-1]) / 2 * np.diff(shares)
        due, steps = float(scores[-1]) - float(scores[0]), len(shares) - 1
        if abs(missed.sum()) <= COMPLETE * abs(due) or steps >= spec.steps:
            break
        worst = np.sort(np.argsort(-np.abs(missed), kind="stable")[: min(_STEPS, spec.steps - steps)])
        new = (shares[worst] + shares[worst + 1]) / 2
        found = at(new)
        shares = np.insert(shares, worst + 1, new)
        scores, slopes = (
            np.insert(old, worst + 1, more, axis=0) for old, more in zip((scores, slopes), found, strict=True)
        )
    means = (slopes[1:] + slopes[:-1]) / 2 * np.diff(shares)[:, None, None, None]
    values = (way * means.sum(axis=0, dtype=np.float64)).sum(axis=-1)
    return Attribution(
        "integrated",
        values.astype(np.float32),
        score=float(scores[-1]),
        n_gradients=steps + 1,
        baseline_score=float(scores[0]),
        total=float(values.sum()),
        steps=steps,
    )


def default_layer(network: opened.Network) -> str:
    """Return the last layer before the head whose maps have positions, after their ReLU; not a pooled one."""
    maps = [layer for layer in network.model.layers if len(layer.output.shape) == 4]
    while maps and len(getattr(maps[0], "kernel", np.zeros(0)).shape) != 4:  # what prepares the picture
        maps.pop(0)
    pools = keras.layers.MaxPooling2D, keras.layers.AveragePooling2D
    fit = [layer for layer in maps if tuple(layer.output.shape[1:3]) != (1, 1) and not isinstance(layer, pools)]
    return str((fit or maps)[-1].name) if maps else ""


def _cam_function(network: opened.Network, layer: str, score: str) -> Callable[..., list[NDArray[Any]]]:
    """Return the function of (pictures, classes) to [scores (N,), weighted sums of the layer's maps (N, h, w)]."""

    def make() -> Callable[[Any, Any], list[Any]]:
        model = keras.Model(
            network.model.input, [network.model.get_layer(layer).output, network.model.layers[-1].input]
        )

        def cam(images: Any, wanted: Any) -> list[Any]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                maps, features = model(images, training=False)
                scores = _scores(network, features, wanted, score)
            weights = tf.reduce_mean(tape.gradient(scores, maps), axis=(1, 2), keepdims=True)
            return [scores, tf.reduce_sum(weights * maps, axis=-1)]

        return cam

    return opened.traced(network, ("/cam", score, layer), make, tf.TensorSpec([None], tf.int32))


def grad_cam(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return the positive part of a layer's maps, each weighted by the mean of its gradient, enlarged bilinearly.

    The layer is `spec.layer`, `default_layer` where that is empty; it must have more than one position.

    Cost: one gradient.
    Source: Selvaraju et al., 2017, arXiv 1610.02391.
    """
    check(network, spec)
    progress.check()
    layer = spec.layer or default_layer(network)
    known = {found.name: found for found in network.model.layers}
    if layer not in known:
        raise InputError(f"Expected a layer of the network. Received {layer[:60]!r}.")
    shape = known[layer].output.shape
    if len(shape) != 4 or tuple(shape[1:3]) == (1, 1):
        raise InputError(
            f"Grad-CAM weighs maps that have positions. Expected a layer with more than one. Received {layer!r}, "
            f"whose values are {'x'.join(str(size) for size in shape[1:])}."
        )
    scores, sums = _cam_function(network, layer, spec.score)(
        picture[None].astype(np.float32), np.array([spec.class_index], np.int32)
    )
    values = upsample(np.maximum(sums[0], 0), (network.height, network.width), "bilinear")
    return Attribution("gradcam", values, float(scores[0]), n_gradients=1, coarse=sums[0], layer=layer)


def guided(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return each pixel's largest |signal| over the channels, carried back from the class by the guided rule.

    It begins at the logit, whatever the score.

    Cost: 2 gradients.
    Source: Springenberg et al., 2015, arXiv 1412.6806.
    """
    check(network, spec)
    last, unit = network.model.layers[-1].name, np.array([[0, 0, spec.class_index]])
    signal = backward.project(network, last, picture[None], unit, "guided", progress)[0]
    score = answers.score_function(network, spec.score, spec.class_index)(picture[None])[0]
    return Attribution("guided", np.abs(signal).max(axis=-1), float(score), n_gradients=1)
