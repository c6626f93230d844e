"""Intervals of means: several that hold at once, and errors of two sources."""

import math

import numpy as np
import pytest

from models.intervals import Z_95, margin_of_two_sources, mean, student


def test_several_intervals_that_hold_at_once_are_wider_by_bonferroni():
    """Values 1 2 3: standard error 1 / sqrt(3); t(2) at 97.5 % is 4.302653, at 1 - .025 / 5 it is 9.924843."""
    one, five = (mean(np.array([1.0, 2.0, 3.0]), count) for count in (1, 5))
    assert one.high - 2 == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert five.high - 2 == pytest.approx(9.924843 / 3**0.5, rel=1e-6)
    assert student(math.inf) == pytest.approx(Z_95)


def test_two_sources_of_error_are_added_with_the_degrees_of_freedom_of_the_sum():
    """Variances 1 (4 degrees of freedom) and 1 (known): (1 + 1)^2 / (1 / 4) = 16 degrees of freedom, t = 2.119905."""
    assert margin_of_two_sources(1.0, 4, 1.0) == pytest.approx(2.119905 * 2**0.5, rel=1e-6)
    assert margin_of_two_sources(0.0, 1, 4.0) == pytest.approx(2 * Z_95)
    assert margin_of_two_sources(4.0, 2, 0.0) == pytest.approx(2 * 4.302653, rel=1e-6)


def test_two_values_have_an_interval_and_one_has_none():
    two = mean(np.array([1.0, np.nan, 3.0]))
    assert (two.value, two.n) == (2, 2)
    assert (two.low, two.high) == pytest.approx((2 - 12.706205, 2 + 12.706205), rel=1e-6)  # t(1), standard error 1
    one, none = mean(np.array([5.0, np.nan])), mean(np.array([np.nan]))
    assert (one.value, one.n, none.n) == (5, 1, 0)
    assert all(map(math.isnan, (one.low, one.high, none.value, none.low, none.high)))
