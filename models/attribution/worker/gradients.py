"""Saliency, SmoothGrad, integrated gradients and Grad-CAM of one class. Imports Keras: only workers use this module.

Gradients are of the logit or the probability of a class with respect to the pixels, in steps of 1 in 0-255, the
preprocessing inside the network included. Every function works through batches of bounded size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.attribution.maps import BASELINES, COMPLETE, MOST_STEPS, Attribution, upsample
from models.errors import InputError
from models.networks.answers import SCORES
from models.networks.worker import opened
from models.occlusion.occlusion import filling
from models.storage.progress import SILENT, Progress
from models.training.worker.examples import pictures_per_pass

_STEPS = 16  # of integrated gradients to begin with, and as many more at a time
_NOTHING = np.zeros((0, 0), np.float32)
Floats = NDArray[np.float32]


def check(network: opened.Network, score: str, class_index: int) -> None:
    """Raise InputError unless the network has such a score of such a class."""
    if network.classes is None:
        raise InputError("Expected a trained classifier. Received a bare backbone, which has no classes.")
    if score not in SCORES:
        raise InputError(f"Expected the score to be one of {', '.join(SCORES)}. Received {score!r}.")
    if not 0 <= class_index < len(network.classes):
        raise InputError(f"Expected a class number from 0 to {len(network.classes) - 1}. Received {class_index}.")


def _scores(network: opened.Network, features: Any, classes: Any, score: str) -> Any:
    """Return the score (N,) of each picture's class from what its last layer reads."""
    dense = network.model.layers[-1]
    logits = tf.matmul(features, dense.kernel) + dense.bias
    answers = tf.nn.softmax(logits) if score == "probability" else logits
    return tf.gather(answers, classes, batch_dims=1)


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
    for start in range(0, len(pictures), size := pictures_per_pass(network.model)):
        progress.check()
        parts.append(call(pictures[start : start + size], np.asarray(classes[start : start + size], np.int32)))
    scores, found = zip(*parts, strict=True)
    return np.concatenate(scores), np.concatenate(found)


