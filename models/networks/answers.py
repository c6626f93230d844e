"""What a classifier says about one picture and about the test pictures of a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.jobs.job import Task

ScoreFunction = Callable[[np.ndarray], np.ndarray]  # (N, H, W, 3) uint8 -> (N,) float
SCORES = ("probability", "logit")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says about one picture.

    Attributes:
        probabilities, logits: (C,) float32, in the order of `classes`.
        classes: Names.
        height, width: Of the picture as the network takes it, pixels.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]
    classes: tuple[str, ...]
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says about the test pictures of one data set, whose classes need not be its own.

    Attributes:
        dataset: Id.
        index: (N,) int64, numbers of the pictures in the data set.
        answer: (N,) int64, the most probable of `classes`.
        probability: (N,) float32, of that class.
        classes: Names.
    """

    dataset: str
    index: NDArray[np.int64]
    answer: NDArray[np.int64]
    probability: NDArray[np.float32]
    classes: tuple[str, ...]


PREDICT = Task("predict", "models.networks.worker.answers:predict", Prediction)
ANSWERS = Task("answers", "models.networks.worker.answers:answers", Answers)
