"""What a classifier got right and wrong: confusion matrix, scores with intervals, and the pictures behind each number.

Every score is a share of a finite sample, so it comes with n and a 95 % interval. A score without a sample
(precision of a class that was never predicted) is undefined: NaN, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from models.intervals import Estimate, f1_estimate, wilson


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The scores of one class: `precision` over the pictures called so, `recall` over the pictures that are so."""

    name: str
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A classifier's answers to a labelled set of pictures, counted.

    Attributes:
        classes: The C class names.
        matrix: int64 (C, C), pictures per (true class, predicted class).
        accuracy: Share of pictures on the diagonal, NaN without pictures.
        accuracy_interval: Its 95 % Wilson interval (low, high).
        n: Pictures.
        scores: One per class, in the order of `classes`.
        macro_precision: Mean over the classes where it is defined, NaN if there is none; so are the next two.
        macro_recall: Mean recall.
        macro_f1: Mean F1; a class that was never found counts as 0.
    """

    classes: tuple[str, ...]
    matrix: NDArray[np.int64]
    accuracy: float
    accuracy_interval: tuple[float, float]
    n: int
    scores: tuple[ClassScore, ...]
    macro_precision: float
    macro_recall: float
    macro_f1: float


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Some pictures with what a classifier answers to them; K pictures, the most confident first.

    Attributes:
        position: int64 (K,), rows of the arrays that were given (not picture indices of the data set).
        label: int64 (K,), true classes.
        predicted: int64 (K,), classes with the highest probability.
        confidence: float64 (K,), probability of the predicted class.
        true_probability: float64 (K,), probability of the true class.
    """

    position: NDArray[np.int64]
    label: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    true_probability: NDArray[np.float64]

    def __len__(self) -> int:
        """Return K."""
        return len(self.position)


def row_shares(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the matrix as shares of each true class, float64 (C, C) in 0..1; NaN in rows without pictures."""
    totals = matrix.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.full(matrix.shape, nan)
    np.divide(matrix, totals, out=shares, where=totals > 0)
    return shares


def evaluate(labels: ArrayLike, probabilities: ArrayLike, classes: tuple[str, ...]) -> Evaluation:
    """Count and score a classifier's answers; the predicted class has the highest probability (the first of equals).

    Args:
        labels: int (N,) true classes in 0..C-1; N may be 0.
        probabilities: (N, C) in 0..1.
        classes: The C class names.

    Raises:
        InputError: The shapes do not fit, a label is out of range, or a probability is not in 0..1.
    """
    truth, table = _checked(labels, probabilities)
    if table.shape[1] != len(classes):
        raise InputError(f"Expected {len(classes)} probabilities per picture. Received {table.shape[1]}.")
    cells = truth * len(classes) + table.argmax(axis=1)
    matrix = np.bincount(cells, minlength=len(classes) ** 2).reshape(len(classes), len(classes)).astype(np.int64)
    scores = tuple(_class_score(matrix, index, name) for index, name in enumerate(classes))
    accuracy = wilson(int(np.trace(matrix)), len(truth))
    return Evaluation(
        classes=tuple(classes),
        matrix=matrix,
        accuracy=accuracy.value,
        accuracy_interval=(accuracy.low, accuracy.high),
        n=accuracy.n,
        scores=scores,
        macro_precision=_mean_of_defined([score.precision.value for score in scores]),
        macro_recall=_mean_of_defined([score.recall.value for score in scores]),
        macro_f1=_mean_of_defined([score.f1.value for score in scores]),
    )


def cell_members(labels: ArrayLike, probabilities: ArrayLike, true: int, predicted: int) -> Answers:
    """Return the pictures of one cell of the confusion matrix, the most confident first.

    Args:
        labels: int (N,).
        probabilities: (N, C).
        true: Row of the cell.
        predicted: Column of the cell.
    """
    truth, table = _checked(labels, probabilities)
    for cell in (true, predicted):
        if not 0 <= cell < table.shape[1]:
            raise InputError(f"Expected a class between 0 and {table.shape[1] - 1}. Received {cell}.")
    return _ranked(truth, table, (truth == true) & (table.argmax(axis=1) == predicted))


def most_confident_mistakes(labels: ArrayLike, probabilities: ArrayLike, count: int) -> Answers:
    """Return at most `count` wrongly classified pictures, those with the highest wrong probability first."""
    truth, table = _checked(labels, probabilities)
    return _ranked(truth, table, truth != table.argmax(axis=1), count)


def most_confused_pair(matrix: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return (true, predicted) of the largest count off the diagonal (the first of equals); None without mistakes."""
    errors = matrix - np.diag(np.diag(matrix))
    if not errors.any():
        return None
    row, column = np.unravel_index(int(errors.argmax()), errors.shape)
    return int(row), int(column)


def _checked(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return both as int64 (N,) and float64 (N, C), or say what is wrong with them."""
    truth, table = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] == 0:
        raise InputError(f"Expected probabilities of shape (pictures, classes). Received {table.shape}.")
    if truth.shape != table.shape[:1]:
        raise InputError(f"Expected {len(table)} labels, one per row. Received shape {truth.shape}.")
    if len(truth) and not (np.issubdtype(truth.dtype, np.integer) and 0 <= truth.min() <= truth.max() < table.shape[1]):
        raise InputError(f"Expected whole labels between 0 and {table.shape[1] - 1}. Received {np.unique(truth)}.")
    # The comparison is false for NaN. Float32 softmax may exceed 1 by a rounding error.
    if not ((table >= 0) & (table <= 1 + 1e-4)).all():
        raise InputError("Expected probabilities between 0 and 1. Received at least one outside, or not a number.")
    return truth.astype(np.int64), table


def _class_score(matrix: NDArray[np.int64], index: int, name: str) -> ClassScore:
    hits = int(matrix[index, index])
    called, present = int(matrix[:, index].sum()), int(matrix[index].sum())
    f1 = f1_estimate(hits, false_alarms=called - hits, misses=present - hits)
    return ClassScore(name, precision=wilson(hits, called), recall=wilson(hits, present), f1=f1)


def _mean_of_defined(values: list[float]) -> float:
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else nan


def _ranked(
    truth: NDArray[np.int64], table: NDArray[np.float64], chosen: NDArray[np.bool_], count: int | None = None
) -> Answers:
    """Return the chosen rows by falling confidence; equal ones keep their order."""
    rows = np.flatnonzero(chosen)
    confidence = table[rows].max(axis=1)
    order = np.argsort(-confidence, kind="stable")[:count]
    rows = rows[order]
    return Answers(
        position=rows.astype(np.int64),
        label=truth[rows],
        predicted=table[rows].argmax(axis=1).astype(np.int64),
        confidence=confidence[order],
        true_probability=table[rows, truth[rows]],
    )
