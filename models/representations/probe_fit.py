"""A logistic regression on ready features, its regularisation chosen on validation pictures.

It is not scikit-learn's, because that one cannot be stopped while it fits; a test holds it to the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.pictures.datasets import Split

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # C, the inverse of the penalty, from the strongest penalty to the weakest
FEWEST = 2  # training pictures of a class
_ITERATIONS = 300
_DEAD = 1e-6  # a feature that varies less than this share of its mean carries rounding errors only
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fit:
    """What a logistic regression gets right.

    Attributes:
        strength: The C of `STRENGTHS` with the most hits on the validation pictures; the smallest of equals.
        validation_hits: Validation pictures it gets right.
        test_hits: Test pictures it gets right; they decided nothing.
        right: bool (N,), which of the test pictures these are.
    """

    strength: float
    validation_hits: int
    test_hits: int
    right: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool), compare=False)


def probe(features: NDArray[np.floating], labels: Labels, parts: Split, check: Callable[[], None]) -> Fit:
    """Return how well the classes can be told apart by a linear model on the features.

    Every feature gets mean 0 and deviation 1 on the training pictures; one that does not vary there counts nothing.

    Args:
        features: (N, D), of all pictures.
        labels: (N,), counted from 0.
        parts: Which pictures are fitted on, chosen on and measured on.
        check: Called in every iteration; may raise to stop.

    Raises:
        InputError: Fewer than two classes, a class with fewer than `FEWEST` training pictures, or features that are
            not finite.
    """
    check_pictures(labels, parts)
    if not np.isfinite(features).all():
        raise InputError("Expected finite features. Received some that are not: this network's numbers overflow.")
    train, validation, test = _compact(_standardised(features, parts))
    weights = np.zeros((train.shape[1] + 1, int(labels.max()) + 1))
    best = Fit(0.0, -1, -1)
    for strength in STRENGTHS:  # each begins where the last one ended
        weights = fit(train, labels[parts.train], strength, weights, check)
        hits = int(_right(weights, validation, labels[parts.validation]).sum())
        if hits > best.validation_hits:
            right = _right(weights, test, labels[parts.test])
            best = Fit(strength, hits, int(right.sum()), right)
    return best


def check_pictures(labels: Labels, parts: Split) -> None:
    """Raise InputError where the training pictures make no regression."""
    classes = np.unique(labels)
    counts = {int(number): int((labels[parts.train] == number).sum()) for number in classes}
    if len(classes) < 2:
        raise InputError(f"Expected pictures of at least two classes. Received {len(classes)}.")
    if (fewest := min(counts, key=lambda number: counts[number])) is not None and counts[fewest] < FEWEST:
        raise InputError(
            f"Expected at least {FEWEST} training pictures of each class. "
            f"Received {counts[fewest]} of class number {fewest}."
        )


def fit(features: Floats, labels: Labels, strength: float, start: Floats, check: Callable[[], None]) -> Floats:
    """Return weights (D + 1, classes), the intercepts last, that minimise cross-entropy plus penalty.

    The sum over pictures of the cross-entropy in nats, times C, plus half the sum of the squared weights (intercepts
    left out), as scikit-learn's LogisticRegression has it; divided by C and the number of pictures.
    """
    from scipy.optimize import minimize

    n, wanted = len(features), np.eye(start.shape[1])[labels]
    decay = 1 / (strength * n)

    def cost(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(start.shape)
        scores = features @ weights[:-1] + weights[-1]
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        total = likely.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - (scores * wanted).sum(axis=1)).mean()
        error = (likely / total - wanted) / n
        gradient = np.vstack([features.T @ error + decay * weights[:-1], error.sum(axis=0)])
        return float(loss + decay / 2 * (weights[:-1] ** 2).sum()), gradient.ravel()

    found = minimize(
        cost,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        callback=lambda _: check(),
        options={"maxiter": _ITERATIONS, "gtol": 1e-5},
    )
    return np.asarray(found.x.reshape(start.shape), np.float64)


def _right(weights: Floats, features: Floats, labels: Labels) -> NDArray[np.bool_]:
    return np.asarray((features @ weights[:-1] + weights[-1]).argmax(axis=1) == labels)


def _standardised(features: NDArray[np.floating], parts: Split) -> list[Floats]:
    """Return the features of the three parts, float64, by mean and deviation of the training pictures."""
    train = np.asarray(features[parts.train], np.float64)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    alive = deviation > _DEAD * np.abs(mean)
    scale = np.where(alive, 1 / np.where(alive, deviation, 1), 0)
    return [(features[indices] - mean) * scale for indices in (parts.train, parts.validation, parts.test)]


def _compact(parts: Sequence[Floats]) -> Sequence[Floats]:
    """Return the features in the at most n directions in which n training pictures differ.

    The penalty keeps weights in the span of the training pictures, so that nothing is lost when D > n.
    """
    train = parts[0]
    if train.shape[1] <= len(train):
        return parts
    squares, vectors = np.linalg.eigh(train @ train.T)
    kept = squares > squares.max() * 1e-12
    directions = train.T @ (vectors[:, kept] / np.sqrt(squares[kept]))
    return [part @ directions for part in parts]
