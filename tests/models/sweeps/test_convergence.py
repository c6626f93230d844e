"""Whether a training had come to its end, by the halves of its learning."""

from math import cos, exp, isnan, pi

import pytest

from models.sweeps.convergence import FLAT, converged, late_fall


def history(losses, rates, phase=1):
    return [{"phase": phase, "val_loss": loss, "learning_rate": rate} for loss, rate in zip(losses, rates, strict=True)]


def test_halves_are_those_of_the_sum_of_the_rates():
    """Rates 4 2 1 1: half of 8 is reached after one epoch. Lowest before 2.0, lowest after 0.7."""
    assert late_fall(history([2.0, 1.0, 0.7, 0.9], [4, 2, 1, 1])) == pytest.approx(1.3)
    assert late_fall(history([2.0, 1.0, 0.7, 0.9], [1, 1, 1, 1])) == pytest.approx(0.3)
    assert late_fall(history([0.5, 0.4, 0.45, 0.6], [1, 1, 1, 1])) == pytest.approx(-0.05)


def test_only_the_last_phase_counts():
    rows = history([9.0, 8.0], [1, 1]) + history([0.5, 0.48], [0.1, 0.1], phase=2)
    assert late_fall(rows) == pytest.approx(0.02)


def learnt(epochs, speed):
    """A loss that falls by e in `speed` epochs at the full rate, under a rate that falls along a cosine to 0."""
    rates = [(1 + cos(pi * epoch / epochs)) / 2 for epoch in range(epochs)]
    losses, so_far = [], 0.0
    for rate in rates:
        so_far += rate
        losses.append(0.4 + exp(-so_far / speed))
    return history(losses, rates)


def test_a_curve_that_a_falling_rate_made_flat_is_not_taken_for_the_end():
    """In its last quarter the curve of too few epochs falls by less than a hundredth of a nat: it looks flat."""
    short, long = learnt(15, 6.0), learnt(60, 6.0)
    assert short[-5]["val_loss"] - short[-1]["val_loss"] < 0.02
    assert converged(late_fall(short)) is False
    assert converged(late_fall(long)) is True


def test_what_cannot_be_known_is_not_judged():
    assert isnan(late_fall([])) and isnan(late_fall(history([1.0], [1])))
    assert isnan(late_fall(history([1.0, 0.5], [0.1, 1.0])))  # half of the learning is reached in the last epoch only
    assert converged(float("nan")) is None
    assert converged(FLAT) is True
    assert late_fall(history([float("nan"), 1.0, 0.9], [1, 1, 1])) == pytest.approx(0.1)
