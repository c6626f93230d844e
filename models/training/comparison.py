"""Trainings side by side: where their recipes differ, and by how much their accuracies do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.intervals import Estimate, mcnemar, paired_difference, wilson
from models.training import mistakes, recipes
from models.training.results import TrainingResult
from models.training.spec import TrainingSpec
from models.wording import significant


@dataclass(frozen=True, slots=True)
class Judged:
    """What a training with a recipe was tested on, picture numbers int64 (N,), and which it got right, bool (N,)."""

    spec: TrainingSpec
    index: np.ndarray
    right: np.ndarray

    @property
    def accuracy(self) -> Estimate:
        """Return the share of its test pictures that it gets right."""
        return wilson(int(self.right.sum()), len(self.right))

    @property
    def leaked(self) -> np.ndarray:
        """Return the test pictures that it has learnt from, sorted int64 (n,); n is 0 where none leaked."""
        return mistakes.leaked(recipes.split_of(self.spec), self.spec.leaked, self.spec.seed)

    def apart(self) -> tuple[Estimate, Estimate] | None:
        """Return the accuracy on the test pictures that leaked, and on the others; None where none leaked."""
        if not self.spec.leaked:
            return None
        leaked = np.isin(self.index, self.leaked)
        known, fresh = (wilson(int(self.right[part].sum()), int(part.sum())) for part in (leaked, ~leaked))
        return known, fresh


@dataclass(frozen=True, slots=True)
class Compared:
    """One of some trainings: its number from 1, its run id, its title (plain text), its recipe and its results."""

    number: int
    run_id: str
    title: str
    spec: TrainingSpec
    result: TrainingResult

    @property
    def name(self) -> str:
        """Return what it is called among the others."""
        return f"{self.number} · {self.title}"

    @property
    def judged(self) -> Judged:
        """Return which test pictures it gets right."""
        right = self.result.probability.argmax(axis=1) == self.result.label
        return Judged(self.spec, self.result.index, np.asarray(right))

    @property
    def accuracy(self) -> Estimate:
        """Return the share of its test pictures that it gets right."""
        return self.judged.accuracy


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
        difference: -1..1, with its 95% interval; n counts the pictures.
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
    return "all" if value is None else significant(value, 6) if isinstance(value, float) else str(value)


def paired(first: Judged, second: Judged) -> Difference | None:
    """Return by how much the second run is better on the pictures that both were tested on.

    A picture that one of the two has learnt from, or chose its best epoch by, is left out: runs of other splits share
    few.

    Returns:
        None where nothing is left to compare, or the data sets differ.
    """
    if first.spec.dataset != second.spec.dataset:
        return None
    splits = [recipes.split_of(run.spec) for run in (first, second)]
    seen = np.concatenate([part for split in splits for part in (split.train, split.validation)])
    both = np.intersect1d(first.index, second.index)
    clean = np.setdiff1d(both, seen)
    if not len(clean):
        return None
    a, b = (run.right[_places(run.index, clean)] for run in (first, second))
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
