"""Findings of the transferability experiment: where a treatment differs from another by more than chance explains.

Of measured rows, differences are taken seed by seed. Two things move their mean, and its margin holds both:

- **Seeds.** The variance of the differences is pooled over all layers and splits that were measured more than once, and
  divided by the number of seeds. The layers of one seed share a network they are compared with, so that their
  differences go up and down together: with a correlation of 1/2, L layers bear L / (1 + (L - 1) / 4) times the degrees
  of freedom of one (after Satterthwaite), and not L times.
- **Pictures.** Other test pictures would give other accuracies, and seeds that are tested on the same pictures do not
  show it. Accuracies p and q on n pictures differ by chance with variance (p (1 - p) + q (1 - q)) / n; of that the part
  counts that seeds have in common (`SHARED`), the rest is in their scatter already. The rows do not hold which pictures
  a network got right. Two networks that see the same pictures err on the same ones more often than by chance, which
  this leaves out: the margin is rather too wide than too narrow.

Both are added, with Student's quantile for the degrees of freedom of the sum. A comparison looks at several layers: its
margins are Bonferroni's, so that those of all its layers hold at once with 95 %. Nothing corrects for making several
comparisons. Of the published runs only means and ranges are known; there the margin is where the ranges of the two
treatments meet, or, where both ran once, the widest range of any treatment that ran more often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from models import intervals
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
# Share of its test pictures that a seed has in common with another: random halves draw half of all classes anew. The
# classes of dissimilar tasks are nearly all there are.
SHARED: Final = {RANDOM: 0.5, **dict.fromkeys(DIRECTIONS, 1.0), BOTH: 1.0}
_TOGETHER: Final = 0.5  # correlation of two layers' differences: of two variances in each, one is that they share


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus reference with the first n layers copied.

    Attributes:
        n: Layers copied.
        mean, low, high: Difference of accuracies, -1..1, and its range over seeds. Of published runs `low` and `high`
            are the extremes their ranges allow.
        runs: Seeds, or published runs of the treatment.
        margin: How large `mean` has to be to stand out from chance, at all layers at once; NaN where that is not known.
    """

    n: int
    mean: float
    low: float
    high: float
    runs: int
    margin: float

    @property
    def clear(self) -> bool:
        """Whether the difference stands out from chance."""
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
    def margins(self) -> tuple[float, float]:
        """The smallest and the largest margin."""
        return min(each.margin for each in self.differences), max(each.margin for each in self.differences)

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
        variance, freedom = _pooled([list(of_split[each].values()) for each in own_splits])
        if split == BOTH and not freedom:
            variance, freedom = _pooled([list(of_split[each].values()) for each in (RANDOM, *DIRECTIONS)])
            variance /= 2
        sampling = _sampling(rows, split, treatment, reference)
        differences = []
        for n, runs in sorted(wanted.items()):
            margin = math.nan
            if freedom:
                known = SHARED[split] * sampling[n]
                margin = intervals.margin_of_two_sources(variance / len(runs), freedom, known, len(wanted))
            differences.append(Difference(n, math.fsum(runs) / len(runs), min(runs), max(runs), len(runs), margin))
        found[name] = Comparison(treatment, reference, tuple(differences), basis="intervals")
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


def _sampling(rows: Sequence[Row], split: str, treatment: str, reference: str) -> dict[int, float]:
    """Return by n the variance that one seed's test pictures give to the difference of two independent networks."""
    if split == BOTH:
        one, other = (_sampling(rows, direction, treatment, reference) for direction in DIRECTIONS)
        return {n: (one[n] + other[n]) / 4 for n in one.keys() & other.keys()}
    accuracies = values(rows, split)
    pictures = {(row.treatment, row.n): row.pictures for row in rows if row.split == split}
    found = {}
    for (name, n), by_seed in accuracies.items():
        other_cell = (reference, 0 if reference == "baseB" else n)
        if name == treatment and other_cell in accuracies:
            shares = [math.fsum(each.values()) / len(each) for each in (by_seed, accuracies[other_cell])]
            found[n] = math.fsum(share * (1 - share) for share in shares) / pictures[name, n]
    return found


def _pooled(splits: Sequence[Sequence[Sequence[float]]]) -> tuple[float, float]:
    """Return the variance inside groups, and its degrees of freedom; NaN and 0 where no group has two runs.

    Args:
        splits: Of every split its layers, of every layer the differences of its seeds.
    """
    squares, count, freedom = 0.0, 0, 0.0
    for layers in splits:
        repeated = [group for group in layers if len(group) > 1]
        squares += math.fsum((value - math.fsum(group) / len(group)) ** 2 for group in repeated for value in group)
        of_split = sum(len(group) - 1 for group in repeated)
        count += of_split
        freedom += of_split / (1 + (len(repeated) - 1) * _TOGETHER**2) if repeated else 0.0
    return (squares / count, freedom) if count else (math.nan, 0.0)


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
