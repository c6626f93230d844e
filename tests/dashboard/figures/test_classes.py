"""Bars of a classifier's classes: the right numbers, in the right order."""

import numpy as np
import pytest

from dashboard.figures import classes as figures
from models.networks.answers import Prediction


@pytest.fixture
def prediction():
    probabilities = np.array([0.02, 0.5, 0.0004, 0.2, 0.08, 0.0996, 0.1], np.float32)
    return Prediction(probabilities, np.log(probabilities), tuple("abcdefg"), 48, 64)


def test_the_five_most_probable_stand_on_top_of_each_other(prediction):
    figure = figures.top_classes(prediction)
    [bars] = figure.data
    np.testing.assert_allclose(bars.x, [0.5, 0.2, 0.1, 0.0996, 0.08], atol=1e-6)
    assert list(bars.customdata) == ["b: 50.0%", "d: 20.0%", "g: 10.0%", "f: 10.0%", "e: 8.0%"]
    assert figure.layout.yaxis.ticktext == ("b, 50.0%", "d, 20.0%", "g, 10.0%", "f, 10.0%", "e, 8.0%")
    assert figure.layout.yaxis.autorange == "reversed"


def test_a_bar_of_a_group_is_made_of_its_classes():
    found = {"big": [("b", 0.5), ("e", 0.08)], "small": [("d", 0.2), ("c", 0.0004)], "one": [("g", 0.1)]}
    figure = figures.groups(found)
    first, second = figure.data
    assert (list(first.x), list(first.y)) == ([0.5, 0.2, 0.1], [0, 1, 2])
    assert (list(second.x), list(second.y), list(second.customdata)) == (
        [0.08, 0.0004],
        [0, 1],
        ["e: 8.0%", "c: below 0.1%"],
    )
    assert list(first.text) == ["b", "d", ""]  # where its name fits
    assert figure.layout.barmode == "stack"
    assert figure.layout.yaxis.ticktext == ("big, 58.0%", "small, 20.0%", "one, 10.0%")


def test_small_numbers_are_not_called_nothing():
    assert [figures.likelihood(share) for share in (0.9994, 0.0432, 0.001, 0.0004)] == [
        "99.9%",
        "4.3%",
        "0.1%",
        "below 0.1%",
    ]
