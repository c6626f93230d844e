"""The live slice: the transferability experiment on the digits, trained in a few minutes; its spec, its rows, its job.

Five of the ten digits are task A, the others task B; all 17 networks of the experiment are trained for each seed, with
the four-layer network `experiment.FOUR` on the 8 x 8 scans.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from models.errors import InputError
from models.jobs.job import Job, PricedSpec
from models.pictures import datasets
from models.storage import files, runs
from models.transferability.experiment import FOUR, Row, Schedule, cells, read_csv

SPLIT: Final = "digits"  # in the rows, where the large experiment names its split
DATASET: Final = "digits"
DIGITS: Final = tuple(range(10))
ROWS: Final = "rows.csv"  # in the run's folder
EXAMPLE: Final = files.ASSETS / "transferability_slice" / ROWS  # of the default spec
MOST_SEEDS: Final = 8
MOST_EPOCHS: Final = 60
EPOCHS: Final = {None: 20, 20: 40}  # by pictures a digit: few pictures make short epochs
BATCH: Final = 32
# For every layer that learns, and once more for what all networks share: to build and trace it, and a step of it. These
# lie between the seconds of the shipped rows, measured on a busy server, and those that one thread of an Intel Xeon at
# 2.8 GHz works (31 s a seed with all pictures, 16 s with 20 a digit).
_LAYER_SECONDS, _STEP_SECONDS, _START_SECONDS = 0.15, 0.0014, 4.0


@dataclass(frozen=True, slots=True)
class SliceSpec(PricedSpec):
    """One live slice; the same spec gives the same rows.

    Attributes:
        a: The five digits of task A; the other five are task B.
        first_seed, seeds: Seeds first_seed .. first_seed + seeds - 1; each draws the split and the weights anew.
        shots: Training pictures of each digit, None for all (about 108).
        epochs: Of every network.
    """

    a: tuple[int, ...] = (0, 1, 2, 3, 4)
    first_seed: int = 0
    seeds: int = 5
    shots: int | None = None
    epochs: int = EPOCHS[None]

    def __post_init__(self) -> None:
        if len(self.a) != 5 or set(self.a) - set(DIGITS) or list(self.a) != sorted(set(self.a)):
            received = ", ".join(map(str, self.a[:12])) or "none"
            raise InputError(f"Expected five different digits for A, the smallest first. Received {received}.")
        if not 1 <= self.seeds <= MOST_SEEDS or self.first_seed < 0:
            raise InputError(
                f"Expected 1 to {MOST_SEEDS} seeds from a number of at least 0. "
                f"Received {self.seeds} from {self.first_seed}."
            )
        if not 1 <= self.epochs <= MOST_EPOCHS:
            raise InputError(f"Expected 1 to {MOST_EPOCHS} epochs. Received {self.epochs}.")
        most = min(datasets.get(DATASET).per_class) // 2
        fewest = -(-BATCH // 5)
        if self.shots is not None and not fewest <= self.shots <= most:
            raise InputError(
                f"Expected {fewest} to {most} training pictures of each digit (those of five digits have to fill a "
                f"batch of {BATCH}, or no network takes a step). Received {self.shots}."
            )

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        seeds = f"{self.seeds} seed{'' if self.seeds == 1 else 's'} from {self.first_seed}"
        amount = f"{self.shots} pictures a digit" if self.shots else "all pictures"
        return f"A = {' '.join(map(str, self.a))}; {seeds}; {amount}"

    @property
    def b(self) -> tuple[int, ...]:
        """The five digits of task B."""
        return tuple(digit for digit in DIGITS if digit not in self.a)

    @property
    def schedule(self) -> Schedule:
        """How every network is trained. No mirroring: a mirrored digit is none."""
        return Schedule(self.epochs, BATCH, mirror=False)

    @property
    def networks(self) -> int:
        """How many networks are trained."""
        return self.seeds * len(cells(FOUR.depth, SPLIT, 0))

    def network_seconds(self, learning: int) -> float:
        """About how long a network takes of which so many layers learn."""
        steps = self.epochs * (self.pictures // BATCH)
        return (learning + 1) * (_LAYER_SECONDS + _STEP_SECONDS * steps)

    @property
    def pictures(self) -> int:
        """About how many training pictures one task has."""
        return 5 * (self.shots or round(0.6 * datasets.get(DATASET).size / 10))

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        learning = (FOUR.depth - cell.n * cell.frozen for cell in cells(FOUR.depth, SPLIT, 0))
        return _START_SECONDS + self.seeds * sum(map(self.network_seconds, learning))


def draw(seed: int) -> tuple[int, ...]:
    """Return five of the ten digits, drawn by the seed, the smallest first."""
    drawn = np.random.default_rng(seed).permutation(len(DIGITS))[:5]
    return tuple(sorted(int(digit) for digit in drawn))


def read_rows(path: Path) -> tuple[Row, ...]:
    """Return the rows of the networks that are finished; none where the file is missing or damaged."""
    try:
        return read_csv(path)
    except (OSError, KeyError, TypeError, ValueError, csv.Error):
        return ()


def rows(run: runs.Run) -> tuple[Row, ...]:
    """Return the rows that a live slice has written so far."""
    return read_rows(run.path(ROWS))


def example() -> tuple[Row, ...]:
    """Return the rows of the default spec, which are shipped."""
    return read_rows(EXAMPLE)


SLICE: Final[Job[SliceSpec, None]] = Job(
    "transferability", SliceSpec, "models.transferability.worker.slice:train_table", keeps=True
)
