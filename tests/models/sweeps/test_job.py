"""The job of a sweep: cells are ordinary runs to the last bit, a kill loses nothing, two processes give the same."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from models.backbones.worker import build
from models.jobs import execute
from models.networks.worker import opened
from models.storage import runs
from models.storage.progress import SILENT
from models.sweeps import cells
from models.sweeps.convergence import late_fall
from models.sweeps.spec import SWEEP, SweepSpec
from models.sweeps.worker import job
from models.training.results import load_result
from models.training.spec import GENTLE, HeadSpec, TrainingSpec
from models.training.worker import train
from models.training.worker.course import Training
from tests.few_digits import few_digits
from tests.models import tiny

build.prepare_tensorflow()
# Keras 3.15 hands TensorFlow variables to NumPy 2 in a way NumPy warns about; only saving does it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ROOT = Path(__file__).resolve().parents[3]
BASE = TrainingSpec(dataset="digits", shots=3, epochs=3, batch=8, learning_rate=0.01)
TINY = TrainingSpec(head=HeadSpec(widths=(5,), dropout=0.3, batch_norm=True), batch=8, epochs=3, learning_rate=0.01)
SPEC = SweepSpec("shots", ("2", "3"), base=BASE, seeds=2)


def start(sweep, owner="s" * 32):
    return runs.create(SWEEP.kind, sweep.to_json(), owner=owner, title="A sweep")


def trained(run):
    """What each finished cell's network says about the test pictures, to the bit; what is recorded agrees with it."""
    found = {}
    for row in cells.finished(run.folder):
        result = load_result(runs.get(row.run))
        assert result.summary["accuracy"] == row.accuracy
        found[row.key] = result.probability.tobytes()
    return found


@pytest.fixture(scope="module", autouse=True)
def _few():
    with few_digits():
        yield


@pytest.fixture(scope="module")
def whole(_few):
    """The sweep trained by one process without a break."""
    run = start(SPEC)
    assert execute.execute(run.id) == "done"
    return run


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"trainable": ("conv2", "bn2"), "batch_norm": "train"},
            {"seed": 5, "learning_rate": 0.02, "schedule": "constant"},
        ),
        ({"trainable": ("depthwise",), "head_epochs": 2}, {"seed": 5, "head_rate": 0.01, "label_smoothing": 0.0}),
        ({"augmentation": GENTLE}, {"seed": 6, "epochs": 2}),
        ({"label_smoothing": 0.1}, {"label_smoothing": 0.2}),
    ],
)
def test_a_training_after_another_is_the_same_to_the_last_bit(tmp_path, first, second):
    """Also where the other one's compiled steps do not serve, and with labels that differ."""
    spec = replace(TINY, **first)
    later = replace(spec, **second)
    used, fresh = tiny.classifier(spec.head, True, spec.seed), tiny.classifier(spec.head, True, later.seed)
    whole, loops = replace(tiny.material(), whole=True), {}
    _fit(spec, used, whole, tmp_path / "1", loops)
    kept = dict(loops)
    used.set_weights(fresh.get_weights())
    changed = replace(whole, labels=(whole.labels + 1) % tiny.CLASSES)
    after = _fit(later, used, changed, tmp_path / "2", loops)
    alone = _fit(later, fresh, replace(changed, whole=False), tmp_path / "3")
    assert np.array_equal(after.probability, alone.probability)
    for one, other in zip(used.get_weights(), fresh.get_weights(), strict=True):
        assert np.array_equal(one, other)
    same_steps = spec.label_smoothing == later.label_smoothing
    assert [loops[phase] is kept[phase] for phase in kept] == [same_steps] * len(kept)


def _fit(spec, network, material, folder, loops=None):
    folder.mkdir()
    return train.fit(
        Training(spec, network, material, folder, SILENT, tiny.BLOCKS, loops={} if loops is None else loops)
    )


def test_cells_are_runs_of_their_own_that_no_list_shows(whole):
    assert [run.id for run in runs.listing("s" * 32)] == [whole.id]
    rows = cells.finished(whole.folder)
    assert len(rows) == 4
    for cell in SPEC.cells():
        row = next(row for row in rows if row.key == cell.key)
        run = runs.get(row.run)
        assert (run.kind, run.parent, run.owner) == ("training", whole.id, whole.owner)
        assert TrainingSpec.from_json(run.spec) == cell.spec
        assert run.status.state == "done"
        assert load_result(run).summary["accuracy"] == row.accuracy
        assert row.late_fall == late_fall(load_result(run).history) and row.late_fall == row.late_fall
    assert not whole.path("work").exists()
    assert opened.load(f"run:{run.id}").classes == tuple("0123456789")


