"""The classifier: a backbone and a new head in one flat functional graph; what of it learns, and what stayed as it was.

One graph, not a backbone nested as a layer: every layer can then be reached by name, frozen, cut and explained.

Three rules of freezing, because Keras alone does not enforce them:

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

from models.backbones.worker import build
from models.backbones.worker.graphs import source, tensors_of
from models.pictures import datasets
from models.training.head import PREFIX, HeadLayer, head_layers
from models.training.results import WeightChange
from models.training.spec import HeadSpec, TrainingSpec


def classifier(spec: TrainingSpec) -> keras.Model:
    """Return the classifier that a recipe begins with, one flat graph; the same recipe gives the same bits.

    Raises:
        WeightsUnavailable: It begins with pretrained weights that are not on this machine.
    """
    return attach(backbone(spec), spec.head, len(datasets.get(spec.dataset).classes), spec.seed)


def backbone(spec: TrainingSpec) -> keras.Model:
    """Return the backbone that a recipe begins with, with the mistake in front if the recipe makes one.

    Raises:
        WeightsUnavailable: It begins with pretrained weights that are not on this machine.
    """
    built = build.build(spec.backbone, side=spec.side, weights=spec.weights, seed=spec.seed)
    return build.scaled_twice(built) if spec.preprocessing == "scaled twice" else built


def attach(backbone: keras.Model, head: HeadSpec, n_classes: int, seed: int) -> keras.Model:
    """Return the classifier: `backbone` and the layers of `models.training.head`.

    Args:
        backbone: Ends in maps (N, H, W, C); its layers are used, not copied.
        head: What to put on top.
        n_classes: Units of the softmax.
        seed: Decides the head's weights and its dropout.
    """
    x = maps = backbone.output
    pooled = []
    for row in head_layers(head, maps.shape[1:], n_classes, seed):
        layer = _layer(row, head)
        if row.kind in ("flatten", "average", "max"):
            pooled.append(x := layer(maps))
        else:
            x = layer(pooled if row.kind == "concatenate" else x)
    return keras.Model(backbone.input, x, name="classifier")


def _layer(row: HeadLayer, head: HeadSpec) -> keras.Layer:
    match row.kind:
        case "flatten":
            return layers.Flatten(name=row.name)
        case "average":
            return layers.GlobalAveragePooling2D(name=row.name)
        case "max":
            return layers.GlobalMaxPooling2D(name=row.name)
        case "concatenate":
            return layers.Concatenate(name=row.name)
        case "batch_norm":
            return layers.BatchNormalization(momentum=0.9, name=row.name)
        case "dropout":
            return layers.Dropout(head.dropout, seed=row.seed, name=row.name)
        case "relu":
            return layers.ReLU(name=row.name)
    last = row.kind == "softmax"
    first_weights = keras.initializers.GlorotUniform if last else keras.initializers.HeNormal
    return layers.Dense(
        row.units,
        use_bias=row.bias,
        activation="softmax" if last else None,
        kernel_initializer=first_weights(seed=row.seed),
        kernel_regularizer=keras.regularizers.L2(head.weight_decay) if head.weight_decay else None,
        kernel_constraint=keras.constraints.MaxNorm(head.max_norm, axis=0) if head.max_norm else None,
        name=row.name,
    )


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
        layer.trainable = layer.name.startswith(PREFIX) or (layer.name in trainable and not held)


@dataclass(frozen=True, slots=True)
class CutNetwork:
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


def _moves(operation: Any) -> bool:
    """Return whether the same input gives another output later: it learns, or it is the head's dropout."""
    if operation.name.startswith(PREFIX) and isinstance(operation, layers.Dropout):
        return True
    return bool(getattr(operation, "trainable_variables", ()))


def split_at_frozen(network: keras.Model) -> CutNetwork:
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
    return CutNetwork(prefix, tail, tuple(boundary), weighted)


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
    head = layer.name.startswith(PREFIX)
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
