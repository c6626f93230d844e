"""The job of a sweep: trains its cells one after the other, each into a run of its own. Imports Keras: workers only.

    python -m models.sweep_job RUN      the second process of a sweep that is running (started by the first)

Cells of one value share the network, its compiled steps and the frozen part's output (`transfer.Bench`). Where the
machine has a second core and the memory for it, a second process takes cells too; which process trains a cell changes
no number. A cell appears as a run when it is finished, whole; started again after a kill, the job keeps the finished
ones and goes on with the checkpoint of the one it was at.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import lifeline, memory_costs, networks, recipes, runs, sweeps, transfer
from models.errors import Cancelled, FreezeframeError
from models.runs import Progress
from models.sweeps import Cell, Finished, Key, SweepSpec
from models.training_results import TrainingResult, load_result

_CLAIMS, _WORK = "claims", "work"  # in the sweep's folder
_POLL_S = 0.3
_WORTH_S = 45.0  # of work left, above which a second process pays: it loads TensorFlow first
SECOND = "FREEZEFRAME_SWEEP_PROCESSES"  # "1" or "2"; else as many as fit

_log = logging.getLogger(__name__)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Train every cell that `spec` (the JSON of a SweepSpec) asks for and that is not finished yet."""
    sweep = SweepSpec.from_json(spec)
    sweeps.validate(sweep)
    networks.prepare_tensorflow()
    board = _Board(folder, sweep)
    board.free()  # what processes had claimed that are no more
    board.take_over()
    try:
        with _second_process(board) as second:
            _work(board, progress)
            while not board.complete:
                progress.event(share=board.share, note=board.note())
                time.sleep(_POLL_S)
                if second is None or second.poll() is not None:  # it died: its cells are free again
                    board.free()
                    _work(board, progress)
    except Exception:  # a kill is none: what it left is needed again
        shutil.rmtree(folder / _WORK, ignore_errors=True)
        raise
    shutil.rmtree(folder / _WORK, ignore_errors=True)


class _Board:
    """Which cells there are, which are finished, and which a process has claimed; told by files in the folder."""

    def __init__(self, folder: Path, sweep: SweepSpec) -> None:
        self.folder, self.sweep = folder, sweep
        self.id = folder.name
        self.cells = {cell.key: cell for cell in sweep.cells()}
        self.seconds = sweeps.cell_seconds(sweep)

    def free(self) -> None:
        """Give up every claim."""
        shutil.rmtree(self.folder / _CLAIMS, ignore_errors=True)
        (self.folder / _CLAIMS).mkdir()

    @property
    def found(self) -> set[Key]:
        """Return the cells that are finished."""
        return {row.key for row in sweeps.finished(self.folder)} & self.cells.keys()

    @property
    def complete(self) -> bool:
        """Whether every cell is finished."""
        return len(self.found) == len(self.cells)

    @property
    def share(self) -> float:
        """Return how much of the work is done, 0..1."""
        return sum(self.seconds[key] for key in self.found) / sum(self.seconds.values())

    def part(self, cell: Cell) -> float:
        """Return how much of the work one cell is, 0..1."""
        return self.seconds[cell.key] / sum(self.seconds.values())

    @property
    def left(self) -> float:
        """Return the seconds of work left."""
        return (1 - self.share) * sum(self.seconds.values())

    def note(self) -> str:
        """Return in words how far the sweep is."""
        return f"{len(self.found)} of {len(self.cells)} trainings finished"

    def take_over(self) -> None:
        """Record the cells that an earlier sweep has trained already, of the same recipe."""
        with suppress(FreezeframeError, OSError):
            rows = {_recipe_key(run.spec): row for row, run in _cells_of(self.sweep.after)} if self.sweep.after else {}
            for key in self.cells.keys() - self.found:
                cell = self.cells[key]
                if row := rows.get(_recipe_key(cell.spec.to_json())):
                    self.record(cell, row.run, load_result(runs.get(row.run)), row.seconds)

    def claim(self, last: Cell | None) -> Cell | None:
        """Return a cell for this process alone: of the value it is at, else of its line; the most work first."""
        free = [key for key in self.cells.keys() - self.found if not self._claim_file(key).exists()]
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
        return self.folder / _CLAIMS / sweeps.run_id(self.id, self.cells[key])

    def record(self, cell: Cell, run: str, result: TrainingResult, seconds: float) -> None:
        """Write down a finished cell."""
        summary = result.summary
        best = next((row for row in result.history if row["epoch"] == summary["best_epoch"]), None)
        sweeps.record(
            self.folder,
            Finished(
                *cell.key,
                run=run,
                accuracy=float(summary["accuracy"]),
                tested=int(summary["n_test"]),
                train_accuracy=float("nan") if best is None else float(best["accuracy"]),
                seconds=seconds,
            ),
        )


