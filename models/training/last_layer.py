"""The last layer and its loss in numbers: targets, the least loss there is, and the loss of knowing nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.errors import InputError


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
