"""Trains the cells of a sweep one after the other, each into a run of its own.

    python -m models.sweeps.worker.job RUN      the second process of a sweep that is running (started by the first)

Cells of one value share the network, its compiled steps and the frozen part's output (`train.SharedNetwork`). Where the
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
from models.storage.progress import Checked, Progress
from models.sweeps.cells import Ledger, run_id
from models.sweeps.spec import SWEEP, Cell, SweepSpec, cell_title, validate
from models.training import recipes
from models.training.results import load_result
from models.training.spec import TRAINING
from models.training.worker import train

_WORK = "work"  # in the sweep's folder: the cells being trained
_POLL_S = 0.3
_WORTH_S = 45.0  # of work left, above which a second process pays: it loads TensorFlow first
SECOND = "FREEZEFRAME_SWEEP_PROCESSES"  # "1" or "2"; else as many as fit


def train_cells(sweep: SweepSpec, progress: Progress, folder: Path) -> None:
    """Train every cell of a sweep that is not finished yet; `folder` is that of the sweep's run.

    Raises:
        InputError, TooLarge: A cell cannot be carried out; the message names it.
        Cancelled: By `progress`; what is finished stays.
    """
    validate(sweep)
    build.prepare_tensorflow()
    ledger = Ledger(folder, sweep)
    ledger.free()  # what processes had claimed that are no more
    ledger.take_over()
    try:
        with _second_process(ledger) as second:
            _work(ledger, progress)
            while not ledger.complete:
                _wait(ledger, second, progress)
                ledger.free()  # it ended, and what it had claimed is free again
                _work(ledger, progress)
    except Exception:  # a kill is none: what it left is needed again
        shutil.rmtree(folder / _WORK, ignore_errors=True)
        raise
    shutil.rmtree(folder / _WORK, ignore_errors=True)


def _wait(ledger: Ledger, second: subprocess.Popen[bytes] | None, progress: Progress) -> None:
    """Wait until every cell is finished or the second process ended; report each cell once."""
    reported = -1.0
    while not ledger.complete and second is not None and second.poll() is None:
        if ledger.share > reported:
            reported = ledger.share
            progress.event(share=reported, note=ledger.note())
        progress.check()
        time.sleep(_POLL_S)


@dataclass(frozen=True, slots=True)
class _CellProgress:
    """The progress of one cell, as a part of the sweep's; other processes finish cells meanwhile."""

    progress: Progress
    ledger: Ledger
    cell: Cell

    def event(self, **fields: Any) -> None:
        """Report how far the whole sweep is."""
        part = self.ledger.part(self.cell) * float(fields.get("share", 0.0))
        self.progress.event(share=min(self.ledger.share + part, 1.0), note=self.ledger.note())

    def check(self) -> None:
        """Raise Cancelled when asked to stop."""
        self.progress.check()


def _work(ledger: Ledger, progress: Progress) -> None:
    """Train cells until none is free."""
    shared = train.SharedNetwork()
    last: Cell | None = None
    while (cell := ledger.claim(last)) is not None:
        last = cell
        _train(ledger, cell, shared, _CellProgress(progress, ledger, cell))


def _train(ledger: Ledger, cell: Cell, shared: train.SharedNetwork, progress: Progress) -> None:
    """Train a cell and publish its run; one that was published just before a kill is recorded only."""
    began, name = time.time(), run_id(ledger.id, cell)
    try:
        run = runs.get(name)
    except FreezeframeError:
        folder = ledger.folder / _WORK / name
        folder.mkdir(parents=True, exist_ok=True)
        train.train(cell.spec, progress, folder, shared)
        whole = runs.get(ledger.id)
        title = f"{cell_title(ledger.sweep, cell.key)} · {whole.title}"
        record = {"kind": TRAINING.kind, "title": title, "owner": whole.owner, "parent": ledger.id}
        run = runs.publish(folder, name, {**record, "spec": cell.spec.to_json()}, started=began)
    ledger.record(cell, run.id, load_result(run), time.time() - began)


@contextmanager
def _second_process(ledger: Ledger) -> Iterator[subprocess.Popen[bytes] | None]:
    """Start the process that trains cells too, where that pays; it ends with the body, and with this process."""
    if not _worth_two(ledger):
        yield None
        return
    with open(ledger.folder / "second.log", "ab") as log:
        second = subprocess.Popen(
            [sys.executable, "-m", "models.sweeps.worker.job", ledger.id],
            cwd=Path(__file__).resolve().parents[3], stdin=subprocess.PIPE, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield second
    finally:
        second.kill()
        second.communicate()  # waits, and closes the pipe


def _worth_two(ledger: Ledger) -> bool:
    if asked := os.environ.get(SECOND):
        return asked == "2" and not ledger.complete
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2 or ledger.left < _WORTH_S:
        return False
    needed = max(recipes.estimate(cell.spec).peak_mb for cell in ledger.cells.values())
    return 2 * needed - machine.WORKER_MB < machine.memory_limit_mb()


def main(sweep: str) -> None:
    """Train cells of a running sweep, by its id, until none is free; only the first process writes its status."""
    lifeline.begin()
    run = runs.get(sweep)
    build.prepare_tensorflow()

    def check() -> None:
        if run.cancel_asked:
            raise Cancelled

    _work(Ledger(run.folder, SWEEP.spec_of(run)), Checked(check))


if __name__ == "__main__":
    main(sys.argv[1])
