"""What networks answer about one picture, as plain arrays: the page reads it, workers make it.

A layer's answer is always (H, W, C), one activation map per channel; a dense layer's units are C channels of 1 x 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.jobs.job import Task


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says: `probabilities` and `logits` (C,) float32 in the order of `classes`."""

    probabilities: np.ndarray
    logits: np.ndarray
    classes: tuple[str, ...]
    height: int  # of the picture as the network takes it, pixels
    width: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says about the test pictures of one data set, whose classes need not be its own.

    `index` (N,) int64 in the data set; `answer` (N,) int64, the most probable of `classes`; `probability` (N,) float32.
    """

    dataset: str
    index: np.ndarray
    answer: np.ndarray
    probability: np.ndarray
    classes: tuple[str, ...]


# FOLDED models/occlusion/occlusion.py: Occlusion sensitivity: how far a class's score falls when a patch of the
# picture is hidden. Takes a score function, not a network: any function from a batch of pictures to one number each
# can be explained, and every number here can be checked by hand. Reference: Zeiler and Fergus, Visualizing and
# Understanding Convolutional Networks (ECCV 2014), https://arxiv.org/abs/1311.2901.

ScoreFunction = Callable[[np.ndarray], np.ndarray]  # (N, H, W, 3) uint8 -> (N,) float
SCORES = ("probability", "logit")


PREDICT = Task("predict", "models.networks.worker.answers:predict", Prediction)
ANSWERS = Task("answers", "models.networks.worker.answers:answers", Answers)
