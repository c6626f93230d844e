"""Curves of the transferability experiment: those measured here from their rows, the published ones from a table.

Measured curves stand on whole seeds: a seed counts once it has as many networks as the fullest one of its split, so
that every point of a curve is a mean over the same seeds. Bands reach from the lowest to the highest seed.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import InputError
from models.storage.files import ASSETS
from models.transferability.experiment import BASES, EIGHT, SPLITS, TREATMENTS, Row, read_csv

ROWS: Final = ASSETS / "transferability" / "rows.csv"
PUBLISHED: Final = ASSETS / "transferability" / "published.csv"
RANDOM, *DIRECTIONS = SPLITS
BOTH: Final = "both directions"  # the mean of the two dissimilar splits
RANDOM_BASE: Final = "baseR"  # the paper measured random filters on all 1,000 classes, against a base of their own


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve.

    Attributes:
        n: Layers copied; 0 for a base.
        mean, low, high: Accuracies in 0..1, or differences of accuracies: the mean of the runs and their range.
        runs: How many.
    """

    n: int
    mean: float
    low: float
    high: float
    runs: int


Curves = Mapping[str, tuple[Point, ...]]  # by treatment, points in the order of n
Values = dict[tuple[str, int], dict[int, float]]  # accuracy by (treatment, n) and seed


def load(path: Path | None = None) -> tuple[Row, ...]:
    """Return the measured rows, those shipped with the app by default.

    Raises:
        InputError: The file is missing or empty, or holds something else than rows of the experiment.
    """
    path = path or ROWS
    try:
        rows = read_csv(path)
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(f"Expected the rows of the experiment in {path.name}. Received: {_reason(error)}.") from error
    if not rows:
        raise InputError(f"Expected the rows of the experiment in {path.name}. Received: none.")
    for row in rows:
        known = row.treatment in (*BASES, *TREATMENTS) and row.split in SPLITS
        if not known or not 0 <= row.n < EIGHT.depth or not 0 <= row.accuracy <= 1:
            raise InputError(
                f"Expected a known treatment and split, n below {EIGHT.depth} and an accuracy in 0..1 in {path.name}. "
                f"Received {row.treatment[:20]}, {row.split[:30]}, {row.n}, {row.accuracy}."
            )
    return rows


def _reason(error: Exception) -> str:
    return "no such file" if isinstance(error, FileNotFoundError) else f"{type(error).__name__} {str(error)[:80]}"


def one_configuration(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows of the most frequent digest: networks trained in different ways make no common curve."""
    counts = Counter(row.digest for row in rows)
    chosen = max(counts, key=lambda digest: (counts[digest], digest), default="")
    return tuple(row for row in rows if row.digest == chosen)


def networks(rows: Iterable[Row], split: str) -> dict[int, int]:
    """Return how many networks of a split there are of every seed; of both directions together for `BOTH`."""
    wanted = DIRECTIONS if split == BOTH else [split]
    return dict(sorted(Counter(row.seed for row in rows if row.split in wanted).items()))


def values(rows: Sequence[Row], split: str) -> Values:
    """Return the accuracies of whole seeds; of `BOTH` the mean of the two directions, of seeds that have both."""
    if split == BOTH:
        one, other = (values(rows, direction) for direction in DIRECTIONS)
        means = {
            cell: {seed: (one[cell][seed] + other[cell][seed]) / 2 for seed in one[cell].keys() & other[cell].keys()}
            for cell in one.keys() & other.keys()
        }
        return {cell: by_seed for cell, by_seed in means.items() if by_seed}
    counts = networks(rows, split)
    whole = {seed for seed, count in counts.items() if count == max(counts.values())}
    found: Values = defaultdict(dict)
    for row in rows:
        if row.split == split and row.seed in whole:
            found[row.treatment, row.n][row.seed] = row.accuracy
    return dict(found)


def curves(rows: Sequence[Row], split: str, *, relative: bool = False) -> Curves:
    """Return the measured curves of a split; empty where there are no rows.

    Args:
        rows: Of one configuration.
        split: One of `SPLITS`, or `BOTH`.
        relative: Give differences to the baseB of the same seed instead of accuracies: seeds have other classes, some
            of them easier, and this takes it out.
    """
    measured = values(rows, split)
    base = measured.get(("baseB", 0), {})
    found: dict[str, list[Point]] = defaultdict(list)
    for (treatment, n), by_seed in sorted(measured.items(), key=lambda cell: cell[0][1]):
        if relative:
            by_seed = {seed: value - base[seed] for seed, value in by_seed.items() if seed in base}
        if by_seed:
            runs = list(by_seed.values())
            found[treatment].append(Point(n, math.fsum(runs) / len(runs), min(runs), max(runs), len(runs)))
    return {treatment: tuple(points) for treatment, points in found.items()}


def published(path: Path = PUBLISHED) -> dict[str, Curves]:
    """Return the paper's curves by split; those of random filters, and their base, are in every split.

    `BOTH` is the mean of the two directions, which were run once each: one run, without a range.

    Source:
        Yosinski, Clune, Bengio, Lipson, "How transferable are features in deep neural networks?", NeurIPS 2014; the
        runs that its authors published.
    """
    table: dict[str, dict[str, list[Point]]] = defaultdict(lambda: defaultdict(list))
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            mean, low, high = (float(line[name]) for name in ("mean", "low", "high"))
            table[line["split"]][line["treatment"]].append(Point(int(line["n"]), mean, low, high, int(line["runs"])))
    noise = table.pop("all classes")
    one, other = (table[direction] for direction in DIRECTIONS)
    for treatment, points in one.items():
        means = [(a.n, (a.mean + b.mean) / 2) for a, b in zip(points, other[treatment], strict=True)]
        table[BOTH][treatment] = [Point(n, mean, mean, mean, 1) for n, mean in means]
    for of_split in table.values():
        of_split |= {"RnB": noise["RnB"], RANDOM_BASE: noise["baseB"]}
    return {split: {name: tuple(points) for name, points in of.items()} for split, of in table.items()}


def relative(published_curves: Curves) -> Curves:
    """Return published curves as differences to the mean of their base."""
    found = {}
    for treatment, points in published_curves.items():
        noise = treatment in ("RnB", RANDOM_BASE)
        (base,) = published_curves[RANDOM_BASE if noise else "baseB"]
        found[treatment] = tuple(
            Point(point.n, point.mean - base.mean, point.low - base.mean, point.high - base.mean, point.runs)
            for point in points
        )
    return found
