"""Findings of the transferability experiment: where a treatment differs from another by more than runs scatter.

Of measured rows, differences are taken seed by seed, and their margin is half a 95 % t-interval whose spread is pooled
over all layers and splits that were measured more than once. The layers of one seed share a base and nothing corrects
for looking at several layers: the margin is a little too narrow. Of the published runs only means and ranges are known;
there the margin is where the ranges of the two treatments meet, or, where both ran once, the widest range of any
treatment that ran more often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from models.transferability.curves import BOTH, DIRECTIONS, RANDOM, RANDOM_BASE, Curves, Point, values
from models.transferability.experiment import Row

# name: (treatment, what it is compared with)
COMPARISONS: Final = {
    "general": ("AnB", "baseB"),
    "co-adaptation": ("BnB", "baseB"),
    "specificity": ("AnB", "BnB"),
    "gain": ("AnB+", "baseB"),
    "longer": ("BnB+", "baseB"),
    "gain beyond longer": ("AnB+", "BnB+"),
    "random": ("RnB", "baseB"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus reference with the first n layers copied.

    Attributes:
        n: Layers copied.
        mean, low, high: Difference of accuracies, -1..1, and its range over seeds. Of published runs `low` and `high`
            are the extremes their ranges allow.
        runs: Seeds, or published runs of the treatment.
        margin: How large `mean` has to be to stand out from the scatter of runs; NaN where that is not known.
    """

    n: int
    mean: float
    low: float
    high: float
    runs: int
    margin: float

    @property
    def clear(self) -> bool:
        """Whether the difference stands out from the scatter of runs."""
        return abs(self.mean) > self.margin


@dataclass(frozen=True, slots=True)
class Comparison:
    """A treatment and what it is compared with, for every n measured in both; at least one.

    Attributes:
        treatment, reference: The two.
        differences: In the order of n.
        basis: Where the margins come from: intervals over seeds, ranges of runs, or, where treatment and reference ran
            once at some n, also the widest range of others.
    """

    treatment: str
    reference: str
    differences: tuple[Difference, ...]
    basis: Literal["intervals", "ranges", "single runs"]

    @property
    def decidable(self) -> bool:
        """Whether anything was run twice, so that scatter is known."""
        return any(not math.isnan(each.margin) for each in self.differences)

    @property
    def losses(self) -> tuple[int, ...]:
        """Every n at which the treatment is clearly worse."""
        return tuple(each.n for each in self.differences if each.clear and each.mean < 0)

    @property
    def gains(self) -> tuple[int, ...]:
        """Every n at which the treatment is clearly better."""
        return tuple(each.n for each in self.differences if each.clear and each.mean > 0)

    @property
    def lowest(self) -> Difference:
        """The smallest mean."""
        return min(self.differences, key=lambda each: each.mean)

    @property
    def highest(self) -> Difference:
        """The largest mean."""
        return max(self.differences, key=lambda each: each.mean)

    @property
    def deepest(self) -> Difference:
        """That of the largest n."""
        return self.differences[-1]

    @property
    def average(self) -> float:
        """The mean over all n."""
        return math.fsum(each.mean for each in self.differences) / len(self.differences)

    @property
    def no_loss_up_to(self) -> int:
        """The last n before the first clear loss; 0 when n = 1 loses already."""
        return next((each.n - 1 for each in self.differences if each.n in self.losses), self.deepest.n)


def measured(rows: Sequence[Row], split: str) -> dict[str, Comparison]:
    """Return every comparison of `COMPARISONS` that the rows of a split allow.

    Args:
        rows: Of one configuration; other splits than `split` help to estimate how far seeds scatter.
        split: A split, or `BOTH`.
    """
    found = {}
    for name, (treatment, reference) in COMPARISONS.items():
        of_split = {each: _paired(rows, each, treatment, reference) for each in (RANDOM, *DIRECTIONS, BOTH)}
        if not (wanted := of_split[split]):
            continue
        own_splits = [BOTH] if split == BOTH else [RANDOM, *DIRECTIONS]  # a mean of two directions scatters less
        spread, freedom = _pooled([runs for each in own_splits for runs in of_split[each].values()])
        if split == BOTH and not freedom:
            spread, freedom = _pooled([runs for each in (RANDOM, *DIRECTIONS) for runs in of_split[each].values()])
            spread /= math.sqrt(2)
        found[name] = Comparison(
            treatment,
            reference,
            tuple(
                Difference(
                    n, math.fsum(runs) / len(runs), min(runs), max(runs), len(runs), _margin(spread, freedom, len(runs))
                )
                for n, runs in sorted(wanted.items())
            ),
            basis="intervals",
        )
    return found


def _paired(rows: Sequence[Row], split: str, treatment: str, reference: str) -> dict[int, list[float]]:
    """Return the differences of the same seed by n."""
    accuracies = values(rows, split)
    found = {}
    for (name, n), by_seed in accuracies.items():
        if name == treatment:
            other = accuracies.get((reference, 0 if reference == "baseB" else n), {})
            if shared := sorted(by_seed.keys() & other.keys()):
                found[n] = [by_seed[seed] - other[seed] for seed in shared]
    return found


def _pooled(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Return the standard deviation inside groups and its degrees of freedom; NaN and 0 where no group has two runs."""
    freedom = sum(len(group) - 1 for group in groups)
    if not freedom:
        return math.nan, 0
    squares = math.fsum((value - math.fsum(group) / len(group)) ** 2 for group in groups for value in group)
    return math.sqrt(squares / freedom), freedom


def _margin(spread: float, freedom: int, runs: int) -> float:
    if not freedom:
        return math.nan
    from scipy.special import stdtrit  # scipy.stats would take a second

    return float(stdtrit(freedom, 0.975)) * spread / math.sqrt(runs)


def published(of_split: Curves, repeated: Curves) -> dict[str, Comparison]:
    """Return every comparison of `COMPARISONS` that published curves of a split allow.

    Args:
        of_split: The curves.
        repeated: Curves of which some points ran more than once: where nothing else tells how far runs scatter, their
            widest range does.
    """
    widest = max((point.high - point.low for line in repeated.values() for point in line), default=math.nan)
    found = {}
    for name, (treatment, reference) in COMPARISONS.items():
        base = RANDOM_BASE if treatment == "RnB" else reference
        others = {point.n: point for point in of_split.get(base, ())}
        line = [(point, others.get(0 if reference == "baseB" else point.n)) for point in of_split.get(treatment, ())]
        pairs = [(one, other) for one, other in line if other is not None]
        if pairs:
            single = any(one.runs + other.runs == 2 for one, other in pairs)
            differences = tuple(_between(one, other, widest) for one, other in pairs)
            found[name] = Comparison(treatment, reference, differences, "single runs" if single else "ranges")
    return found


def _between(one: Point, other: Point, widest: float) -> Difference:
    low, high, mean = one.low - other.high, one.high - other.low, one.mean - other.mean
    meeting = mean - low if mean > 0 else high - mean
    return Difference(one.n, mean, low, high, one.runs, widest if one.runs + other.runs == 2 else meeting)