def test_a_cell_is_the_training_that_its_recipe_gives_alone(whole, tmp_path):
    cell = SPEC.cells()[-1]
    train.train(cell.spec, SILENT, tmp_path)
    shared = runs.get(next(row.run for row in cells.finished(whole.folder) if row.key == cell.key))
    one, other = (
        keras.models.load_model(folder / "classifier.keras", compile=False).get_weights()
        for folder in (shared.folder, tmp_path)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_sweep_killed_in_the_middle_goes_on_and_ends_the_same(whole):
    run = start(SPEC)
    code = "from tests.few_digits import few_digits\nfrom models.jobs import execute\n"
    code += f"with few_digits(): execute.execute('{run.id}')"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    deadline = time.monotonic() + 60
    while not cells.finished(run.folder) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in run.path("cells").glob("*.json")}
    assert 0 < len(before) < 4
    assert run.status.state == "running"
    assert execute.execute(run.id) == "done"
    assert trained(run) == trained(whole)
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())


def test_two_processes_share_the_cells_and_give_the_same(whole, monkeypatch, tmp_path):
    monkeypatch.setenv(job.SECOND, "2")
    monkeypatch.setattr(job.sys, "executable", python_with_few_digits(tmp_path))
    run = start(SPEC)
    claim, plain, mine = cells.Ledger.claim, train.train, []

    def after_the_other(ledger, last):
        deadline = time.monotonic() + 60
        while not any(run.path("claims").iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        monkeypatch.setattr(cells.Ledger, "claim", claim)  # at the end there is nothing left to wait for
        return claim(ledger, last)

    def noted(spec, *rest):
        mine.append(spec)
        plain(spec, *rest)

    monkeypatch.setattr(cells.Ledger, "claim", after_the_other)
    monkeypatch.setattr(train, "train", noted)
    assert execute.execute(run.id) == "done"
    assert trained(run) == trained(whole)
    assert 0 < len(mine) < 4
    assert "Traceback" not in run.path("second.log").read_text()


def python_with_few_digits(folder):
    """Return a program that takes the place of Python and runs a module with few digits."""
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.few_digits "$@"\n')
    program.chmod(0o755)
    return str(program)


def test_a_second_process_that_dies_leaves_its_cells_to_the_first(whole, monkeypatch):
    monkeypatch.setenv(job.SECOND, "2")
    monkeypatch.setattr(job.sys, "executable", "/bin/false")
    run = start(SPEC)
    claims = run.path("claims")

    def claimed_by_the_dead(ledger):
        free(ledger)
        claims.joinpath(cells.run_id(run.id, SPEC.cells()[0])).touch()
        cells.Ledger.free = free

    free = cells.Ledger.free
    monkeypatch.setattr(cells.Ledger, "free", claimed_by_the_dead)
    assert execute.execute(run.id) == "done"
    assert trained(run) == trained(whole)


def test_an_earlier_sweeps_cells_are_taken_over_where_the_recipe_is_the_same(whole):
    more = replace(SPEC, values=("3", "4"), after=whole.id)
    run = start(more)
    assert execute.execute(run.id) == "done"
    theirs, mine = ({row.key: row.run for row in cells.finished(each.folder)} for each in (whole, run))
    for number in (0, 1):
        assert mine["base", "3", number] == theirs["base", "3", number]
        assert runs.get(mine["base", "4", number]).parent == run.id


def test_a_cancelled_sweep_keeps_what_is_finished(whole, monkeypatch):
    run = start(SPEC)
    record = cells.record

    def then_cancel(folder, found):
        record(folder, found)
        run.cancel()

    monkeypatch.setattr(cells, "record", then_cancel)
    assert execute.execute(run.id) == "cancelled"
    assert len(trained(run)) == 1
    assert not run.path("work").exists()


def test_a_sweep_that_cannot_be_carried_out_says_which_training(whole):
    run = start(replace(SPEC, values=("2", "500")))
    assert execute.execute(run.id) == "failed"
    assert run.status.message.startswith("500 per class: ")
