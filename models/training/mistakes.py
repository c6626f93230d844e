"""Mistakes on purpose: wrong labels, and copies of test pictures among the training pictures.

How well does a network learn from pictures of which some are named wrongly? And what is an accuracy worth when the
training pictures hold copies of test pictures?
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.pictures.datasets import Split

# Apart from the run's other random numbers: "labl" and "leak".
_NOISE_STREAM, _LEAK_STREAM = 0x6C61626C, 0x6C65616B


def with_noise(
    labels: NDArray[np.int64], train: NDArray[np.int64], share: float, n_classes: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (labels with some training ones replaced, the sorted indices of those).

    The pictures are drawn evenly from all training pictures, and each gets one of the other classes, all equally
    likely. A larger share with the same seed changes the same labels and more.

    Args:
        labels: int64 (N,), of the whole data set.
        train: int64 (n,), the pictures that are learnt from; no other label changes.
        share: 0..1 of them, rounded to whole pictures.
        n_classes: At least 2 if any label is to change.
        seed: Of the run.
    """
    count = round(share * len(train))
    if not count:
        return labels, np.empty(0, np.int64)
    if n_classes < 2:
        raise InputError(f"Expected two or more classes to confuse labels of. Received {n_classes}.")
    generator = np.random.default_rng([seed, _NOISE_STREAM])
    order = generator.permutation(len(train))
    away = generator.integers(1, n_classes, len(train))  # how many classes further: never 0, never all the way round
    chosen = train[order[:count]]
    changed = labels.copy()
    changed[chosen] = (labels[chosen] + away[:count]) % n_classes
    return changed, np.sort(chosen)


def leaked(split: Split, share: float, seed: int) -> np.ndarray:
    """Return the test pictures that leak, sorted int64 (n,): drawn evenly, `share` of them, rounded to whole pictures.

    A larger share with the same seed leaks the same pictures and more.
    """
    order = np.random.default_rng([seed, _LEAK_STREAM]).permutation(split.test)
    return np.sort(order[: round(share * len(order))])


def with_leaks(split: Split, share: float, seed: int) -> Split:
    """Return `split` with the test pictures that leak among the training pictures too; nothing else changes.

    Args:
        split: As it should be.
        share: Of the test pictures, 0..1.
        seed: Of the run.
    """
    if not share:
        return split
    train = np.sort(np.concatenate([split.train, leaked(split, share, seed)]))
    return Split(train, split.validation, split.test)
