"""Results of a sweep: accuracy by value over seeds, differences of the same seed; and those shipped with the app."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models import intervals
from models.intervals import Estimate
from models.storage import files, runs
from models.sweeps import convergence, variations
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

    @property
    def late_fall(self) -> float:
        """Return the mean of what the second half of the learning took off the validation loss, in nats; or NaN."""
        return float(np.mean([cell.late_fall for cell in self.cells]))

    @property
    def converged(self) -> bool | None:
        """Whether its trainings had come to their end; None where that is not known."""
        return convergence.converged(self.late_fall)


@dataclass(frozen=True, slots=True)
class Gap:
    """By how much one point differs from another, over the seeds that both have.

    Attributes:
        line, value: Of the point.
        difference: Mean of (this - the other), in -1..1, with Student's 95 % interval over the seeds.
        judged: Whether the trainings of both had come to their end, as far as is known: else the difference may be one
            of too few epochs.
    """

    line: str
    value: str
    difference: Estimate
    judged: bool = True

    @property
    def clear(self) -> int:
        """Return 1 if it is clearly better, -1 if clearly worse, 0 if the seeds cannot tell, or are not to."""
        if not self.judged:
            return 0
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


def gap(point: Point, other: Point, line: str = variations.AS_IS, comparisons: int = 1) -> Gap:
    """Return by how much `point`, of `line`, is better than `other`, paired by seed.

    Args:
        point, other: The two.
        line: Of `point`.
        comparisons: How many are made together; the intervals of all hold at once with 95 % (Bonferroni).
    """
    theirs = {cell.number: cell.accuracy for cell in other.cells}
    pairs = [cell.accuracy - theirs[cell.number] for cell in point.cells if cell.number in theirs]
    judged = point.converged is not False and other.converged is not False
    return Gap(line, point.value, intervals.mean(np.array(pairs), comparisons), judged)


def best(line: Sequence[Point]) -> Point:
    """Return the point with the highest mean; of equal ones the first."""
    return max(line, key=lambda point: point.mean)


def against_best(line: Sequence[Point]) -> tuple[Gap, ...]:
    """Return how far every other point of a line is from its best, with intervals that hold at once.

    Which one is best is seen in the same numbers, so that it stands for every pair of them: `pairs` comparisons. How
    far seeds scatter is pooled over the points that came to their end, as far as all of them have the same seeds: it is
    what is left when every point's and every seed's mean are taken out, with (points - 1)(seeds - 1) degrees of
    freedom.

    Source:
        Fisher, The Design of Experiments (1935): randomised blocks, the seeds being the blocks.
    """
    top, count = best(line), pairs(line)
    table = _table([point for point in line if point.converged is not False])
    if table.shape[0] < 2 or table.shape[1] < 2:
        return tuple(gap(point, top, comparisons=count) for point in line if point is not top)
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    half = intervals.student(freedom, count) * float(np.sqrt(2 * (left**2).sum() / freedom / table.shape[1]))
    return tuple(_with_margin(gap(point, top, comparisons=count), half) for point in line if point is not top)


def _table(line: Sequence[Point]) -> NDArray[np.float64]:
    """Return the accuracies of the seeds that all points of a line have, float64 (points, seeds)."""
    found = [{cell.number: cell.accuracy for cell in point.cells} for point in line]
    common = sorted(set.intersection(*(set(each) for each in found))) if found else []
    return np.array([[each[number] for number in common] for each in found]).reshape(len(found), len(common))


def _with_margin(found: Gap, half: float) -> Gap:
    """Return a gap with an interval of this half width, where it has seeds enough to have one."""
    value = found.difference.value
    if not found.judged or found.difference.n < 2:
        return found
    return replace(found, difference=replace(found.difference, low=value - half, high=value + half))


def pairs(line: Sequence[Point]) -> int:
    """Return how many pairs the points of a line make, at least 1."""
    return max(len(line) * (len(line) - 1) // 2, 1)


def against_plain(line: Sequence[Point]) -> tuple[Gap, ...]:
    """Return what every regulariser changes against none, with intervals that hold at once; nothing without none.

    Early stopping and the like end a training on purpose: how far it came is part of what they do, and judged.
    """
    plain = next((point for point in line if point.value == variations.PLAIN), None)
    if plain is None:
        return ()
    others = [point for point in line if point is not plain]
    return tuple(replace(gap(point, plain, comparisons=len(others)), judged=True) for point in others)


def between_lines(found: dict[str, tuple[Point, ...]], first: str, second: str) -> tuple[Gap, ...]:
    """Return by how much `first` is ahead of `second` at every value that both have, each with 95 % for itself."""
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
