"""Shares and means measured on a sample, with their 95 % intervals; two shares of the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, inf, isinf, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

Z_95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share (or a mean) measured on a sample.

    Attributes:
        value: Of a share in 0..1, or NaN when the sample is empty.
        low: Lower end of the 95 % interval, NaN with `value`.
        high: Upper end of the 95 % interval, NaN with `value`.
        n: Pictures in the sample.
    """

    value: float
    low: float
    high: float
    n: int


def wilson(successes: int, n: int) -> Estimate:
    """Return the share successes / n with its 95 % Wilson score interval.

    Unlike the textbook interval it stays inside 0..1 and keeps a width at 0 and 1.

    Args:
        successes: In 0..n.
        n: Size of the sample; 0 gives NaN.

    Source:
        Wilson, Probable inference, JASA 22 (1927); Brown, Cai and DasGupta, Statistical Science 16 (2001).
    """
    if not 0 <= successes <= n:
        raise InputError(f"Expected successes between 0 and n. Received {successes} of {n}.")
    if n == 0:
        return Estimate(nan, nan, nan, 0)
    share, z2 = successes / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0 and n the interval ends there exactly; the formula misses by a rounding error.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Estimate(share, low, high, n)


def f1_estimate(hits: int, false_alarms: int, misses: int) -> Estimate:
    """Return F1 = 2 hits / (2 hits + false alarms + misses) with a 95 % interval.

    F1 = 2 J / (1 + J) grows with J = hits / (hits + false alarms + misses), and J is a plain share: of the pictures
    that are of the class or are called so, how many are both. The interval is Wilson's for J, carried over by the
    same formula, and n is the number of those pictures. No resampling, so the same data give the same interval.

    Source:
        Hand, Christen and Kirielle, F*: an interpretable transformation of the F-measure, Machine Learning 110 (2021).
    """
    share = wilson(hits, hits + false_alarms + misses)
    value, low, high = (2 * x / (1 + x) for x in (share.value, share.low, share.high))
    return Estimate(value, low, high, share.n)


def student(freedom: float, comparisons: int = 1) -> float:
    """Return how many standard errors a 95 % interval reaches to either side, after Student.

    Args:
        freedom: Degrees of freedom behind the standard error, above 0; they need not be whole, and `inf` is the normal
            distribution.
        comparisons: How many such intervals are to hold all at once with 95 %, by Bonferroni: each is made to miss
            with 5 % / comparisons.
    """
    from scipy.special import ndtri, stdtrit  # a page that needs no interval does not wait for it

    share = 1 - 0.025 / comparisons
    return float(ndtri(share) if isinf(freedom) else stdtrit(freedom, share))


def margin_of_two_sources(scatter: float, freedom: float, known: float, comparisons: int = 1) -> float:
    """Return half the 95 % interval of a value whose error has two independent sources.

    Args:
        scatter: Variance of the value by the source that was estimated from repeats.
        freedom: Degrees of freedom of that estimate, above 0.
        known: Variance by the source that needs no estimate, such as the sampling of pictures.
        comparisons: As in `student`.

    Student's quantile takes the degrees of freedom of the sum: (scatter + known)^2 / (scatter^2 / freedom).

    Source:
        Welch, The generalization of "Student's" problem, Biometrika 34 (1947); Satterthwaite, Biometrics 2 (1946).
    """
    total = scatter + known
    together = freedom * (total / scatter) ** 2 if scatter > 0 else inf
    return student(together, comparisons) * sqrt(total)


def mean(values: NDArray[np.floating], comparisons: int = 1) -> Estimate:
    """Return the mean of some values with its 95 % interval after Student; NaN values do not count.

    Fewer than two values have no interval: its ends are NaN. With `comparisons` above 1 the interval is one of so many
    that hold all at once with 95 % (see `student`).
    """
    found = np.asarray(values, np.float64)[~np.isnan(values)]
    n = len(found)
    if n < 2:
        return Estimate(float(found[0]) if n else nan, nan, nan, n)
    half = student(n - 1, comparisons) * float(found.std(ddof=1)) / sqrt(n)
    centre = float(found.mean())
    return Estimate(centre, centre - half, centre + half, n)


def paired_difference(both: int, only_first: int, only_second: int, neither: int) -> Estimate:
    """Return (second - first) of two shares of the same pictures, in -1..1, with its 95 % interval.

    Args:
        both, only_first, only_second, neither: Pictures that count for both shares, for one of them, for none.

    Raises:
        InputError: There are no pictures.

    Wilson's intervals of the two shares, put together with the correlation of the pairs; it stays inside -1..1 and
    keeps a width where the runs never disagree.

    Source:
        Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired data,
        Statistics in Medicine 17 (1998), method 10.
    """
    n = both + only_first + only_second + neither
    if n == 0:
        raise InputError("Expected pictures that both runs were tested on. Received none.")
    one, two = wilson(both + only_second, n), wilson(both + only_first, n)
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    product = float(both * neither - only_first * only_second)
    if product > 0:  # the continuity correction of method 10
        product = max(product - n / 2, 0)
    phi = product / sqrt(margins) if margins else 0.0
    value = one.value - two.value
    low = _reach(one.value - one.low, two.high - two.value, phi)
    high = _reach(one.high - one.value, two.value - two.low, phi)
    return Estimate(value, max(value - low, -1.0), min(value + high, 1.0), n)


def _reach(one: float, two: float, phi: float) -> float:
    return sqrt(max(one**2 - 2 * phi * one * two + two**2, 0.0))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p (0..1) of McNemar's exact test: a fair coin thrown once for every disagreement."""
    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(n, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**n))
