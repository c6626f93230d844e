"""How well a map separates classes it was never told: purity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som_measures import Floats, Indices, nearest


def majority(best: Indices, labels: NDArray[np.int64], units: int, classes: int) -> tuple[Indices, NDArray[np.float64]]:
    """Return the most frequent class among the samples of every unit, and its share of them.

    Args:
        best: BMU of every sample, int64 (N,).
        labels: Class of every sample, int64 (N,).

    Returns:
        int64 (units,), -1 for a unit without samples, the first among equals; float64 (units,) in 0..1, 0 without.
    """
    if len(best) != len(labels):
        raise InputError(f"Expected a class for each of {len(best)} samples. Received {len(labels)}.")
    counts = np.bincount(best * classes + labels, minlength=units * classes).reshape(units, classes)
    total = counts.sum(axis=1)
    share = counts.max(axis=1) / np.maximum(total, 1)
    return np.where(total > 0, counts.argmax(axis=1), -1), share


def purity(best: Indices, labels: NDArray[np.int64], unit_classes: Indices) -> float:
    """Return the share of samples (0..1) whose class is the class of their unit; NaN without samples."""
    return float((unit_classes[best] == labels).mean()) if len(best) else float("nan")


def held_out(
    train: Floats, train_labels: NDArray[np.int64], test: Floats, test_labels: NDArray[np.int64], codebook: Floats
) -> tuple[float, float]:
    """Return the purity of the samples that named the units, and of samples that did not.

    A test sample goes to the nearest unit that has a class; units without training samples have none.

    Args:
        train, test: float32 (N, D) and (M, D).
        train_labels, test_labels: int64 (N,) and (M,).
        codebook: float32 (rows, columns, D) or (units, D), trained on `train` alone.
    """
    units = codebook.reshape(-1, codebook.shape[-1])
    best, _ = nearest(train, units)
    named, _ = majority(best, train_labels, len(units), int(max(train_labels.max(), test_labels.max())) + 1)
    known = np.flatnonzero(named >= 0)
    unseen, _ = nearest(test, units[known])
    return purity(best, train_labels, named), purity(known[unseen], test_labels, named)
