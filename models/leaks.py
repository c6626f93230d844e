"""Leaked duplicates on purpose: what an accuracy is worth when the training pictures hold copies of test pictures."""

from __future__ import annotations

import numpy as np

from models.datasets import Split

_STREAM = 0x6C65616B  # "leak": apart from the run's other random numbers


def leaked(split: Split, share: float, seed: int) -> np.ndarray:
    """Return the test pictures that leak, sorted int64 (n,): drawn evenly, `share` of them, rounded to whole pictures.

    A larger share with the same seed leaks the same pictures and more.
    """
    order = np.random.default_rng([seed, _STREAM]).permutation(split.test)
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
