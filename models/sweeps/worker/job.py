"""The job of a sweep: trains its cells one after the other, each into a run of its own. Imports Keras: workers only.

    python -m models.sweeps.worker.job RUN      the second process of a sweep that is running (started by the first)

Cells of one value share the network, its compiled steps and the frozen part's output (`transfer.Bench`). Where the
machine has a second core and the memory for it, a second process takes cells too; which process trains a cell changes
no number. A cell appears as a run when it is finished, whole; started again after a kill, the job keeps the finished
ones and goes on with the checkpoint of the one it was at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.backbones.worker import build
from models.errors import Cancelled, FreezeframeError
from models.jobs import lifeline, machine
from models.storage import runs
from models.storage.progress import Progress
from models.sweeps import cells
from models.sweeps import spec as sweeps_spec
from models.sweeps.cells import Board
from models.sweeps.spec import Cell, SweepSpec
from models.training import recipes
from models.training.results import load_result
from models.training.worker import train

_WORK = "work"  # in the sweep's folder: the cells being trained
_POLL_S = 0.3
_WORTH_S = 45.0  # of work left, above which a second process pays: it loads TensorFlow first
SECOND = "FREEZEFRAME_SWEEP_PROCESSES"  # "1" or "2"; else as many as fit


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Train every cell that `spec` (the JSON of a SweepSpec) asks for and that is not finished yet."""
    sweep = SweepSpec.from_json(spec)
    sweeps_spec.validate(sweep)
    build.prepare_tensorflow()
    board = Board(folder, sweep)
    board.free()  # what processes had claimed that are no more
    board.take_over()
    try:
        with _second_process(board) as second:
            _work(board, progress)
            while not board.complete:
                _wait(board, second, progress)
                board.free()  # it ended, and what it had claimed is free again
                _work(board, progress)
    except Exception:  # a kill is none: what it left is needed again
        shutil.rmtree(folder / _WORK, ignore_errors=True)
        raise
    shutil.rmtree(folder / _WORK, ignore_errors=True)


def _wait(board: Board, second: subprocess.Popen[bytes] | None, progress: Progress) -> None:
    """Wait until every cell is finished or the second process ended; tell of each cell once."""
    told = -1.0
    while not board.complete and second is not None and second.poll() is None:
        if board.share > told:
            told = board.share
            progress.event(share=told, note=board.note())
        progress.check()
        time.sleep(_POLL_S)


@dataclass(frozen=True, slots=True)
class _Told:
    """The progress of one cell, as a part of the sweep's."""

    progress: Progress
    board: Board
    cell: Cell

    def event(self, **fields: Any) -> None:
        """Tell how far the whole sweep is."""
        part = self.board.part(self.cell) * float(fields.get("share", 0.0))
        self.progress.event(share=min(self.board.share + part, 1.0), note=self.board.note())

    def check(self) -> None:
        """Raise Cancelled when asked to stop."""
        self.progress.check()


def _work(board: Board, progress: Progress) -> None:
    """Train cells until none is free."""
    bench = train.Bench()
    last: Cell | None = None
    while (cell := board.claim(last)) is not None:
        last = cell
        _train(board, cell, bench, _Told(progress, board, cell))


def _train(board: Board, cell: Cell, bench: train.Bench, progress: Progress) -> None:
    """Train a cell and publish its run; one that was published just before a kill is recorded only."""
    began, run_id = time.time(), cells.run_id(board.id, cell)
    try:
        run = runs.get(run_id)
    except FreezeframeError:
        folder = board.folder / _WORK / run_id
        folder.mkdir(parents=True, exist_ok=True)
        train.train(cell.spec, progress, folder, bench)
        whole = runs.get(board.id)
        title = f"{sweeps_spec.name(board.sweep, cell.key)} · {whole.title}"
        record = {"kind": "training", "title": title, "owner": whole.owner, "parent": board.id}
        run = runs.publish(folder, run_id, {**record, "spec": cell.spec.to_json()}, started=began)
    board.record(cell, run.id, load_result(run), time.time() - began)


@contextmanager
def _second_process(board: Board) -> Iterator[subprocess.Popen[bytes] | None]:
    """Start the process that trains cells too, where that pays; it ends with the body, and with this process."""
    if not _worth_two(board):
        yield None
        return
    with open(board.folder / "second.log", "ab") as log:
        second = subprocess.Popen(
            [sys.executable, "-m", "models.sweeps.worker.job", board.id],
            cwd=Path(__file__).resolve().parents[3], stdin=subprocess.PIPE, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield second
    finally:
        second.kill()
        second.communicate()  # waits, and closes the pipe


def _worth_two(board: Board) -> bool:
    if asked := os.environ.get(SECOND):
        return asked == "2" and not board.complete
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or board.left < _WORTH_S:
        return False
    needed = max(recipes.estimate(cell.spec).peak_mb for cell in board.cells.values())
    return 2 * needed - machine.WORKER_MB < machine.memory_limit_mb()


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
    build.prepare_tensorflow()
    _work(Board(run.folder, SweepSpec.from_json(run.spec)), _Quiet(run))


if __name__ == "__main__":
    main(sys.argv[1])
