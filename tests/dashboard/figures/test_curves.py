"""The figures of a training run, read back number by number."""

import math

import numpy as np
import pytest

from dashboard.figures import theme
from dashboard.figures.curves import learning_curves, weight_change
from models.training.results import WeightChange

HISTORY = (
    {"epoch": 1, "loss": 1.5, "accuracy": 0.25, "val_loss": 1.25, "val_accuracy": 0.5},
    {"epoch": 2, "loss": 0.75, "accuracy": 0.625, "val_loss": 1.0, "val_accuracy": 0.75},
    {"epoch": 3, "loss": 0.5, "accuracy": 0.875, "val_loss": 1.125, "val_accuracy": 0.6875},
)


def test_a_line_marks_where_fine_tuning_begins():
    phases = [{**row, "phase": phase} for row, phase in zip(HISTORY, (1, 1, 2), strict=True)]
    figure = learning_curves(phases, None)
    assert [(line.x0, line.x1) for line in figure.layout.shapes] == [(2.5, 2.5)] * 2
    assert figure.layout.annotations[-1].text == "fine-tuning →"
    assert not learning_curves(HISTORY, None).layout.shapes


def layer(name: str, *, frozen: bool, change: float, parameters: int = 12) -> WeightChange:
    return WeightChange(name, "block1", "backbone", frozen, parameters, change / 2, change, 0.0)


LAYERS = (
    layer("conv1", frozen=True, change=0.0),
    layer("conv2", frozen=False, change=0.003),
    layer("conv3", frozen=False, change=0.0),
    layer("head", frozen=False, change=0.4),
)


def traces(figure):
    return {trace.name: trace for trace in figure.data if len(trace.x)}


def test_learning_curves_show_the_numbers_of_the_history():
    accuracy, val_accuracy, loss, val_loss = learning_curves(HISTORY, best_epoch=2).data
    for trace, key in ((accuracy, "accuracy"), (val_accuracy, "val_accuracy"), (loss, "loss"), (val_loss, "val_loss")):
        assert list(trace.x) == [1, 2, 3]
        assert list(trace.y) == [row[key] for row in HISTORY]
    assert (accuracy.yaxis, val_accuracy.yaxis, loss.yaxis, val_loss.yaxis) == ("y", "y", "y2", "y2")
    assert (accuracy.name, val_accuracy.name) == ("training", "validation")


def test_best_epoch_is_marked_in_both_panels():
    figure = learning_curves(HISTORY, best_epoch=2)
    assert [(line.x0, line.x1, line.xref) for line in figure.layout.shapes] == [(2, 2, "x"), (2, 2, "x2")]
    assert "kept: epoch 2" in [annotation.text for annotation in figure.layout.annotations]
    assert not learning_curves(HISTORY, best_epoch=None).layout.shapes


def test_figures_beside_each_other_have_axes_of_the_same_range():
    higher = [{**row, "val_loss": 2 * row["val_loss"]} for row in HISTORY]
    ranges = [
        [axis.range for axis in learning_curves(shown, None, beside=[other]).select_yaxes()]
        for shown, other in ((HISTORY, higher), (higher, HISTORY))
    ]
    assert ranges[0] == ranges[1] and ranges[0][0][1] > 1 and ranges[0][1][1] > 2.5
    assert all(axis.range is None for axis in learning_curves(HISTORY, None).select_yaxes())


def test_a_loss_that_is_not_a_number_leaves_a_gap():
    broken = (*HISTORY, {"epoch": 4, "loss": math.nan, "accuracy": 0.2, "val_loss": math.inf, "val_accuracy": 0.2})
    *_, loss, val_loss = learning_curves(broken, best_epoch=2).data
    assert loss.y[3] is None
    assert val_loss.y[3] is None


def test_curves_never_use_the_colours_of_frozen_and_trainable():
    colours = {trace.line.color for trace in learning_curves(HISTORY, best_epoch=2).data}
    assert colours.isdisjoint({theme.FROZEN, theme.TRAINABLE})


def test_trainable_layers_are_orange_bars_of_their_relative_change():
    trainable = traces(weight_change(LAYERS))["trainable"]
    assert list(trainable.x) == [1, 3]
    assert list(trainable.y) == [0.003, 0.4]
    assert trainable.marker.color == theme.TRAINABLE
    assert [row[0] for row in trainable.customdata] == ["conv2", "head"]


def test_a_frozen_layer_is_a_blue_snowflake_on_the_zero_line():
    figure = weight_change(LAYERS)
    frozen = traces(figure)["frozen: exactly 0"]
    assert list(frozen.x) == [0]
    assert list(frozen.customdata[0]) == ["conv1", "12", "0"]
    assert frozen.marker.color == theme.FROZEN
    ticks = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert ticks[frozen.y[0]] == "0"
    assert frozen.y[0] < 0.003 / 10
    assert figure.layout.yaxis.range[0] < math.log10(frozen.y[0])


def test_a_trainable_layer_that_did_not_move_is_a_ring_not_a_snowflake():
    still = traces(weight_change(LAYERS))["trainable: no change"]
    assert list(still.x) == [2]
    assert still.marker.symbol != traces(weight_change(LAYERS))["frozen: exactly 0"].marker.symbol


def test_a_frozen_layer_that_moved_is_not_hidden():
    leaked = traces(weight_change((*LAYERS, layer("conv4", frozen=True, change=0.05))))["frozen"]
    assert list(leaked.x) == [4]
    assert list(leaked.y) == [0.05]
    assert leaked.marker.color == theme.FROZEN


@pytest.mark.parametrize("changes", [(0.0, 0.0), (1e-12, 3e4), (1.0, 1.0), (math.nan, 0.1), (math.inf, 0.1)])
def test_the_axis_holds_every_finite_change_and_the_zero_line(changes):
    layers = [layer(f"conv{number}", frozen=False, change=change) for number, change in enumerate(changes)]
    axis = weight_change(layers).layout.yaxis
    assert all(np.isfinite(axis.range))
    assert axis.range[0] < math.log10(axis.tickvals[0]) < axis.range[1]
    for change in changes:
        if 0 < change < math.inf:
            assert math.log10(axis.tickvals[0]) < math.log10(change) <= axis.range[1]


def test_decades_are_written_as_people_read_them():
    axis = weight_change(LAYERS).layout.yaxis
    assert list(axis.ticktext) == ["0", "10<sup>−3</sup>", "0.01", "0.1", "1"]
    assert [f"{value:.0e}" for value in axis.tickvals[1:]] == ["1e-03", "1e-02", "1e-01", "1e+00"]


def test_many_layers_leave_their_names_to_the_hover():
    many = [layer(f"conv{number}", frozen=True, change=0.0) for number in range(90)]
    assert weight_change(LAYERS).layout.xaxis.ticktext == ("conv1", "conv2", "conv3", "head")
    assert weight_change(many).layout.xaxis.ticktext is None
    assert traces(weight_change(many))["frozen: exactly 0"].customdata[89][0] == "conv89"
