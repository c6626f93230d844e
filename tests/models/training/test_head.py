"""Targets and losses by hand."""

import math

import pytest

from models.errors import InputError
from models.training.head import head_layers, targets
from models.training.spec import HeadSpec


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


def test_only_what_begins_at_random_has_a_seed():
    head = HeadSpec("average+max", batch_norm=True, widths=(7,), dropout=0.2)
    layers = head_layers(head, (3, 2, 5), 4, seed=9)
    drawn = {"dropout", "dense", "softmax"}
    seeds = [layer.seed for layer in layers if layer.kind in drawn]
    assert seeds == [1408805596, 1486639643, 420472751, 923514012]  # never others: old runs are repeated with them
    assert {layer.seed for layer in layers if layer.kind not in drawn} == {0}
