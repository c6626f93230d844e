"""Freezing: which layers learn, what lies below all of them, and the proof that frozen weights stayed as they were.

Imports Keras: only workers use this module.

Three rules, because Keras alone does not enforce them:

- A frozen BatchNorm layer has `trainable = False`; only that makes it use and keep its moving statistics
  (`backbone(x, training=False)` is forgotten as soon as layers are unfrozen).
- In layers that learn, BatchNorm does what the recipe says: "hold" keeps it frozen, "train" lets it move.
- What lies below the first layer that learns (the frozen prefix) always runs in inference mode.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from models.training_results import WeightChange

HEAD = "head_"  # every layer of the head starts with it, no layer of a backbone does
_FOLDABLE = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)


@dataclass(frozen=True, slots=True)
class Split:
    """A network cut at the frozen boundary: `tail(prefix(x))` is the whole network.

    Attributes:
        prefix: From the pictures to the boundary tensors (a list of one or more); nothing in it learns.
        tail: From the boundary tensors to the probabilities.
        boundary: Names of the layers whose outputs cross the boundary.
        weighted: The prefix has weights: keeping its output saves work.
    """

    prefix: keras.Model
    tail: keras.Model
    boundary: tuple[str, ...]
    weighted: bool


def freeze(network: keras.Model, trainable: Collection[str], batch_norm: str) -> None:
    """Set `trainable` on every layer of a flat network: the head and the named layers learn, the rest is frozen.

    Args:
        network: One flat functional graph.
        trainable: Names of backbone layers that learn.
        batch_norm: "hold" or "train", for BatchNorm among `trainable`; the head's own always learns.
    """
    network.trainable = True  # else the network's own flag would override its layers'
    for layer in network.layers:
        held = isinstance(layer, layers.BatchNormalization) and batch_norm == "hold"
        layer.trainable = layer.name.startswith(HEAD) or (layer.name in trainable and not held)


def _moves(operation: Any) -> bool:
    """Return whether the same input gives another output later: it learns, or it is the head's dropout."""
    if operation.name.startswith(HEAD) and isinstance(operation, layers.Dropout):
        return True
    return bool(getattr(operation, "trainable_variables", ()))


def _tensors(value: Any) -> list[Any]:
    return list(keras.tree.flatten(value))


def _source(tensor: Any) -> str:
    """Return the name of the operation that made a symbolic tensor."""
    return str(tensor._keras_history.operation.name)


def split_at_frozen(network: keras.Model) -> Split:
    """Return `network` cut below the first operation that moves, for any graph without loops.

    Several tensors may cross the boundary (a skip connection, for example). Layers keep their weights: prefix, tail and
    network share them.
    """
    moving: set[str] = set()
    boundary: dict[str, Any] = {}
    weighted = False
    for operation in network.operations:  # in the order of computation
        if isinstance(operation, layers.InputLayer):
            continue
        inputs = _tensors(operation.input)
        if not _moves(operation) and not any(_source(tensor) in moving for tensor in inputs):
            weighted = weighted or bool(getattr(operation, "weights", ()))
            continue
        moving.add(operation.name)
        boundary.update({_source(tensor): tensor for tensor in inputs if _source(tensor) not in moving})
    tensors = list(boundary.values())
    prefix = keras.Model(network.input, tensors, name="prefix")
    tail = keras.Model(tensors, network.outputs[0], name="tail")
    return Split(prefix, tail, tuple(boundary), weighted)


def _batch_norms_to_fold(network: keras.Model) -> dict[str, str]:
    """Return {convolution or dense layer: the BatchNorm that alone reads its linear output}."""
    readers: dict[str, list[Any]] = {}
    for operation in network.operations:
        if not isinstance(operation, layers.InputLayer):
            for tensor in _tensors(operation.input):
                readers.setdefault(_source(tensor), []).append(operation)
    leaving = {_source(tensor) for tensor in network.outputs}
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
    pairs = _batch_norms_to_fold(network)
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
            fast.get_layer(layer.name).set_weights(_folded(layer, network.get_layer(pairs[layer.name])))
        elif layer.weights and layer.name not in folded:
            fast.get_layer(layer.name).set_weights(layer.get_weights())
    return fast


def _folded(layer: Any, norm: Any) -> list[np.ndarray]:
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


def weights_by_layer(network: keras.Model) -> dict[str, list[np.ndarray]]:
    """Return a copy of every layer's weights, {name: arrays in Keras's order}."""
    return {layer.name: layer.get_weights() for layer in network.layers if layer.weights}


def weight_change(
    network: keras.Model, before: Mapping[str, Sequence[np.ndarray]], blocks: Mapping[str, str]
) -> tuple[WeightChange, ...]:
    """Return how far every layer of `network` moved from `before` (`weights_by_layer` at the start).

    Args:
        network: After training.
        before: {layer: weights} before it.
        blocks: {backbone layer: block}; the head's layers belong to "head".
    """
    return tuple(
        _change(layer, before[layer.name], blocks.get(layer.name, "")) for layer in network.layers if layer.weights
    )


def _change(layer: Any, before: Sequence[np.ndarray], block: str) -> WeightChange:
    learnt: list[tuple[np.ndarray, np.ndarray]] = []
    statistics: list[tuple[np.ndarray, np.ndarray]] = []
    is_norm = isinstance(layer, layers.BatchNormalization)
    for variable, old in zip(layer.weights, before, strict=True):
        moving_statistic = is_norm and "moving" in variable.name
        (statistics if moving_statistic else learnt).append((variable.numpy(), old))
    head = layer.name.startswith(HEAD)
    size = _length([old for _, old in learnt])
    moved = _length([new - old for new, old in learnt])
    return WeightChange(
        name=layer.name,
        block="head" if head else block,
        part="head" if head else "backbone",
        frozen=not layer.trainable,
        parameters=int(layer.count_params()),
        max_abs_change=_largest(learnt),
        relative_change=moved / size if size else 0.0,
        statistics_max_abs_change=_largest(statistics),
    )


def _length(arrays: Sequence[np.ndarray]) -> float:
    """Return the Euclidean length of all values together."""
    return math.sqrt(math.fsum(float(np.sum(np.square(array, dtype=np.float64))) for array in arrays))


def _largest(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    return max((float(np.max(np.abs(new - old), initial=0.0)) for new, old in pairs), default=0.0)
