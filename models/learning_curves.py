"""Reads learning curves: where the gap between training and validation opens. Plain data without Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # epochs of a phase, below which nothing is said
_WINDOW = 5  # epochs of the running median
_SHARE, _SCATTERS, _LEAST = 0.1, 3.0, 0.02  # of the lowest validation loss; of the scatter; in nats
_NORMAL = 1.4826  # from the median of absolute values to the standard deviation, for normal scatter


@dataclass(frozen=True, slots=True)
class Opening:
    """The gap between training and validation has opened: one loss still falls while the other rises.

    Attributes:
        epoch: After which the validation loss was lowest; from there on it rises.
        training, validation: The losses there, in nats, smoothed.
        training_end, validation_end: And at the end.
    """

    epoch: int
    training: float
    validation: float
    training_end: float
    validation_end: float


def opening(history: Sequence[Mapping[str, float]]) -> Opening | None:
    """Return where the gap opens in the last phase of a training; None where it does not, or cannot be told.

    It has opened where the running median (5 epochs) of the validation loss ends above its lowest value by a tenth of
    it, by three times the scatter of its epochs (told from one to the next), and by 0.02 nats, while that of the
    training loss fell.

    Args:
        history: One mapping per epoch with `epoch`, `loss`, `val_loss` and, with two phases, `phase`; epochs from the
            first loss on that is not a number are left out.
    """
    last = [row for row in history if row.get("phase", 1) == history[-1].get("phase", 1)] if history else []
    losses = np.array([[row["loss"], row["val_loss"]] for row in last], np.float64).reshape(-1, 2)
    whole = np.isfinite(losses).all(axis=1)
    if not whole.all():
        losses = losses[: int(whole.argmin())]
    if len(losses) < FEWEST:
        return None
    training, validation = _smooth(losses[:, 0]), _smooth(losses[:, 1])
    lowest = int(validation.argmin())
    scatter = _NORMAL * float(np.median(np.abs(np.diff(losses[:, 1])))) / 2**0.5
    rise = float(validation[-1] - validation[lowest])
    if rise < max(_SHARE * validation[lowest], _SCATTERS * scatter, _LEAST) or training[-1] >= training[lowest]:
        return None
    ends = (training[lowest], validation[lowest], training[-1], validation[-1])
    return Opening(int(last[lowest]["epoch"]), *map(float, ends))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running median; at the ends of those that there are."""
    half = _WINDOW // 2
    return np.array([np.median(values[max(i - half, 0) : i + half + 1]) for i in range(len(values))])
