"""The picture of a probe: the numbers of its lines, its intervals, and layers that a network has not."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.general import figures_probe
from models.intervals import wilson
from models.representations.probe import ProbeResult

# 2 kinds of weights, 2 budgets, pixels and 3 depths; 50 test pictures.
HITS = np.array([[[10, 20, 30, 40], [15, 25, 45, 50]], [[10, 18, 16, -1], [15, 22, 21, -1]]])
RESULT = ProbeResult(
    network="run:x",
    dataset="galaxies",
    digest="",
    weights=("trained", "random"),
    budgets=(20, 180),
    layers=("pixels", "conv1_relu", "head_dense1_relu", "head_dense2_relu"),
    blocks=("pixels", "conv1", "head", "head"),
    channels=np.array([192, 48, 24, 8]),
    test_hits=HITS,
    validation_hits=HITS,
    strengths=np.ones(HITS.shape),
    n_train=np.array([100, 900]),
    n_validation=50,
    n_test=50,
    n_classes=5,
)


def line(figure, name):
    [found] = [trace for trace in figure.data if trace.name == name]
    return found


def test_the_lines_are_the_shares_of_a_budget_with_their_intervals():
    figure = figures_probe.accuracy_by_depth(RESULT, 180)
    trained, random, pixels = (
        line(figure, name) for name in ("trained weights", "random weights", "pixels, no network")
    )
    assert trained.y == (0.5, 0.9, 1.0) and random.y == (0.44, 0.42) and pixels.y == (0.3,)
    expected = wilson(45, 50)
    assert trained.error_y.array[1] == pytest.approx(expected.high - 0.9)
    assert trained.error_y.arrayminus[1] == pytest.approx(0.9 - expected.low)
    assert trained.customdata[1] == ["head_dense1_relu", "90.0% (78.6–95.7%)", 50, 24]
    assert line(figures_probe.accuracy_by_depth(RESULT, 20), "trained weights").y == (0.4, 0.6, 0.8)


def test_trained_is_blue_and_solid_random_neutral_and_dashed():
    figure = figures_probe.accuracy_by_depth(RESULT, 180)
    lines = {name: line(figure, f"{name} weights").line for name in ("trained", "random")}
    assert (lines["trained"].color, lines["trained"].dash) == ("#0072B2", "solid")
    assert (lines["random"].color, lines["random"].dash) == ("#7F8B93", "dash")


def test_depths_are_named_and_chance_is_drawn():
    figure = figures_probe.accuracy_by_depth(RESULT, 180)
    assert figure.layout.xaxis.ticktext == ("pixels", "conv1", "head_dense1_relu", "head_dense2_relu")
    assert figure.layout.shapes[0].y0 == 0.2 and figure.layout.annotations[0].text == "chance: 20.0%"
    assert figures_probe.describe(RESULT, 20) == (
        "Accuracy of a linear model by depth, 50 test pictures. trained: pixels 20.0%, conv1 40.0%, "
        "head_dense1_relu 60.0%, head_dense2_relu 80.0%; random: pixels 20.0%, conv1 36.0%, head_dense1_relu 32.0%."
    )


def test_a_network_of_random_weights_has_one_line():
    alone = replace(
        RESULT, weights=("random",), test_hits=HITS[1:], validation_hits=HITS[1:], strengths=np.ones((1, 2, 4))
    )
    figure = figures_probe.accuracy_by_depth(alone, 20)
    assert [trace.name for trace in figure.data if trace.name] == ["random weights", "pixels, no network"]


def test_the_best_depth_is_the_first_of_those_best_on_validation_and_never_the_pixels():
    hits = np.array([[[50, 20, 40, 40], [0, 1, 2, 3]], [[50, 2, 2, -1], [0, 1, -1, -1]]])
    chosen = replace(RESULT, validation_hits=hits)
    assert chosen.best_depth("trained", 20) == 2 and chosen.best_depth("trained", 180) == 3
    assert chosen.best_depth("random", 20) == 1
