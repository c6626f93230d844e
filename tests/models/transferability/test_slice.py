"""The live slice: what it accepts, every network once, the same rows after a kill, stopped at the next step."""

from typing import Any

import numpy as np
import pytest

from models.errors import Cancelled, InputError
from models.jobs import execute
from models.pictures import datasets
from models.storage import files, runs
from models.storage.progress import SILENT
from models.transferability import slice as transferability_slice
from models.transferability.experiment import Architecture, Cell
from models.transferability.slice import SLICE, SliceSpec, draw
from models.transferability.worker import slice

TINY = SliceSpec(a=(1, 2, 4, 7, 8), first_seed=3, seeds=1, shots=12, epochs=1)
THREE = Architecture(8, 8, 1, ((4, 3, 1, True),), (6,))  # a layer less than the slice's own: fewer networks to trace


class Watcher:
    """Notes what it hears, and cancels at a check."""

    def __init__(self, checks: int = -1) -> None:
        self.left, self.notes, self.shares = checks, [], []

    def event(self, **fields: Any) -> None:
        self.notes.append(fields["note"])
        self.shares.append(fields["share"])

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled


@pytest.fixture
def run(tmp_path, monkeypatch) -> runs.Run:
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    monkeypatch.setattr(slice, "FOUR", THREE)
    monkeypatch.setattr(transferability_slice, "FOUR", THREE)
    return runs.create(SLICE.kind, TINY.to_json(), owner="o" * 32, title="Slice")


def accuracies(run: runs.Run) -> dict[tuple[str, int], float]:
    return {(row.treatment, row.n): row.accuracy for row in transferability_slice.rows(run)}


def test_every_network_is_trained_once_and_a_kill_changes_no_row(run):
    # One step a network (60 pictures, batches of 32): the seventh check falls into the sixth network at the latest.
    with pytest.raises(Cancelled):
        slice.train_table(TINY, Watcher(checks=5), run.folder)
    before = accuracies(run)
    assert list(before) == [("AnB", 1), ("BnB", 1), ("baseA", 0), ("baseB", 0)]
    watcher = Watcher()
    slice.train_table(TINY, watcher, run.folder)
    after = accuracies(run)
    assert len(after) == TINY.networks == 12 and before.items() <= after.items()
    assert watcher.notes[0] == "Training BnB+, 1 layer given (seed 1 of 1)" and watcher.shares[0] == 4 / 12
    assert len(watcher.notes) == 8
    unbroken = slice.SeedNetworks(TINY, 3, SILENT)
    for treatment, n in (("AnB+", 2), ("BnB", 2)):  # trained after the kill, from bases that were trained twice
        assert unbroken.row(Cell(treatment, n, "digits", 3)).accuracy == pytest.approx(after[treatment, n], abs=5e-5)
    assert {(row.split, row.seed, row.epochs, row.classes) for row in transferability_slice.rows(run)} == {
        ("digits", 3, 1, 5)
    }


def test_a_cancel_is_heard_within_a_network(run):
    watcher = Watcher(checks=1)
    with pytest.raises(Cancelled):
        slice.train_table(TINY, watcher, run.folder)
    assert watcher.notes == ["Training baseA (seed 1 of 1)"] and accuracies(run) == {}


def test_a_cancelled_job_keeps_its_rows(run, monkeypatch):
    def write_and_cancel(path, data):
        files.write_atomically(path, data)
        run.cancel()

    monkeypatch.setattr(slice, "write_atomically", write_and_cancel)
    assert execute.execute(run.id) == "cancelled"
    assert list(accuracies(run)) == [("baseA", 0)] and run.events()[-1]["note"] == "Training baseB (seed 1 of 1)"


@pytest.mark.parametrize("damage", [b"", b"treatment,n\nbaseA", b"\xff\xfe\x00", b"a,b\n1,2\n"])
def test_damaged_rows_are_no_rows(run, damage):
    run.path("rows.csv").write_bytes(damage)
    assert transferability_slice.rows(run) == ()


