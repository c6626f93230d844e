"""What is shipped is made anew by its kind: results of jobs, and what writes files of its own."""

from dataclasses import dataclass, replace

import pytest

from models import catalogue, ship
from models.jobs import job
from models.jobs.job import Job, JobSpec
from models.storage import files


@dataclass(frozen=True, slots=True)
class Spec(JobSpec):
    number: int

    @property
    def title(self):
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Doubled:
    number: int


MADE = []
DOUBLE = Job("double", Spec, f"{__name__}:double", Doubled, examples=lambda: (Spec(1), Spec(2)))


def double(spec, progress):
    return Doubled(2 * spec.number)


def write():
    MADE.append("written")


@pytest.fixture(autouse=True)
def shipped(monkeypatch, tmp_path):
    monkeypatch.setattr(job, "SHIPPED", tmp_path)
    monkeypatch.setattr(catalogue, "JOBS", (DOUBLE, replace(DOUBLE, kind="other", examples=None)))
    monkeypatch.setattr(catalogue, "SHIPMENTS", {"written": f"{__name__}:write"})
    MADE.clear()
    return tmp_path


def test_results_of_a_job_take_the_place_of_the_old_ones(shipped):
    (shipped / "double-0123456789abcdef.npz").write_bytes(b"of other weights")
    (shipped / "other-0123456789abcdef.npz").write_bytes(b"of another kind")
    ship.main(["double"])
    assert [DOUBLE.shipped(Spec(number)) for number in (1, 2, 3)] == [Doubled(2), Doubled(4), None]
    assert len(list(shipped.iterdir())) == 3 and not MADE
    assert files.read(DOUBLE.shipped_path(Spec(2)), Doubled) == Doubled(4)


def test_what_is_no_result_of_a_job_has_a_function_of_its_own(shipped):
    ship.main(["written"])
    assert MADE == ["written"] and not list(shipped.iterdir())


@pytest.mark.parametrize("kinds", [[], ["other"], ["double", "nonsense"]])
def test_other_kinds_are_refused_before_anything_is_made(shipped, kinds):
    with pytest.raises(SystemExit, match="Expected kinds out of written, double"):
        ship.main(kinds)
    assert not list(shipped.iterdir()) and not MADE
