"""Trainings side by side: where their recipes differ, and by how much their accuracies do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from typing import Any

import numpy as np

from models import recipes
from models.errors import InputError
from models.intervals import Estimate, wilson
from models.training_results import TrainingResult
from models.training_specs import TrainingSpec


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of the recipes: its name in words, the value in every run, and whether they differ."""

    name: str
    values: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """The accuracy of a second run minus that of a first, on the same pictures.

    Attributes:
        difference: -1..1, with its 95 % interval; n counts the pictures.
        only_first, only_second: Pictures that this run alone gets right.
        left_out: Pictures that both were tested on and one of them has learnt from.
        p: Of McNemar's exact test, two-sided: how likely the pictures on which the runs disagree are split so unevenly
            where neither is better.
    """

    difference: Estimate
    only_first: int
    only_second: int
    left_out: int
    p: float


def settings(specs: Sequence[TrainingSpec]) -> tuple[Setting, ...]:
    """Return every field of some recipes, head and augmentation included, in the order of `TrainingSpec`."""
    rows = [dict(_flat(spec.to_json())) for spec in specs]
    return tuple(
        Setting(name, values, len(set(values)) > 1)
        for name in (rows[0] if rows else ())
        for values in [tuple(row[name] for row in rows)]
    )


def _flat(data: Mapping[str, Any], of: str = "") -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        words = f"{of}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{words}: ")
        else:
            yield words, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "all" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def accuracy(result: TrainingResult) -> Estimate:
    """Return the share of a run's test pictures that it gets right."""
    right = _right(result)
    return wilson(int(right.sum()), len(right))


def _right(result: TrainingResult) -> np.ndarray:
    return np.asarray(result.probability.argmax(axis=1) == result.label)


def paired(
    first: TrainingResult, second: TrainingResult, specs: tuple[TrainingSpec, TrainingSpec]
) -> Difference | None:
    """Return by how much the second run is better on the pictures that both were tested on.

    A picture that one of the two has learnt from, or chose its best epoch by, is left out: runs of other splits share
    few.

    Returns:
        None where nothing is left to compare, or the data sets differ.
    """
    if specs[0].dataset != specs[1].dataset:
        return None
    splits = [recipes.split_of(spec) for spec in specs]
    seen = np.concatenate([part for split in splits for part in (split.train, split.validation)])
    both = np.intersect1d(first.index, second.index)
    clean = np.setdiff1d(both, seen)
    if not len(clean):
        return None
    a, b = (_right(result)[_places(result.index, clean)] for result in (first, second))
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    return Difference(
        paired_difference(int((a & b).sum()), only_first, only_second, int((~a & ~b).sum())),
        only_first,
        only_second,
        len(both) - len(clean),
        mcnemar(only_first, only_second),
    )


def _places(index: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where the pictures `wanted` are in `index`."""
    order = np.argsort(index)
    return np.asarray(order[np.searchsorted(index, wanted, sorter=order)])


def paired_difference(both: int, only_first: int, only_second: int, neither: int) -> Estimate:
    """Return (second - first) of two shares of the same pictures, with its 95 % interval.

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
    """Return the two-sided p of McNemar's exact test: a fair coin thrown once for every disagreement."""
    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(n, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**n))
