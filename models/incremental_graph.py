"""A network as a list of operations that compute windows of maps or whole maps. Imports Keras: only workers use this.

BatchNorm is folded into the layer before it; what is left uses the network's own weights. They stay variables or
captured tensors; as constants they would be copied into every traced function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from models.folding import folded_pairs, folded_weights
from models.freezing import source, tensors_of
from models.incremental_plan import Kind, Node
from models.receptive_field import effective_kernel, same_padding

_SKIPPED = (layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise)  # do nothing in inference
_POINT = (layers.ReLU, layers.LeakyReLU, layers.Activation, layers.Rescaling)
_MERGES = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)
_WHOLE = (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D, layers.Flatten, layers.Reshape, layers.Concatenate)
_NORMS = (layers.BatchNormalization, layers.Normalization)
_WINDOWED = (layers.Conv2D, layers.DepthwiseConv2D, layers.MaxPooling2D, layers.AveragePooling2D)
Run = Callable[[Sequence[Any], bool], Any]  # inputs, whether their padding is there already -> output


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A classifier's operations in the order of computation; the last one gives the logits.

    `runs` computes each by name, in inference mode. `shown_as` tells which node gives the output of a layer; those of
    BatchNorm that was folded and of dropout are others' nodes. `final` turns the logits into the last layer's output.
    """

    nodes: tuple[Node, ...]
    runs: dict[str, Run]
    shown_as: dict[str, str]
    final: Callable[[Any], Any]


def graph(network: keras.Model, unfolded: str = "") -> Graph:
    """Return the operations of a flat functional classifier.

    Args:
        network: Ends in a dense layer, whose activation is left out.
        unfolded: A layer whose own output is wanted, which folding would change.
    """
    pairs = {name: norm for name, norm in folded_pairs(network).items() if name != unfolded}
    norms = {norm: name for name, norm in pairs.items()}
    shown_as: dict[str, str] = {}
    nodes, runs = [], {}
    for layer in network.operations:
        if isinstance(layer, layers.InputLayer):
            shown_as[layer.name] = "image"
            continue
        inputs = tuple(shown_as[source(tensor)] for tensor in tensors_of(layer.input))
        if layer.name in norms or isinstance(layer, _SKIPPED):
            shown_as[layer.name] = inputs[0]
            continue
        shown_as[layer.name] = layer.name
        nodes.append(_node(layer, inputs))
        norm = network.get_layer(pairs[layer.name]) if layer.name in pairs else None
        runs[layer.name] = _run(layer, norm, last=layer is network.operations[-1])
    return Graph(tuple(nodes), runs, shown_as, network.operations[-1].activation)


def _node(layer: Any, inputs: tuple[str, ...]) -> Node:
    shape = _space(layer.output)
    kernel = getattr(layer, "kernel", None)
    macs = float(np.prod(kernel.shape)) * shape[0] * shape[1] if kernel is not None else 0.0
    weight_bytes = int(np.prod(kernel.shape)) * 4 if kernel is not None else 0
    kind = _kind(layer)
    geometry: dict[str, Any] = {}
    if kind == "pad":
        (top, _), (left, _) = layer.padding
        geometry = {"before": (top, left)}
    elif kind == "window":
        geometry = _geometry(layer)
    return Node(layer.name, type(layer).__name__, inputs, kind, shape, macs=macs, weight_bytes=weight_bytes, **geometry)


def _space(tensor: Any) -> tuple[int, int, int]:
    shape = tuple(tensor.shape[1:])
    return shape if len(shape) == 3 else (1, 1, int(np.prod(shape)))


def _kind(layer: Any) -> Kind:
    """Return the kind of a layer; "whole" for every layer that is not known."""
    tensors = tensors_of(layer.input)
    if any(len(tensor.shape) != 4 for tensor in (*tensors, layer.output)) or not _channels_last(layer):
        return "whole"
    kind = type(layer)
    if kind in _MERGES or (kind is layers.Concatenate and layer.axis in (-1, 3)):
        return "merge" if len({_space(tensor)[:2] for tensor in tensors}) == 1 else "whole"
    if kind in _POINT and _elementwise(layer):
        return "point"
    if kind in _NORMS:
        return "point" if layer.axis in (-1, 3, (-1,), (3,)) else "whole"
    if kind is layers.ZeroPadding2D:
        return "pad"
    if kind in _WINDOWED and _windowed(layer):
        geometry = _geometry(layer)
        return "point" if geometry["kernel"] == geometry["stride"] == (1, 1) else "window"
    return "whole"


