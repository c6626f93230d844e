"""Whether trainings had come to their end: a value that was only trained too briefly is no worse for it.

A rate that falls to 0 makes every curve flat in its last epochs, whether the network has learnt or not. What counts is
how much each half of the *learning* brought, measured not in epochs but in the sum of the rates: where the second half
still took much off the validation loss, twice the learning would take off more, and the accuracy is that of too few
epochs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import inf, isfinite, nan
from typing import Final

FLAT: Final = 0.1  # nats: what the second half may still bring; the right class becomes 1.1 times as probable


def late_fall(history: Sequence[Mapping[str, float]]) -> float:
    """Return by how much the second half of the learning lowered the validation loss, in nats; NaN if that is unknown.

    Args:
        history: One mapping per epoch with `val_loss`, `learning_rate` and, with two phases, `phase`; of the last phase
            the epochs with a loss that is no number are left out.

    Returns:
        The lowest validation loss of the first half of the learning minus the lowest of the second, so at most a little
        below 0 where the loss only rises. The first half ends after the epoch in which half of the sum of the rates is
        reached; a phase of one epoch has no halves.
    """
    if not history:
        return nan
    last = history[-1].get("phase", 1)
    rows = [row for row in history if row.get("phase", 1) == last and isfinite(row["val_loss"])]
    learnt = list(accumulate(row["learning_rate"] for row in rows))
    if len(rows) < 2:
        return nan
    half = next(place for place, so_far in enumerate(learnt, start=1) if so_far >= learnt[-1] / 2)
    losses = [row["val_loss"] for row in rows]
    return min(losses[:half]) - min(losses[half:], default=inf) if half < len(rows) else nan


def converged(fall: float) -> bool | None:
    """Return whether a training had come to its end, by its `late_fall`; None where that is not known."""
    return None if fall != fall else fall <= FLAT
