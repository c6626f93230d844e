"""Targets and losses by hand."""

import math

import pytest

from models.errors import InputError
from models.training.head import targets


def test_without_smoothing_the_target_is_the_class_alone():
    plain = targets(5, 0.0)
    assert (plain.true, plain.other, plain.least) == (1.0, 0.0, 0.0) and plain.ignorant == pytest.approx(math.log(5))


def test_smoothing_by_hand():
    smooth = targets(2, 0.2)
    assert (smooth.true, smooth.other) == (pytest.approx(0.9), pytest.approx(0.1))
    assert smooth.least == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert targets(10, 0.1).true + 9 * targets(10, 0.1).other == pytest.approx(1)


def test_one_class_is_known_without_learning_and_nonsense_is_refused():
    assert targets(1, 0.3).true == 1.0 and targets(1, 0.3).ignorant == 0.0
    for classes, smoothing in ((0, 0.0), (5, 1.0), (5, -0.1)):
        with pytest.raises(InputError, match="Expected classes and a smoothing"):
            targets(classes, smoothing)
