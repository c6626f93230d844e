"""Signals at the pixels: a value inside a network, carried back by one of three rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.jobs.job import Task

RULES: Final = ("gradient", "deconvolution", "guided")


@dataclass(frozen=True, slots=True)
class Projections:
    """What of some pictures reached a value in the network, by one of `RULES`.

    Attributes:
        signal: float32 (N, H, W, 3), at the size the network takes.
        rectified: How many ReLUs the rule was applied to.
        others: Nonlinearities for which there is no rule, where the gradient was taken.
    """

    signal: NDArray[np.float32]
    rectified: int
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackwardViews:
    """One channel's strongest value for a picture, carried back to the pixels by each rule.

    Attributes:
        row, col: Where in the layer's map the value lies.
        value: What the channel answers there.
        gradient, deconvolution, guided: (H, W, 3) float32, per unit of the pixels in 0-255.
        n_rectified: ReLUs on the way, to which the rules apply.
        others: Other nonlinearities on the way, where the gradient was taken.
    """

    row: int
    col: int
    value: float
    gradient: NDArray[np.float32]
    deconvolution: NDArray[np.float32]
    guided: NDArray[np.float32]
    n_rectified: int
    others: tuple[str, ...]


PROJECTIONS = Task("projections", "models.features.worker.backward:projections", Projections)
BACKWARD_VIEWS = Task("backward_views", "models.features.worker.backward:backward_views", BackwardViews)