def saliency(
    network: opened.Network,
    picture: NDArray[np.uint8],
    score: str,
    class_index: int,
    *,
    samples: int = 1,
    noise: float = 0.0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Attribution:
    """Return each pixel's largest |gradient| over the channels; SmoothGrad where `samples` > 1.

    SmoothGrad averages the signed gradients of noisy copies and takes the largest magnitude afterwards, as its authors
    do. Averaging magnitudes, as some libraries do, is another method: its noise never cancels. The noise is not
    clipped to 0-255, which would shift its mean.

    Args:
        network: A classifier.
        picture: (H, W, 3) uint8 at the size it takes.
        score: "probability" or "logit".
        class_index: Number of the class.
        samples: Noisy copies.
        noise: Their standard deviation in % of the picture's range (largest less smallest value).
        seed: Of the noise.
        progress: Asked before every batch whether to go on.

    Raises:
        InputError: A value outside what is offered.

    Cost: `samples` gradients.
    Source: Simonyan et al., 2014, arXiv 1312.6034; Smilkov et al., 2017, arXiv 1706.03825.
    """
    check(network, score, class_index)
    if samples < 1 or noise < 0:
        raise InputError(f"Expected at least 1 copy and noise of 0 % or more. Received {samples} and {noise} %.")
    random = np.random.default_rng(seed)
    deviation = noise / 100 * float(np.ptp(picture))
    size = pictures_per_pass(network.model)
    total = np.zeros(picture.shape)
    for start in range(0, samples, size):
        copies = np.repeat(picture[None].astype(np.float32), min(size, samples - start), axis=0)
        if deviation:
            copies += random.normal(0, deviation, copies.shape).astype(np.float32)
        _, found = gradients(network, copies, np.full(len(copies), class_index), score, progress)
        total += found.sum(axis=0, dtype=np.float64)
    base, _ = gradients(network, picture[None].astype(np.float32), np.array([class_index]), score, progress)
    values = np.abs(total / samples).max(axis=-1).astype(np.float32)
    method = "smoothgrad" if samples > 1 else "saliency"
    return Attribution(method, values, float(base[0]), samples + 1, np.nan, np.nan, 0, _NOTHING, "")


def baseline_picture(picture: NDArray[np.uint8], baseline: str) -> NDArray[np.uint8]:
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
    network: opened.Network,
    picture: NDArray[np.uint8],
    score: str,
    class_index: int,
    *,
    baseline: str = "mean",
    most_steps: int = MOST_STEPS,
    progress: Progress = SILENT,
) -> Attribution:
    """Return what each pixel adds to the score between a baseline and the picture, summed over the channels.

    The trapezoidal rule over even steps misses jumps of the gradient, of which a network with ReLUs has many. Every
    step's own share of the miss is known (its scores must differ by what its gradients promise), so the steps that
    miss most are halved, again and again, until the attributions add up to the difference of the scores within
    `COMPLETE`, or there are `most_steps`; `Attribution.gap` says how well they do.

    Args:
        network: A classifier.
        picture: (H, W, 3) uint8 at the size it takes.
        score: "probability" or "logit".
        class_index: Number of the class.
        baseline: One of `BASELINES`.
        most_steps: Where it ends, complete or not.
        progress: Asked before every batch whether to go on.

    Raises:
        InputError: A value outside what is offered.

    Cost: steps + 1 gradients.
    Source: Sundararajan et al., 2017, arXiv 1703.01365.
    """
    check(network, score, class_index)
    start = baseline_picture(picture, baseline).astype(np.float32)
    way = picture.astype(np.float32) - start

    def at(shares: NDArray[np.float64]) -> tuple[Floats, Floats]:
        points = start + shares[:, None, None, None].astype(np.float32) * way
        return gradients(network, points, np.full(len(shares), class_index), score, progress)

    shares = np.linspace(0, 1, min(_STEPS, most_steps) + 1)
    scores, slopes = at(shares)
    while True:
        promised = (slopes * way).sum(axis=(1, 2, 3), dtype=np.float64)
        missed = np.diff(scores) - (promised[1:] + promised[:-1]) / 2 * np.diff(shares)
        due, steps = float(scores[-1]) - float(scores[0]), len(shares) - 1
        if abs(missed.sum()) <= COMPLETE * abs(due) or steps >= most_steps:
            break
        worst = np.sort(np.argsort(-np.abs(missed), kind="stable")[: min(_STEPS, most_steps - steps)])
        new = (shares[worst] + shares[worst + 1]) / 2
        found = at(new)
        shares = np.insert(shares, worst + 1, new)
        scores, slopes = (
            np.insert(old, worst + 1, more, axis=0) for old, more in zip((scores, slopes), found, strict=True)
        )
    means = (slopes[1:] + slopes[:-1]) / 2 * np.diff(shares)[:, None, None, None]
    values = (way * means.sum(axis=0, dtype=np.float64)).sum(axis=-1)
    return Attribution(
        "integrated", values.astype(np.float32), float(scores[-1]), steps + 1, float(scores[0]), float(values.sum()),
        steps, _NOTHING, "",
    )  # fmt: skip


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
    network: opened.Network, picture: NDArray[np.uint8], score: str, class_index: int, layer: str = ""
) -> Attribution:
    """Return the positive part of a layer's maps, each weighted by the mean of its gradient, enlarged bilinearly.

    Args:
        network: A classifier.
        picture: (H, W, 3) uint8 at the size it takes.
        score: "probability" or "logit".
        class_index: Number of the class.
        layer: Whose maps; `default_layer` where empty.

    Raises:
        InputError: A value outside what is offered; no such layer, or one without positions or with a single one.

    Cost: one gradient.
    Source: Selvaraju et al., 2017, arXiv 1610.02391.
    """
    check(network, score, class_index)
    layer = layer or default_layer(network)
    known = {found.name: found for found in network.model.layers}
    if layer not in known:
        raise InputError(f"Expected a layer of the network. Received {layer[:60]!r}.")
    shape = known[layer].output.shape
    if len(shape) != 4 or tuple(shape[1:3]) == (1, 1):
        raise InputError(
            f"Grad-CAM weighs maps that have positions. Expected a layer with more than one. Received {layer!r}, "
            f"whose values are {'x'.join(str(size) for size in shape[1:])}."
        )
    scores, sums = _cam_function(network, layer, score)(
        picture[None].astype(np.float32), np.array([class_index], np.int32)
    )
    values = upsample(np.maximum(sums[0], 0), network.height, network.width, "bilinear")
    return Attribution("gradcam", values, float(scores[0]), 1, np.nan, np.nan, 0, sums[0], layer)
