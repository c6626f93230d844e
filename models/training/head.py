"""The head: its layers, of which the network and the exported script are made, and the targets of its last one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.errors import InputError
from models.training.spec import HeadSpec

PREFIX = "head_"  # every layer of a head begins with it, no layer of a backbone does
Kind = Literal["flatten", "average", "max", "concatenate", "batch_norm", "dropout", "dense", "relu", "softmax"]


@dataclass(frozen=True, slots=True)
class HeadLayer:
    """One layer of a head.

    Attributes:
        name: In the network.
        kind: "softmax" is a dense layer with a softmax, "dense" one without.
        inputs, units: How many numbers it reads and puts out for one picture.
        bias: Whether a dense layer has one.
        seed: Of dropout, or of a dense layer's first weights; else 0.
    """

    name: str
    kind: Kind
    inputs: int
    units: int
    bias: bool = False
    seed: int = 0

    @property
    def trainable(self) -> int:
        """How many weights a gradient changes."""
        if self.kind in ("dense", "softmax"):
            return self.inputs * self.units + self.units * self.bias
        return 2 * self.units if self.kind == "batch_norm" else 0

    @property
    def statistics(self) -> int:
        """How many moving statistics BatchNorm keeps."""
        return 2 * self.units if self.kind == "batch_norm" else 0


def head_layers(head: HeadSpec, maps: tuple[int, int, int], n_classes: int, seed: int = 0) -> tuple[HeadLayer, ...]:
    """Return the layers of a head in the order of computation.

    Args:
        head: What to put on top.
        maps: Height, width and channels of the backbone's last maps.
        n_classes: Units of the softmax.
        seed: Of the run.
    """
    seeds = _seeds(seed)
    found = list(_pooling(head, maps))

    def add(name: str, kind: Kind, units: int | None = None, *, bias: bool = False, seed: int = 0) -> None:
        inputs = found[-1].units
        found.append(HeadLayer(PREFIX + name, kind, inputs, inputs if units is None else units, bias, seed))

    def add_dense(name: str, kind: Kind, units: int, *, bias: bool) -> None:
        if head.dropout:
            add(f"{name}_dropout", "dropout", seed=next(seeds))
        glorot, he = next(seeds), next(seeds)  # one of them serves: the softmax begins with Glorot's weights
        add(name, kind, units, bias=bias, seed=glorot if kind == "softmax" else he)

    if head.batch_norm:
        add("bn", "batch_norm")
    for number, units in enumerate(head.widths, start=1):
        add_dense(f"dense{number}", "dense", units, bias=not head.batch_norm)
        if head.batch_norm:
            add(f"dense{number}_bn", "batch_norm")
        add(f"dense{number}_relu", "relu")
    add_dense("output", "softmax", n_classes, bias=True)
    return tuple(found)


def _pooling(head: HeadSpec, maps: tuple[int, int, int]) -> Iterator[HeadLayer]:
    """Yield the layers that make one vector of the maps; two that are concatenated read the same maps."""
    height, width, channels = maps
    values = height * width * channels
    if head.pooling == "flatten":
        yield HeadLayer(f"{PREFIX}flatten", "flatten", values, values)
    if "average" in head.pooling:
        yield HeadLayer(f"{PREFIX}average", "average", values, channels)
    if "max" in head.pooling:
        yield HeadLayer(f"{PREFIX}max", "max", values, channels)
    if head.pooling == "average+max":
        yield HeadLayer(f"{PREFIX}features", "concatenate", 2 * channels, 2 * channels)


def features(head: HeadSpec, maps: tuple[int, int, int]) -> int:
    """Return how many numbers the pooled or flattened maps are."""
    *_, last = _pooling(head, maps)
    return last.units


def _seeds(seed: int) -> Iterator[int]:
    """Yield the seeds of a head's layers, input first: numbers that hang on the seed of the run alone."""
    generator = np.random.default_rng([seed, 0x6865_6164])  # "head": apart from the backbone's and the epochs' numbers
    while True:
        yield int(generator.integers(2**31))


@dataclass(frozen=True, slots=True)
class Targets:
    """What the probabilities are compared with, for one picture.

    Attributes:
        true, other: The target of its class, and of each other class; together they make 1.
        least: The smallest cross-entropy, in nats: that of probabilities equal to the targets. 0 without smoothing.
        ignorant: The cross-entropy, in nats, of equal probabilities for all classes.
    """

    true: float
    other: float
    least: float
    ignorant: float


def targets(n_classes: int, smoothing: float) -> Targets:
    """Return the targets of softmax and categorical cross-entropy.

    Args:
        n_classes: At least 1.
        smoothing: Share of the target spread evenly over all classes, 0 <= share < 1.
    """
    if n_classes < 1 or not 0 <= smoothing < 1:
        raise InputError(f"Expected classes and a smoothing from 0 to below 1. Received {n_classes} and {smoothing}.")
    other = smoothing / n_classes
    true = 1 - smoothing + other
    least = -true * math.log(true) - ((n_classes - 1) * other * math.log(other) if other else 0.0)
    return Targets(true, other, least + 0.0, math.log(n_classes))