def test_a_task_holds_its_digits_numbered_anew_and_no_picture_twice():
    task = slice.task(TINY.b, 3, TINY.shots)
    scans, parts = datasets.load("digits"), datasets.split("digits", 3)
    assert TINY.b == (0, 3, 5, 6, 9) and task.classes == 5
    assert task.images.shape == (60, 8, 8, 1) and np.bincount(task.labels).tolist() == [12] * 5
    held_out = np.sort(np.concatenate([parts.validation, parts.test]))
    sixes = [index for index in held_out if scans.labels[index] == 6]
    assert (task.validation_images[task.validation_labels == 3] == scans.images[sixes][..., :1]).all()
    assert len(task.validation_labels) == sum(scans.labels[index] in TINY.b for index in held_out)


def test_the_whole_table_has_seventeen_networks_a_seed():
    assert SliceSpec(seeds=1).networks == 17 and SliceSpec(seeds=3).networks == 51


def test_the_digits_of_a_can_be_drawn():
    drawn = {draw(seed) for seed in range(20)}
    assert len(drawn) > 15 and all(SliceSpec(a=a).a == a for a in drawn) and draw(4) == draw(4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"a": (1, 2, 3, 4)}, r"five different digits for A, the smallest first\. Received 1, 2, 3, 4"),
        ({"a": ()}, "Received none"),
        ({"a": (1, 1, 2, 3, 4)}, "five different digits"),
        ({"a": (0, 1, 2, 3, 10)}, "five different digits"),
        ({"a": (4, 1, 2, 3, 0)}, "the smallest first"),
        ({"seeds": 0}, "Expected 1 to 8 seeds"),
        ({"seeds": 9}, "Expected 1 to 8 seeds"),
        ({"first_seed": -1}, "from a number of at least 0"),
        ({"epochs": 0}, "Expected 1 to 60 epochs"),
        ({"shots": 0}, "Expected 7 to 87 training pictures"),
        ({"shots": 6}, "have to fill a batch of 32, or no network takes a step.* Received 6"),  # 30 pictures
        ({"shots": 88}, "Expected 7 to 87 training pictures"),
        ({"a": "01234"}, "Expected a to be of type"),
        ({"threads": 4}, "Expected fields among"),
    ],
)
def test_what_makes_no_sense_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        SliceSpec.from_json(fields)


def test_the_price_is_what_the_shipped_rows_took():
    """Within a factor of 1.25 in all, and of 1.4 for the networks of which so many layers learn."""
    seconds: dict[int, list[float]] = {}
    for row in transferability_slice.example():
        frozen = row.n if row.treatment in ("BnB", "AnB", "RnB") else 0
        seconds.setdefault(4 - frozen, []).append(row.seconds)
    measured = sum(map(sum, seconds.values()))
    assert measured / 1.25 < SliceSpec().seconds < measured * 1.25
    means = {learning: sum(taken) / len(taken) for learning, taken in seconds.items()}
    assert sorted(means) == [1, 2, 3, 4]
    for learning, mean in means.items():
        assert mean / 1.4 < SliceSpec().network_seconds(learning) < mean * 1.4, learning


def test_the_price_follows_what_is_trained():
    assert SliceSpec.from_json(TINY.to_json()) == TINY
    assert SliceSpec().networks == 85 and SliceSpec().seconds < SliceSpec(seeds=8).seconds < 360
    # Five digits of about 108 pictures are 540, 16 steps of 32 an epoch. Of a seed's 17 networks all four layers learn
    # in 8, three in 3, two in 3 and one in 3.
    layers = 8 * 5 + 3 * (4 + 3 + 2)
    assert SliceSpec(seeds=1).seconds == pytest.approx(4 + layers * (0.15 + 20 * 16 * 0.0014))
    assert SliceSpec(seeds=1, shots=20, epochs=40).seconds == pytest.approx(4 + layers * (0.15 + 40 * 3 * 0.0014))
