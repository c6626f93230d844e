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


def freeze(network: keras.Model, trainable: Collection[str], batch_norm: str, otherwise: Collection[str] = ()) -> None:
    """Set `trainable` on every layer of a flat network: the head and the named layers learn, the rest is frozen.

    Args:
        network: One flat functional graph.
        trainable: Names of backbone layers that learn.
        batch_norm: "hold" or "train", for BatchNorm among `trainable`; the head's own always learns.
        otherwise: Layers in which BatchNorm does the other of the two.
    """
    network.trainable = True  # else the network's own flag would override its layers'
    for layer in network.layers:
        held = isinstance(layer, layers.BatchNormalization) and (batch_norm == "hold") != (layer.name in otherwise)
        layer.trainable = layer.name.startswith(HEAD) or (layer.name in trainable and not held)


def _moves(operation: Any) -> bool:
    """Return whether the same input gives another output later: it learns, or it is the head's dropout."""
    if operation.name.startswith(HEAD) and isinstance(operation, layers.Dropout):
        return True
    return bool(getattr(operation, "trainable_variables", ()))


def tensors_of(value: Any) -> list[Any]:
    """Return the symbolic tensors in `value`: one, or a nest of them."""
    return list(keras.tree.flatten(value))


def source(tensor: Any) -> str:
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
        inputs = tensors_of(operation.input)
        if not _moves(operation) and not any(source(tensor) in moving for tensor in inputs):
            weighted = weighted or bool(getattr(operation, "weights", ()))
            continue
        moving.add(operation.name)
        boundary.update({source(tensor): tensor for tensor in inputs if source(tensor) not in moving})
    tensors = list(boundary.values())
    prefix = keras.Model(network.input, tensors, name="prefix")
    tail = keras.Model(tensors, network.outputs[0], name="tail")
    return Split(prefix, tail, tuple(boundary), weighted)


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
