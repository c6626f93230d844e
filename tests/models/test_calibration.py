"""The rates of a machine: kept, read back, and not taken from another machine or a damaged file."""

import json
from dataclasses import asdict, replace

import pytest

from models import calibration, calibration_benchmark, runs
from models.calibration import DEFAULT, Rates

HERE = Rates(dense=6e10, depthwise=9e9, moved=28e9, norm=1.5e9, updated=5e8, traced=37.0, measured="2026-11-25")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    monkeypatch.setenv(calibration.SWITCH, "")
    return tmp_path


def test_rates_are_read_back_as_written_and_a_switch_leaves_them_out(home, monkeypatch):
    assert calibration.current() == DEFAULT and not DEFAULT.measured
    calibration.write(HERE)
    assert calibration.current() == HERE
    calibration.write(replace(HERE, dense=1e9))
    assert calibration.current().dense == 1e9
    kept = json.loads((home / calibration.FILE).read_bytes())
    assert kept["processor"] and kept["keras"].startswith("3.") and kept["tensorflow"]
    assert [path.name for path in home.iterdir()] == [calibration.FILE]
    monkeypatch.setenv(calibration.SWITCH, "default")
    assert calibration.current() == DEFAULT


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
    calibration.write(HERE)
    path = home / calibration.FILE
    path.write_bytes(
        damage if isinstance(damage, bytes) else json.dumps({**json.loads(path.read_bytes()), **damage}).encode()
    )
    assert calibration.current() == DEFAULT


def test_rates_are_measured_once(home, monkeypatch):
    measured = []
    monkeypatch.setattr(calibration_benchmark, "measure", lambda: measured.append(1) or HERE)
    calibration_benchmark.once()
    calibration_benchmark.once()
    assert len(measured) == 1 and calibration.current() == HERE
    (home / calibration.FILE).write_bytes(b"torn")
    monkeypatch.setenv(calibration.SWITCH, "default")
    calibration_benchmark.once()
    assert len(measured) == 1


def test_a_folder_that_cannot_be_written_keeps_no_worker_from_its_jobs(home, monkeypatch):
    monkeypatch.setattr(calibration_benchmark, "measure", lambda: HERE)
    monkeypatch.setattr(runs, "write_atomically", lambda *_: (_ for _ in ()).throw(OSError("read-only")))
    calibration_benchmark.once()
    assert calibration.current() == DEFAULT


def test_what_is_measured_is_of_a_machine():
    rates = calibration_benchmark.measure()
    assert rates.measured
    for name, usual in asdict(DEFAULT).items():
        if name != "measured":
            assert usual / 100 < getattr(rates, name) < usual * 100, name
