"""Values inside a network carried back to the pixels.

Three rules say what a ReLU lets through on the way back. With z its input and s the signal that arrives:

    gradient        s where z > 0                 how the value changes with the pixels
    deconvolution   s where s > 0                 Zeiler and Fergus: the ReLU is applied to the signal
    guided          s where z > 0 and s > 0       Springenberg et al.: both

Everything else is the gradient: convolutions are transposed, max pooling returns the signal to the place it took the
largest value from (the first of equals: the deconvolution's switches), BatchNorm multiplies by its scale.

The rules are defined for ReLU and ReLU6, as layers and inside a convolution or dense layer. Other nonlinearities
(swish, hard-swish, sigmoid, leaky ReLU) have no such rule; there the gradient is taken, and `rules` says so.

Sources: Zeiler and Fergus, Visualizing and understanding convolutional networks, 2013; Springenberg et al., Striving
for simplicity, 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.typing import NDArray

from models.backbones.worker.graphs import source
from models.errors import InputError
from models.features.backward import RULES, BackwardViews, Projections
from models.networks.worker import opened
from models.pictures import datasets, images
from models.storage.progress import SILENT, Progress
from models.training.worker.examples import pictures_per_pass

_WEIGHTED = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)
_CEILINGS = {"relu": None, "relu6": 6.0}


def differentiable(network: keras.Model, outputs: Sequence[Any], rule: str) -> Callable[[Any], list[Any]]:
    """Return a function of a batch of pictures to `outputs` whose gradient in a `tf.GradientTape` follows `rule`.

    The forward pass is that of the network in inference mode. An output that is a softmax is read before it: what the
    network says of a class, not of all others.

    Args:
        network: One flat functional graph.
        outputs: Symbolic tensors of it.
        rule: One of `RULES`.

    Raises:
        InputError: Another rule.
    """
    if rule not in RULES:
        raise InputError(f"Expected a rule out of {', '.join(RULES)}. Received {rule[:40]!r}.")
    part = keras.Model(network.input, list(outputs))
    ends = {source(tensor) for tensor in outputs}

    def forward(images: Any) -> list[Any]:
        values = {source(network.input): images}
        for layer in part.operations:  # in the order of computation; by default in inference mode
            if not isinstance(layer, layers.InputLayer):
                inputs = keras.tree.map_structure(lambda tensor: values[source(tensor)], layer.input)
                values[layer.name] = _output(layer, inputs, rule, last=layer.name in ends)
        return [values[source(tensor)] for tensor in outputs]

    return forward


def rules(network: keras.Model, layer: str) -> tuple[int, tuple[str, ...]]:
    """Return how many ReLUs lie below and in a layer, and which other nonlinearities, to which no rule applies."""
    part = keras.Model(network.input, network.get_layer(layer).output)
    rectified, others = 0, set()
    for operation in part.layers:
        name = nonlinearity(operation)
        if name in _CEILINGS:
            rectified += 1
        elif name not in ("linear", "softmax"):
            others.add(name)
    return rectified, tuple(sorted(others))


def nonlinearity(layer: Any) -> str:
    """Return the name of what a layer does besides its linear part; "linear" for nothing."""
    if isinstance(layer, layers.ReLU):
        plain = not layer.negative_slope and not layer.threshold
        return ("relu" if layer.max_value is None else "relu6") if plain else "leaky relu"
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))


def _output(layer: Any, inputs: Any, rule: str, *, last: bool) -> Any:
    """Return what a layer makes of its inputs, its ReLU replaced by one with the backward rule."""
    name = nonlinearity(layer)
    if name == "softmax" and last:
        return linear(layer, inputs)
    if rule == "gradient" or name not in _CEILINGS:
        return layer(inputs)
    ceiling = layer.max_value if isinstance(layer, layers.ReLU) else _CEILINGS[name]
    return _rectifier(rule, ceiling)(linear(layer, inputs))


def linear(layer: Any, inputs: Any) -> Any:
    """Return what a layer gives before its nonlinearity."""
    if not isinstance(layer, _WEIGHTED):
        return inputs
    if isinstance(layer, layers.Dense):
        sums = ops.matmul(inputs, layer.kernel)
    else:
        convolve = ops.depthwise_conv if isinstance(layer, layers.DepthwiseConv2D) else ops.conv
        sums = convolve(inputs, layer.kernel, layer.strides, layer.padding, layer.data_format, layer.dilation_rate)
    return sums + layer.bias if layer.use_bias else sums


def _rectifier(rule: str, ceiling: float | None) -> Callable[[Any], Any]:
    """Return min(max(z, 0), ceiling) as a function whose gradient follows "deconvolution" or "guided"."""

    def rectify(z: Any) -> tuple[Any, Callable[[Any], Any]]:
        answer = tf.nn.relu(z) if ceiling is None else tf.clip_by_value(z, 0.0, ceiling)

        def back(signal: Any) -> Any:
            positive = tf.nn.relu(signal)
            if rule == "deconvolution":
                return positive
            open_ = z > 0 if ceiling is None else (z > 0) & (z < ceiling)
            return tf.where(open_, positive, 0.0)

        return answer, back

    rectifier: Callable[[Any], Any] = tf.custom_gradient(rectify)
    return rectifier


def project(
    network: opened.Network,
    layer: str,
    pictures: NDArray[Any],
    units: NDArray[Any],
    rule: str,
    progress: Progress = SILENT,
) -> NDArray[np.float32]:
    """Return the signal (N, H, W, 3) float32 at the pixels for one value of a layer in each picture.

    The signal starts as 1 at that value and 0 at all others, so that with the rule "gradient" the result is the value's
    gradient with respect to the pixels in 0-255.

    Args:
        network: Any network.
        layer: Name of one of its layers.
        pictures: (N, H, W, 3), 0-255, at the size the network takes.
        units: (N, 3) integers: row, column and channel of the value; row and column 0 for dense layers.
        rule: One of `RULES`.
        progress: Checked before every batch.

    Raises:
        InputError: The network has no such layer or value, or there is no such rule.

    Cost: N forward and backward passes up to the layer, about three forward passes each.
    """
    choices = {known.name: known for known in network.model.layers}
    if layer not in choices:
        raise InputError(f"Expected a layer of the network. Received {layer[:60]!r}.")
    units, shape = np.asarray(units, np.int32).reshape(-1, 3), choices[layer].output.shape[1:]
    sizes = tuple(shape) if len(shape) == 3 else (1, 1, shape[-1])
    if (units < 0).any() or (units >= sizes).any():
        raise InputError(f"Expected rows, columns and channels below {sizes}. Received {units.max(axis=0).tolist()}.")
    output = choices[layer].output

    def make() -> Callable[[Any, Any], list[Any]]:
        forward = differentiable(network.model, [output], rule)

        def back(images: Any, places: Any) -> list[Any]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                [values] = forward(images)
            flat = (places[:, 0] * sizes[1] + places[:, 1]) * sizes[2] + places[:, 2]
            start = tf.reshape(tf.one_hot(flat, int(np.prod(sizes))), tf.shape(values))
            return [tape.gradient(values, images, output_gradients=start)]

        return back

    call = opened.traced(network, ("/project", rule, layer), make, tf.TensorSpec([None, 3], tf.int32))
    found = np.empty((len(pictures), network.height, network.width, 3), np.float32)
    step = pictures_per_pass(network.model)
    for start in range(0, len(pictures), step):
        progress.check()
        found[start : start + step] = call(pictures[start : start + step], units[start : start + step])[0]
    return found


def projections(
    network: str, layer: str, channel: int, dataset: str, places: Sequence[Sequence[int]], rule: str
) -> Projections:
    """Return what of some pictures reaches one channel's value at one place of each.

    Args:
        network, layer, channel: The unit.
        dataset: Id of the data set.
        places: (picture, row, col) of each value.
        rule: One of `RULES`.

    Raises:
        InputError: Something of it does not exist.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward and backward pass per place, about three forward passes each.
    """
    loaded = opened.load(network)
    chosen = np.stack([datasets.picture(dataset, picture) for picture, _, _ in places])
    units = np.array([(row, col, channel) for _, row, col in places])
    pictures = images.resize(chosen, loaded.height, loaded.width)
    signal = project(loaded, layer, pictures, units, rule)
    return Projections(signal, *rules(loaded.model, layer))


def backward_views(network: str, layer: str, channel: int, picture: str) -> BackwardViews:
    """Return the channel's strongest value in the picture (of a class, its logit) and each rule's signal at the pixels.

    Raises:
        InputError: Unknown network, layer or channel.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: four passes forward and three backward, up to the layer.
    """
    loaded = opened.load(network)
    image = loaded.picture(picture)[None]
    [answer] = opened.layer_function(loaded, (layer,))(image)
    if nonlinearity(loaded.model.get_layer(layer)) == "softmax":
        answer = opened.logits(loaded, image)  # what the rules start from
    maps = answer[0] if answer.ndim == 4 else answer.reshape(1, 1, -1)
    if not 0 <= channel < maps.shape[2]:
        raise InputError(f"Expected a channel of {layer} from 0 to {maps.shape[2] - 1}. Received {channel}.")
    values = maps[..., channel]
    row, col = (int(place) for place in np.unravel_index(int(np.nanargmax(values)), values.shape))
    unit = np.array([[row, col, channel]])
    signals = {rule: project(loaded, layer, image, unit, rule)[0] for rule in RULES}
    n_rectified, others = rules(loaded.model, layer)
    return BackwardViews(row, col, float(values[row, col]), **signals, n_rectified=n_rectified, others=others)
