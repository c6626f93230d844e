"""The cells of a sweep as files in its folder: which are finished, which a process has claimed.

    cells/<digest>.json    what a finished cell gave
    claims/<run id>        exists once a process has begun that cell

Two processes may work in one folder: a claim is made by whoever creates its file.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.errors import FreezeframeError
from models.storage import files, runs
from models.storage.specs import PlainSpec
from models.sweeps import convergence
from models.sweeps.spec import Cell, Key, SweepSpec, cell_seconds
from models.training.results import TrainingResult, load_result
from models.training.spec import TRAINING, TrainingSpec

_CELLS, _CLAIMS = "cells", "claims"


@dataclass(frozen=True, slots=True)
class Finished(PlainSpec):
    """A finished cell.

    Attributes:
        line, value, number: Of the cell.
        run: Id of its run; "" where the run is not kept (shipped results).
        accuracy, tested: Share of the test pictures that it gets right, and how many there are.
        train_accuracy: Share of the training pictures right during the epoch that was kept; NaN without one.
        seconds: It took, its part of what cells share included.
        late_fall: What the second half of the learning took off the validation loss, in nats (see `convergence`); NaN
            where that is not known.
        head_kept: Of two phases, no epoch of the second did better on the validation pictures: the weights that were
            tested are those of the head alone, and what was free to learn beside it makes no difference to them.
    """

    line: str
    value: str
    number: int
    run: str
    accuracy: float
    tested: int
    train_accuracy: float
    seconds: float
    late_fall: float = float("nan")
    head_kept: bool = False

    @property
    def key(self) -> Key:
        """Return the key of its cell."""
        return self.line, self.value, self.number


def run_id(sweep: str, cell: Cell) -> str:
    """Return the id of a cell's run: the same after a kill, and known to nobody who does not know the sweep's."""
    return hashlib.sha256("/".join((sweep, cell.line, cell.value, str(cell.number))).encode()).hexdigest()[:32]


def record(folder: Path, found: Finished) -> None:
    """Write a finished cell into the folder of its sweep."""
    name = hashlib.sha256(repr(found.key).encode()).hexdigest()[:16]
    path = folder / _CELLS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    files.write_atomically(path, json.dumps(found.to_json()).encode())


def finished(folder: Path) -> tuple[Finished, ...]:
    """Return the cells of a sweep that are finished; files that cannot be read are passed over."""
    found = []
    for path in sorted((folder / _CELLS).glob("*.json")):
        try:
            found.append(Finished.from_json(json.loads(path.read_bytes())))
        except (OSError, ValueError, FreezeframeError):
            continue
    return tuple(found)


class Ledger:
    """Which cells a sweep has, which are finished, and which a process has claimed, by the files in its folder."""

    def __init__(self, folder: Path, sweep: SweepSpec) -> None:
        self.folder, self.sweep = folder, sweep
        self.id = folder.name
        self.cells = {cell.key: cell for cell in sweep.cells()}
        self.seconds = cell_seconds(sweep)

    def free(self) -> None:
        """Give up every claim."""
        shutil.rmtree(self.folder / _CLAIMS, ignore_errors=True)
        (self.folder / _CLAIMS).mkdir()

    @property
    def done(self) -> set[Key]:
        """Return the cells that are finished."""
        return {row.key for row in finished(self.folder)} & self.cells.keys()

    @property
    def complete(self) -> bool:
        """Whether every cell is finished."""
        return len(self.done) == len(self.cells)

    @property
    def share(self) -> float:
        """Return how much of the work is done, 0..1."""
        return sum(self.seconds[key] for key in self.done) / sum(self.seconds.values())

    def part(self, cell: Cell) -> float:
        """Return how much of the work one cell is, 0..1."""
        return self.seconds[cell.key] / sum(self.seconds.values())

    @property
    def left(self) -> float:
        """Return the seconds of work left."""
        return (1 - self.share) * sum(self.seconds.values())

    def note(self) -> str:
        """Return in words how far the sweep is."""
        return f"{len(self.done)} of {len(self.cells)} trainings finished"

    def take_over(self) -> None:
        """Record the cells that an earlier sweep has trained already, of the same recipe."""
        with suppress(FreezeframeError, OSError):
            rows = dict(_recipes_of(self.sweep.after)) if self.sweep.after else {}
            for key in self.cells.keys() - self.done:
                cell = self.cells[key]
                if row := rows.get(cell.spec):
                    self.record(cell, row.run, load_result(runs.get(row.run)), row.seconds)

    def claim(self, last: Cell | None) -> Cell | None:
        """Return a cell for this process alone: of the value it is at, else of its line; the most work first."""
        free = [key for key in self.cells.keys() - self.done if not self._claim_file(key).exists()]
        work = {key[:2]: sum(self.seconds[other] for other in free if other[:2] == key[:2]) for key in free}
        line, value = ("", "") if last is None else last.key[:2]
        for key in sorted(free, key=lambda key: (key[:2] != (line, value), key[0] != line, -work[key[:2]], key)):
            try:
                self._claim_file(key).touch(exist_ok=False)
            except FileExistsError:
                continue  # the other process was faster
            return self.cells[key]
        return None

    def _claim_file(self, key: Key) -> Path:
        return self.folder / _CLAIMS / run_id(self.id, self.cells[key])

    def record(self, cell: Cell, run: str, result: TrainingResult, seconds: float) -> None:
        """Write down a finished cell."""
        summary = result.summary
        best = next((row for row in result.history if row["epoch"] == summary["best_epoch"]), None)
        record(
            self.folder,
            Finished(
                *cell.key,
                run=run,
                accuracy=float(summary["accuracy"]),
                tested=int(summary["n_test"]),
                train_accuracy=float("nan") if best is None else float(best["accuracy"]),
                seconds=seconds,
                late_fall=convergence.late_fall(result.history),
                head_kept=best is not None and best.get("phase", 1) < result.history[-1].get("phase", 1),
            ),
        )


def _recipes_of(sweep: str) -> Iterator[tuple[TrainingSpec, Finished]]:
    """Yield the finished cells of a sweep whose runs are still there, each with its recipe."""
    for row in finished(runs.get(sweep).folder):
        with suppress(FreezeframeError):
            yield TRAINING.spec_of(runs.get(row.run)), row