def _recipe_key(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, sort_keys=True)


def _cells_of(sweep: str) -> Iterator[tuple[Finished, runs.Run]]:
    for row in sweeps.finished(runs.get(sweep).folder):
        with suppress(FreezeframeError):
            yield row, runs.get(row.run)


@dataclass(frozen=True, slots=True)
class _Told:
    """The progress of one cell, as a part of the sweep's."""

    progress: Progress
    board: _Board
    cell: Cell

    def event(self, **fields: Any) -> None:
        """Tell how far the whole sweep is."""
        part = self.board.part(self.cell) * float(fields.get("share", 0.0))
        self.progress.event(share=min(self.board.share + part, 1.0), note=self.board.note())

    def check(self) -> None:
        """Raise Cancelled when asked to stop."""
        self.progress.check()


def _work(board: _Board, progress: Progress) -> None:
    """Train cells until none is free."""
    bench = transfer.Bench()
    last: Cell | None = None
    while (cell := board.claim(last)) is not None:
        last = cell
        _train(board, cell, bench, _Told(progress, board, cell))


def _train(board: _Board, cell: Cell, bench: transfer.Bench, progress: Progress) -> None:
    """Train a cell and publish its run; one that was published just before a kill is recorded only."""
    began, run_id = time.time(), sweeps.run_id(board.id, cell)
    try:
        run = runs.get(run_id)
    except FreezeframeError:
        folder = board.folder / _WORK / run_id
        folder.mkdir(parents=True, exist_ok=True)
        transfer.train(cell.spec, progress, folder, bench)
        whole = runs.get(board.id)
        title = f"{sweeps.name(board.sweep, cell)} · {whole.title}"
        record = {"kind": "training", "title": title, "owner": whole.owner, "parent": board.id}
        run = runs.publish(folder, run_id, {**record, "spec": cell.spec.to_json()}, started=began)
    board.record(cell, run.id, load_result(run), time.time() - began)


# -- the second process ----------------------------------------------------------------------------------------------


@contextmanager
def _second_process(board: _Board) -> Iterator[subprocess.Popen[bytes] | None]:
    """Start the process that trains cells too, where that pays; it ends with the body, and with this process."""
    if not _worth_two(board):
        yield None
        return
    with open(board.folder / "second.log", "ab") as log:
        second = subprocess.Popen(
            [sys.executable, "-m", "models.sweep_job", board.id],
            cwd=Path(__file__).resolve().parents[1], stdin=subprocess.PIPE, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield second
    finally:
        second.kill()
        second.communicate()  # waits, and closes the pipe


def _worth_two(board: _Board) -> bool:
    if asked := os.environ.get(SECOND):
        return asked == "2" and not board.complete
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or board.left < _WORTH_S:
        return False
    needed = max(recipes.estimate(cell.spec).peak_mb for cell in board.cells.values())
    return 2 * needed - memory_costs.WORKER_MB < memory_costs.memory_limit_mb()


class _Quiet:
    """The second process's progress: only the first one writes the sweep's status."""

    def __init__(self, run: runs.Run) -> None:
        self.run = run

    def event(self, **_: Any) -> None:
        """Raise Cancelled when asked to stop."""
        self.check()

    def check(self) -> None:
        """Raise Cancelled when asked to stop."""
        if self.run.cancel_asked:
            raise Cancelled


def main(run_id: str) -> None:
    """Train cells of a running sweep until none is free."""
    lifeline.begin()
    run = runs.get(run_id)
    networks.prepare_tensorflow()
    _work(_Board(run.folder, SweepSpec.from_json(run.spec)), _Quiet(run))


if __name__ == "__main__":
    main(sys.argv[1])
