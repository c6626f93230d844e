"""Runs side by side: every run its own mark, frozen layers at zero, gaps where a loss is no number."""

from types import SimpleNamespace

import pytest

from dashboard.figures import comparison
from models.intervals import wilson
from models.training.results import WeightChange


def change(name, moved, frozen):
    return WeightChange(name, name, "backbone", frozen, 10, moved, moved, 0.0)


def run(name, changes, history=()):
    result = SimpleNamespace(weight_change=changes, history=history)
    return SimpleNamespace(name=name, result=result, accuracy=wilson(8, 10))


def test_frozen_layers_stand_at_zero_and_runs_beside_each_other():
    first = run("a", [change("conv1", 0.0, True), change("head_output", 0.5, False)])
    second = run("b", [change("conv1", 0.02, False), change("conv2", 0.0, False)])
    figure = comparison.drift([first, second], 300)
    one, two = figure.data
    zero = figure.layout.yaxis.tickvals[0]
    assert figure.layout.yaxis.ticktext[0] == "0"
    assert list(one.y) == [zero, 0.5]
    assert list(two.y) == [0.02, zero]
    assert zero < 0.02
    assert one.marker.symbol == ("asterisk-open", "circle")
    assert two.marker.symbol == ("square", "square")
    assert one.customdata[0][1] == "exactly 0, frozen"
    assert list(figure.layout.xaxis.ticktext) == ["conv1", "head_output", "conv2"]
    assert one.x[0] < 0 < two.x[0]


def test_nothing_that_moved_is_still_a_picture():
    figure = comparison.drift([run("a", [change("conv1", 0.0, True)])], 300)
    assert figure.layout.yaxis.range[0] < figure.layout.yaxis.range[1]


def test_a_loss_that_is_no_number_leaves_a_gap():
    history = [{"epoch": 1, "val_accuracy": 0.5, "val_loss": float("nan")}]
    figure = comparison.curves([run("a", [], history)], 200)
    assert [trace.y[0] for trace in figure.data] == [0.5, None]
    assert figure.data[0].mode == "lines+markers"


def test_the_interval_is_drawn_around_the_accuracy():
    [trace] = comparison.accuracies([run("a", [])], 100).data
    low, high = wilson(8, 10).low, wilson(8, 10).high
    assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(low)
    assert trace.x[0] + trace.error_x.array[0] == pytest.approx(high)
