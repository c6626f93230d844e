"""How sure a classifier may be: its confidence against how often it is right, and a temperature that mends it.

A picture's confidence is the highest of its probabilities. A classifier is calibrated where, of the pictures answered
with a confidence of 80 %, 80 % are right.

Sources: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017 (the error over bins,
temperature scaling); Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78
(1950); Nixon et al., Measuring calibration in deep learning, CVPR workshops 2019 (bins of equal mass).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.intervals import Estimate, mean, wilson

Floats = NDArray[np.float64]
Bins = Literal["width", "mass"]
BINS: Final = 10
RESAMPLES: Final = 1000
COLDEST, HOTTEST = 0.05, 20.0  # limits of the temperature
_LEAST = 1e-12  # probabilities are taken to be at least this: a float32 may be rounded to 0


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """The pictures by their confidence, in B bins from the least to the most confident; empty ones are left out.

    Attributes:
        low, high: float64 (B,), the ends of each bin; of equal mass: the least and highest confidence in it.
        confidence: float64 (B,), mean in each bin.
        right: int64 (B,), pictures that are right.
        n: int64 (B,), pictures.
        place: int64 (N,), the bin of every picture.
    """

    low: Floats
    high: Floats
    confidence: Floats
    right: NDArray[np.int64]
    n: NDArray[np.int64]
    place: NDArray[np.int64]

    def accuracy(self, number: int) -> Estimate:
        """Return the share of a bin that is right, with its 95 % interval after Wilson."""
        return wilson(int(self.right[number]), int(self.n[number]))

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of confidence and accuracy, by pictures, 0..1."""
        return float((np.abs(self.right / self.n - self.confidence) * self.n).sum() / self.n.sum())

    @property
    def sure(self) -> float:
        """The mean confidence of all pictures."""
        return float((self.confidence * self.n).sum() / self.n.sum())

    @property
    def overall(self) -> Estimate:
        """The accuracy over all bins, with its 95 % interval after Wilson."""
        return wilson(int(self.right.sum()), int(self.n.sum()))


def reliability(label: NDArray[np.integer], probability: NDArray[np.floating], bins: Bins = "width") -> Reliability:
    """Return the pictures in up to ten bins of equal width, or of equal numbers of pictures.

    Args:
        label: (N,), true classes.
        probability: (N, C).
        bins: How the pictures are shared out. The bins of equal width hold their upper end.

    Raises:
        InputError: There are no pictures, or probabilities that are no numbers.
    """
    confidence, right = _answers(label, probability)
    return _binned(confidence, right, _places(confidence, bins), bins)


def _answers(label: NDArray[np.integer], probability: NDArray[np.floating]) -> tuple[Floats, NDArray[np.bool_]]:
    if not len(label):
        raise InputError("Expected test pictures. Received none.")
    values = np.asarray(probability, np.float64)
    if not np.isfinite(values).all():
        raise InputError("Expected probabilities that are numbers. Received some that are none.")
    return values.max(axis=1), values.argmax(axis=1) == label


def _places(confidence: Floats, bins: Bins) -> NDArray[np.int64]:
    """Return the bin of every picture; confidences are (N,), or (R, N) of R samples."""
    if bins == "width":
        return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    n, places = confidence.shape[-1], np.empty(confidence.shape, np.int64)
    ranks = np.broadcast_to(np.arange(n) * BINS // n, confidence.shape)
    np.put_along_axis(places, np.argsort(confidence, axis=-1, kind="stable"), ranks, axis=-1)
    return places


def _binned(confidence: Floats, right: NDArray[np.bool_], places: NDArray[np.int64], bins: Bins) -> Reliability:
    kept, place = np.unique(places, return_inverse=True)
    n = np.bincount(place)
    members = [confidence[place == number] for number in range(len(kept))]
    width = bins == "width"
    return Reliability(
        low=kept / BINS if width else np.array([inside.min() for inside in members]),
        high=(kept + 1) / BINS if width else np.array([inside.max() for inside in members]),
        confidence=np.bincount(place, confidence) / n,
        right=np.bincount(place[right], minlength=len(kept)),
        n=n,
        place=place,
    )


def error(label: NDArray[np.integer], probability: NDArray[np.floating], bins: Bins = "width") -> Estimate:
    """Return the expected calibration error with its 95 % interval, 0..1.

    The interval is that of a thousand samples of the pictures, drawn with replacement and always the same. The error of
    a perfectly calibrated classifier is not 0 but what chance makes of so many pictures: it is an upper estimate.
    """
    confidence, right = _answers(label, probability)
    value = float(_errors(confidence[None], right[None], bins)[0])
    drawn = np.random.default_rng(0).integers(len(right), size=(RESAMPLES, len(right)))
    low, high = np.quantile(_errors(confidence[drawn], right[drawn], bins), (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value), len(right))


def _errors(confidence: Floats, right: NDArray[np.bool_], bins: Bins) -> Floats:
    """Return the expected calibration error of R samples of N pictures, (R,)."""
    samples, n = confidence.shape
    places = _places(confidence, bins) + BINS * np.arange(samples)[:, None]
    # In each bin, the sum of the confidences minus the number of right answers: n times their distance.
    gaps = np.bincount(places.ravel(), (confidence - right).ravel(), minlength=BINS * samples)
    return np.asarray(np.abs(gaps).reshape(samples, BINS).sum(axis=1) / n)


def brier(label: NDArray[np.integer], probability: NDArray[np.floating]) -> Estimate:
    """Return the Brier score with its 95 % interval, 0 (sure and right) to 2 (sure and wrong).

    The mean over the pictures of the squared distances between probabilities and truth, summed over all classes.
    """
    values = np.asarray(probability, np.float64)
    truth = np.eye(values.shape[1])[np.asarray(label)]
    return mean(((values - truth) ** 2).sum(axis=1))


def surprise(label: NDArray[np.integer], probability: NDArray[np.floating]) -> float:
    """Return the mean cross-entropy of the true classes, in nats."""
    values = np.asarray(probability, np.float64)[np.arange(len(label)), np.asarray(label)]
    return float(-np.log(np.maximum(values, _LEAST)).mean())


def cooled(probability: NDArray[np.floating], temperature: float) -> Floats:
    """Return the probabilities (N, C) with every score divided by a temperature before the softmax.

    Above 1 the answers become less sure, below 1 surer; which class is the most probable never changes.
    """
    logs = np.log(np.maximum(np.asarray(probability, np.float64), _LEAST)) / temperature
    logs -= logs.max(axis=1, keepdims=True)
    values = np.exp(logs)
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def temperature(label: NDArray[np.integer], probability: NDArray[np.floating]) -> float:
    """Return the temperature with the least cross-entropy on these pictures, which must not be the test pictures.

    Raises:
        InputError: There are no pictures.
    """
    from scipy.optimize import minimize_scalar

    if not len(label):
        raise InputError("Expected validation pictures. Received none.")
    found = minimize_scalar(
        lambda log: surprise(label, cooled(probability, float(np.exp(log)))),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x))
