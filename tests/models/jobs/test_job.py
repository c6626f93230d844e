"""Jobs and tasks: results found again, read or not, shipped for their weights only."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from models.errors import InputError
from models.jobs import job as jobs
from models.jobs.job import Job, PricedSpec, function, plain
from models.storage import files, runs

OWNER = "5" * 32


@dataclass(frozen=True, slots=True)
class Spec(PricedSpec):
    """A question."""

    number: int
    added_later: str = "as before"

    @property
    def title(self) -> str:
        return f"number {self.number}"

    @property
    def seconds(self) -> float:
        return 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A result."""

    values: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """Another result with the same field."""

    values: np.ndarray


JOB = Job("numbers", Spec, "models.nowhere:work", Found)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))


def run_of(spec, *, owner=OWNER):
    return runs.create(JOB.kind, spec if isinstance(spec, dict) else spec.to_json(), owner=owner, title="")


def test_the_newest_run_for_a_question_is_found_for_its_owner_only():
    run_of(Spec(1))
    newer, other = run_of(Spec(1)), run_of(Spec(2))
    assert JOB.newest(Spec(1), OWNER) == newer and JOB.newest(Spec(2), OWNER) == other
    assert len(JOB.mine(Spec(1), OWNER)) == 2
    assert JOB.newest(Spec(1), "6" * 32) is None and JOB.newest(Spec(3), OWNER) is None


def test_a_run_from_before_a_field_was_added_is_still_found():
    older = run_of({"number": 4})
    run_of({"number": "four"})  # this version cannot read it, and passes over it
    assert JOB.newest(Spec(4), OWNER) == older
    assert JOB.newest(Spec(4, "otherwise"), OWNER) is None


def test_a_spec_of_another_version_is_refused_in_a_sentence():
    with pytest.raises(InputError, match=r"Expected fields among .*number.* Received"):
        JOB.spec_of(run_of({"number": 1, "unknown": 2}))


@pytest.mark.parametrize("data", [None, b"", b"PK\x03\x04 torn", files.pack(Other(np.arange(3)))])
def test_a_result_that_cannot_be_read_is_none(data):
    run = run_of(Spec(1))
    assert JOB.version(run) == 0
    if data is not None:
        JOB.path(run).write_bytes(data)
        assert JOB.version(run)
    assert JOB.load(run) is None


def test_every_write_of_a_result_is_another_version():
    run, seen = run_of(Spec(1)), set()
    for number in range(3):
        files.write_atomically(JOB.path(run), files.pack(Found(np.full(2, number))))
        assert JOB.load(run).values.tolist() == [number, number]
        seen.add(JOB.version(run))
    assert len(seen) == 3 and JOB.path(run).name == "numbers.npz"
    assert replace(JOB, file="old name.npz").path(run).name == "old name.npz"


def test_a_shipped_result_is_of_its_question_and_of_the_weights_that_are_shipped(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "SHIPPED", tmp_path)
    weights = tmp_path / "weights"
    weights.write_bytes(b"as shipped")
    shipping = replace(JOB, weights=(weights,), examples=lambda: (Spec(1),))
    shipping.shipped_path(Spec(1)).write_bytes(files.pack(Found(np.arange(2))))
    assert shipping.shipped(Spec(1)).values.tolist() == [0, 1]
    assert shipping.shipped(Spec(2)) is None and JOB.shipped(Spec(1)) is None
    jobs._digest.cache_clear()
    weights.write_bytes(b"trained anew")
    assert shipping.shipped(Spec(1)) is None


def test_arguments_of_a_task_are_written_as_specs_are_on_disk():
    assert plain({"spec": Spec(1), "side": 64}) == {"spec": {"number": 1, "added_later": "as before"}, "side": 64}


def test_work_is_found_by_its_name():
    assert function("models.jobs.job:plain") is plain