def _channels_last(layer: Any) -> bool:
    return getattr(layer, "data_format", "channels_last") in (None, "channels_last")


def _elementwise(layer: Any) -> bool:
    """Whether the activation is one of Keras's own, which look at one place only."""
    activation = getattr(layer, "activation", None)
    return activation is None or getattr(activation, "__module__", "").startswith("keras.")


def _windowed(layer: Any) -> bool:
    if layer.padding not in ("same", "valid") or not _elementwise(layer):
        return False
    if isinstance(layer, layers.AveragePooling2D):
        return bool(layer.padding == "valid")  # "same" divides by fewer values at the border
    return getattr(layer, "groups", 1) == 1


def _geometry(layer: Any) -> dict[str, Any]:
    stride = tuple(layer.strides)
    pooled = isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D)
    dilation = (1, 1) if pooled else tuple(layer.dilation_rate)
    side = tuple(layer.pool_size if pooled else layer.kernel_size)
    kernel = tuple(effective_kernel(k, d) for k, d in zip(side, dilation, strict=True))
    before: tuple[int, ...] = (0, 0)
    if layer.padding == "same":
        space = _space(tensors_of(layer.input)[0])[:2]
        before = tuple(same_padding(n, k, s)[0] for n, k, s in zip(space, kernel, stride, strict=True))
    lowest = isinstance(layer, layers.MaxPooling2D)
    return {"kernel": kernel, "stride": stride, "before": before, "lowest": lowest}


def _run(layer: Any, norm: Any, *, last: bool) -> Run:
    """Return the layer as a function of its inputs; windows come with their padding, whole maps without."""
    kind = type(layer)
    if kind in (layers.Conv2D, layers.DepthwiseConv2D) and getattr(layer, "groups", 1) == 1 and _channels_last(layer):
        return _convolution(layer, *_weights(layer, norm))
    if kind is layers.Dense:
        return _dense(layer, *_weights(layer, norm), last=last)
    if kind in (layers.MaxPooling2D, layers.AveragePooling2D) and _channels_last(layer):
        pool = tf.nn.max_pool2d if kind is layers.MaxPooling2D else tf.nn.avg_pool2d
        return lambda xs, padded: pool(xs[0], layer.pool_size, layer.strides, _padding(layer, padded))
    if kind is layers.ZeroPadding2D:
        return lambda xs, padded: xs[0] if padded else layer(xs[0])
    if kind in (*_POINT, *_MERGES, *_NORMS, *_WHOLE):
        options = {"training": False} if kind is layers.BatchNormalization else {}
        return lambda xs, _: layer(xs[0] if len(xs) == 1 else list(xs), **options)
    # Any other kind, with all the arguments of its call; it may read one tensor twice.
    tensors = list({id(tensor): tensor for tensor in tensors_of(layer.input)}.values())
    order = [[id(one) for one in tensors_of(layer.input)].index(id(tensor)) for tensor in tensors]
    alone = keras.Model(tensors, layer.output)
    return lambda xs, _: alone([xs[number] for number in order], training=False)


def _padding(layer: Any, padded: bool) -> str:
    return "VALID" if padded else str(layer.padding).upper()


def _weights(layer: Any, norm: Any) -> tuple[Any, Any]:
    """Return kernel and bias: the layer's own variables, or new tensors with BatchNorm folded in."""
    if norm is None:
        return layer.kernel, layer.bias if layer.use_bias else None
    kernel, bias = folded_weights(layer, norm)
    return tf.constant(kernel), tf.constant(bias)


def _convolution(layer: Any, kernel: Any, bias: Any) -> Run:
    strides, dilations = list(layer.strides), list(layer.dilation_rate)
    depthwise = isinstance(layer, layers.DepthwiseConv2D)

    def run(xs: Sequence[Any], padded: bool) -> Any:
        weights, padding = tf.convert_to_tensor(kernel), _padding(layer, padded)
        if depthwise:
            y = tf.nn.depthwise_conv2d(xs[0], weights, [1, *strides, 1], padding, dilations=dilations)
        else:
            y = tf.nn.conv2d(xs[0], weights, strides, padding, dilations=dilations)
        return layer.activation(y if bias is None else tf.nn.bias_add(y, tf.convert_to_tensor(bias)))

    return run


def _dense(layer: Any, kernel: Any, bias: Any, *, last: bool) -> Run:
    def run(xs: Sequence[Any], _: bool) -> Any:
        y = tf.matmul(xs[0], tf.convert_to_tensor(kernel))
        y = y if bias is None else tf.nn.bias_add(y, tf.convert_to_tensor(bias))
        return y if last else layer.activation(y)

    return run
