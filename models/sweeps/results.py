"""Results of a sweep: accuracy by value over seeds, differences of the same seed; and those shipped with the app."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from models import intervals
from models.intervals import Estimate
from models.storage import files, runs
from models.sweeps import variations
from models.sweeps.cells import Finished
from models.sweeps.spec import Choice, SweepSpec

FOLDER: Final = files.ASSETS / "sweeps"  # <choice>.json holds a shipped sweep and its finished cells
CONTROLS: Final = files.ASSETS / "controls"  # <line> holds a control of the example run, without its classifier


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one line: the cells that are finished, in the order of their seeds."""

    value: str
    cells: tuple[Finished, ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Return the test accuracy of every seed, 0..1."""
        return tuple(cell.accuracy for cell in self.cells)

    @property
    def mean(self) -> float:
        """Return their mean."""
        return float(np.mean(self.accuracies))

    @property
    def train_mean(self) -> float:
        """Return the mean training accuracy of the epochs that were kept; NaN where one has none."""
        return float(np.mean([cell.train_accuracy for cell in self.cells]))


@dataclass(frozen=True, slots=True)
class Gap:
    """By how much one point differs from another, over the seeds that both have.

    Attributes:
        line, value: Of the point.
        difference: Mean of (this - the other), in -1..1, with Student's 95 % interval over the seeds.
    """

    line: str
    value: str
    difference: Estimate

    @property
    def clear(self) -> int:
        """Return 1 if it is clearly better, -1 if clearly worse, 0 if the seeds cannot tell."""
        return int(self.difference.low > 0) - int(self.difference.high < 0)


def points(sweep: SweepSpec, rows: Iterable[Finished]) -> dict[str, tuple[Point, ...]]:
    """Return {line: its points in the order of the values}, those without a finished cell left out."""
    found: dict[tuple[str, str], list[Finished]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        found.setdefault((row.line, row.value), []).append(row)
    return {
        line: tuple(Point(value, tuple(found[line, value])) for value in sweep.values if (line, value) in found)
        for line in sweep.lines
    }


def gap(point: Point, other: Point, line: str = variations.AS_IS) -> Gap:
    """Return by how much `point`, of `line`, is better than `other`, paired by seed."""
    theirs = {cell.number: cell.accuracy for cell in other.cells}
    pairs = [cell.accuracy - theirs[cell.number] for cell in point.cells if cell.number in theirs]
    return Gap(line, point.value, intervals.mean(np.array(pairs)))


def best(line: Sequence[Point]) -> Point:
    """Return the point with the highest mean; of equal ones the first."""
    return max(line, key=lambda point: point.mean)


def against_best(line: Sequence[Point]) -> tuple[Gap, ...]:
    """Return how far every other point of a line is from its best."""
    top = best(line)
    return tuple(gap(point, top) for point in line if point is not top)


def against_plain(line: Sequence[Point]) -> tuple[Gap, ...]:
    """Return what every regulariser changes against none; nothing where none was not trained."""
    plain = next((point for point in line if point.value == variations.PLAIN), None)
    return () if plain is None else tuple(gap(point, plain) for point in line if point is not plain)


def between_lines(found: dict[str, tuple[Point, ...]], first: str, second: str) -> tuple[Gap, ...]:
    """Return by how much `first` is ahead of `second` at every value that both have."""
    theirs = {point.value: point for point in found.get(second, ())}
    return tuple(gap(point, theirs[point.value], first) for point in found.get(first, ()) if point.value in theirs)


@lru_cache(maxsize=4)
def shipped(choice: Choice) -> tuple[SweepSpec, tuple[Finished, ...]]:
    """Return a shipped sweep and its cells."""
    data = json.loads((FOLDER / f"{choice}.json").read_bytes())
    return SweepSpec.from_json(data["spec"]), tuple(map(Finished.from_json, data["cells"]))


def control_of_example(line: str) -> runs.Run:
    """Return a control of the example run: its results, without a classifier."""
    return runs.Run(f"{runs.EXAMPLE}-{line}", CONTROLS / line)
