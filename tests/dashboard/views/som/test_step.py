"""The distances of the worked example, before and after."""

import numpy as np

from dashboard.views.som.figures_classes import describe_distances, distances_before_and_after
from models.som.one_step import worked_example

STEP = worked_example((0.0, 0.0), ((3.0, 4.0), (0.0, 2.0)), rate=0.5, radius=1.0)


def test_bars_are_the_distances_before_and_after_the_step():
    before, after = distances_before_and_after(STEP).data
    assert np.allclose(before.x, [5, 2]) and before.y[1] == "W<sub>2</sub> · BMU" and before.y[0] == "W<sub>1</sub>"
    assert np.allclose(after.x, [5 * (1 - 0.5 * np.exp(-0.5)), 1])
    assert list(before.text) == ["5.0", "2.0"]


def test_the_description_gives_the_same_numbers():
    assert describe_distances(STEP) == (
        "Distance to x before and after the step: W1 from 5.0 to 3.5; W2 from 2.0 to 1.0. The BMU is W2."
    )
