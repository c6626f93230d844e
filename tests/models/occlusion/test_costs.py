"""What hiding costs, foreseen from the layer tables, against what the worker then multiplies."""

from dataclasses import replace

import pytest

from models.backbones.tables import table
from models.networks.worker import opened
from models.occlusion import costs
from models.occlusion.scores import OcclusionSpec
from models.occlusion.worker import hide
from models.training.costs import rates
from models.training.costs.rates import DEFAULT
from tests.models.occlusion import occluders

INFINITE = {name: float("inf") for name in ("dense", "depthwise", "moved", "norm")}
MULTIPLIED = replace(DEFAULT, **{**INFINITE, "dense": 1.0})  # a second for each multiply-accumulate, and nothing else


def hiding(backbone, side, patch, stride, machine, monkeypatch):
    """The estimate for a bare backbone on a machine with these rates."""
    monkeypatch.setattr(rates, "current", lambda: machine)
    return costs.hiding_seconds(f"backbone:{backbone}:{side}", patch, stride)


@pytest.fixture(scope="module")
def frame8():
    return opened.Network("frame8", occluders.classifier("frame8", 64, 64), tuple("abcde"), 64, 64)


@pytest.mark.parametrize(("patch", "stride"), [(16, 8), (8, 8)])
def test_the_multiplications_foreseen_are_those_of_the_worker(frame8, patch, stride, monkeypatch):
    found = hide.compute(frame8, occluders.picture(64, 64), OcclusionSpec("", "", patch, stride, "mean"))
    expected = found.macs_full + found.n_positions * found.macs_done
    assert found.way == "incremental" and found.macs_done < 0.8 * found.macs_full
    foreseen = hiding("frame8", 64, patch, stride, MULTIPLIED, monkeypatch)
    assert foreseen == pytest.approx(expected, rel=1e-3)  # but for the head


def test_a_square_as_large_as_the_picture_takes_two_whole_passes(monkeypatch):
    assert hiding("frame8", 64, 64, 64, MULTIPLIED, monkeypatch) == pytest.approx(2 * table("frame8", 64).macs)
    moved = replace(DEFAULT, **{**INFINITE, "depthwise": 1.0})  # a second for each byte of a depthwise convolution
    rows = {row.name: row for row in table("mobilenetv2", 96).layers}
    sizes = {name: row.activation_bytes for name, row in rows.items()}
    depthwise = [row for row in rows.values() if row.kind == "DepthwiseConv2D"]
    bytes_ = sum(sizes[row.name] + sum(sizes[name] for name in row.inputs) for row in depthwise)
    assert hiding("mobilenetv2", 96, 96, 96, moved, monkeypatch) == pytest.approx(2 * bytes_)


@pytest.mark.parametrize(
    ("backbone", "side", "patch", "measured"),
    [
        ("frame8", 64, 16, 0.378), ("frame8", 64, 8, 0.410),
        ("frame8", 128, 32, 0.614), ("frame8", 128, 16, 0.554),
        ("mobilenetv2", 96, 24, 0.187), ("mobilenetv2", 96, 12, 0.210),
        ("mobilenetv2", 224, 56, 0.820), ("mobilenetv2", 224, 28, 0.901),
    ],
)  # fmt: skip
def test_the_estimate_is_near_what_was_measured(backbone, side, patch, measured, monkeypatch):
    """Seconds of the processor on one thread, the better of two, on the machine whose rates these are.

    One rate for all multiply-accumulates says 0.096 s of the fifth and 0.274 s of the last.
    """
    there = replace(DEFAULT, dense=76.6e9, depthwise=7.66e9, moved=10.16e9)
    assert hiding(backbone, side, patch, side // 16, there, monkeypatch) == pytest.approx(measured, rel=0.35)


def test_smaller_steps_and_slower_machines_take_longer(monkeypatch):
    fast, slow = (replace(DEFAULT, dense=DEFAULT.dense / by, moved=DEFAULT.moved / by) for by in (1, 2))
    at = {(step, rate): hiding("frame8", 64, 16, step, rate, monkeypatch) for step in (4, 8) for rate in (fast, slow)}
    assert at[4, fast] > 2 * at[8, fast] and 1.5 * at[4, fast] < at[4, slow] < 2 * at[4, fast]
