"""The rates of a machine: kept, read back, and not taken from another machine or a damaged file."""

import json
from dataclasses import asdict, replace

import pytest

from models.storage import files
from models.training.costs import rates as costs_rates
from models.training.costs.rates import DEFAULT, Rates
from models.training.worker import measure_rates

HERE = Rates(dense=6e10, depthwise=9e9, moved=28e9, norm=1.5e9, updated=5e8, traced=37.0, measured="2026-11-25")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    monkeypatch.setenv(costs_rates.SWITCH, "")
    return tmp_path


def test_rates_are_read_back_as_written_and_a_switch_leaves_them_out(home, monkeypatch):
    assert costs_rates.current() == DEFAULT and not DEFAULT.measured
    costs_rates.write(HERE)
    assert costs_rates.current() == HERE
    costs_rates.write(replace(HERE, dense=1e9))
    assert costs_rates.current().dense == 1e9
    kept = json.loads((home / costs_rates.FILE).read_bytes())
    assert kept["processor"] and kept["keras"].startswith("3.") and kept["tensorflow"]
    assert [path.name for path in home.iterdir()] == [costs_rates.FILE]
    monkeypatch.setenv(costs_rates.SWITCH, "default")
    assert costs_rates.current() == DEFAULT


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"\xff\xfe", b"[1]", b"null", b'"text"',
        {"rates": None}, {"rates": {"dense": 1.0}}, {"rates": {**asdict(HERE), "more": 1}},
        {"rates": {**asdict(HERE), "dense": 0.0}}, {"rates": {**asdict(HERE), "moved": "fast"}},
        {"rates": {**asdict(HERE), "norm": float("nan")}}, {"rates": {**asdict(HERE), "measured": 3}},
        {"processor": "another"}, {"tensorflow": "1.0"}, {"python": None},
    ],
)  # fmt: skip
def test_damaged_rates_and_those_of_another_machine_are_passed_over(home, damage):
    costs_rates.write(HERE)
    path = home / costs_rates.FILE
    path.write_bytes(
        damage if isinstance(damage, bytes) else json.dumps({**json.loads(path.read_bytes()), **damage}).encode()
    )
    assert costs_rates.current() == DEFAULT


def test_rates_are_measured_once(home, monkeypatch):
    measured = []
    monkeypatch.setattr(measure_rates, "measure", lambda: measured.append(1) or HERE)
    measure_rates.once()
    measure_rates.once()
    assert len(measured) == 1 and costs_rates.current() == HERE
    (home / costs_rates.FILE).write_bytes(b"torn")
    monkeypatch.setenv(costs_rates.SWITCH, "default")
    measure_rates.once()
    assert len(measured) == 1


def test_a_folder_that_cannot_be_written_keeps_no_worker_from_its_jobs(home, monkeypatch):
    monkeypatch.setattr(measure_rates, "measure", lambda: HERE)
    monkeypatch.setattr(files, "write_atomically", lambda *_: (_ for _ in ()).throw(OSError("read-only")))
    measure_rates.once()
    assert costs_rates.current() == DEFAULT


def test_what_is_measured_is_of_a_machine():
    rates = measure_rates.measure()
    assert rates.measured
    for name, usual in asdict(DEFAULT).items():
        if name != "measured":
            assert usual / 100 < getattr(rates, name) < usual * 100, name
