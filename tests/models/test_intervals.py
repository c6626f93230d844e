import math

import numpy as np
import pytest

from models.errors import InputError
from models.intervals import f1_estimate, mcnemar, paired_difference, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (8, 10, 0.4901625, 0.9433178),
        (0, 10, 0.0, 0.2775328),  # z2 / (10 + z2) with z2 = 3.841459
        (10, 10, 0.7224672, 1.0),
        (1, 2, 0.0945312, 0.9054688),
    ],
)
def test_wilson_by_hand(successes: int, n: int, low: float, high: float) -> None:
    estimate = wilson(successes, n)
    assert estimate.value == successes / n
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=1e-6)
    assert estimate.n == n


def test_wilson_refuses_more_successes_than_tries() -> None:
    with pytest.raises(InputError, match=r"Expected successes between 0 and n\. Received 3 of 2\."):
        wilson(3, 2)


def test_f1_interval_by_hand() -> None:
    estimate = f1_estimate(hits=8, false_alarms=1, misses=1)
    assert estimate.value == pytest.approx(16 / 18)
    assert (estimate.low, estimate.high) == pytest.approx((2 * 0.4901625 / 1.4901625, 2 * 0.9433178 / 1.9433178))
    assert estimate.n == 10


def test_f1_interval_covers_the_truth_19_times_in_20() -> None:
    generator = np.random.default_rng(0)
    n, recall, confusion = 40, 0.8, 0.05  # four other classes lose 5 % of their pictures to this one
    truth = 2 * recall / (1 + recall + 4 * confusion)
    covered = 0
    for _ in range(2000):
        hits = int(generator.binomial(n, recall))
        estimate = f1_estimate(hits, false_alarms=int(generator.binomial(4 * n, confusion)), misses=n - hits)
        covered += estimate.low <= truth <= estimate.high
    assert 0.94 <= covered / 2000 <= 0.985


def test_an_empty_sample_is_undefined() -> None:
    for estimate in (wilson(0, 0), f1_estimate(hits=0, false_alarms=0, misses=0)):
        assert estimate.n == 0
        assert all(math.isnan(value) for value in (estimate.value, estimate.low, estimate.high))


@pytest.mark.parametrize(
    ("both", "one", "other", "neither", "low", "high"),
    [
        (36, 12, 2, 0, 0.0569, 0.3404),  # the pairs go against each other: no correction for continuity
        (20, 12, 2, 16, 0.0562, 0.3292),  # they go together, and the correction makes the interval wider
    ],
)
def test_newcombes_published_intervals(both, one, other, neither, low, high):
    """Statistics in Medicine 17 (1998), method 10."""
    n = both + one + other + neither
    found = paired_difference(both, other, one, neither)
    assert (found.value, found.n) == (pytest.approx((one - other) / n), n)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    turned = paired_difference(both, one, other, neither)
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_runs_that_never_disagree_keep_an_interval():
    found = paired_difference(30, 0, 0, 10)
    assert found.value == 0
    assert -0.2 < found.low < 0 < found.high < 0.2
    assert paired_difference(5, 0, 0, 0).low < 0
    with pytest.raises(InputError):
        paired_difference(0, 0, 0, 0)


def test_mcnemar_is_a_fair_coin():
    assert mcnemar(0, 0) == 1
    assert mcnemar(3, 3) == 1
    assert mcnemar(1, 7) == mcnemar(7, 1) == pytest.approx(2 * (1 + 8) / 256)
