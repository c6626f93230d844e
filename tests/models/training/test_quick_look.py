"""A shorter training in place of a long one."""

from dataclasses import replace

import pytest

from models.training import recipes
from models.training.recipes import (
    DEFAULT,
    FINE_TUNING_RATE,
    after_the_head,
    estimate,
    follow_freezing,
    in_one_phase,
    quick_look,
)  # fmt: skip

FREED = ("conv4", "conv4_bn", "conv5", "conv5_bn")


def test_it_takes_the_most_pictures_that_are_quick_and_changes_nothing_else(monkeypatch):
    spec = replace(DEFAULT, trainable=FREED, head_epochs=60, epochs=15)
    few = replace(spec, shots=20)
    monkeypatch.setattr(recipes, "QUICK", estimate(few).seconds + 0.01)
    assert quick_look(spec) == (few, estimate(few))
    assert quick_look(replace(spec, shots=20)) == (replace(spec, shots=10), estimate(replace(spec, shots=10)))


def test_where_few_pictures_are_too_slow_the_epochs_become_fewer(monkeypatch):
    spec = replace(DEFAULT, trainable=FREED, epochs=1000)
    short = replace(spec, shots=50, epochs=5)
    monkeypatch.setattr(recipes, "QUICK", estimate(short).seconds + 0.01)
    assert quick_look(spec) == (short, estimate(short))


def test_where_nothing_is_quick_there_is_no_offer(monkeypatch):
    monkeypatch.setattr(recipes, "QUICK", 0.0)
    assert quick_look(replace(DEFAULT, trainable=FREED)) is None


def test_freed_layers_learn_after_the_head_and_back():
    freed = replace(DEFAULT, trainable=FREED)
    two = follow_freezing(DEFAULT, freed)
    assert (two.head_epochs, two.head_rate, two.epochs, two.learning_rate) == (60, 0.003, 15, FINE_TUNING_RATE)
    assert follow_freezing(two, replace(two, trainable=FREED[2:])) == replace(two, trainable=FREED[2:])
    assert follow_freezing(two, replace(two, trainable=())) == DEFAULT and in_one_phase(two) == freed


@pytest.mark.parametrize("change", [{"weights": "random"}, {"learning_rate": 5e-5}, {"head_epochs": 4}])
def test_recipes_that_need_no_low_rate_keep_their_steps(change):
    spec = replace(DEFAULT, trainable=FREED, **change)
    assert after_the_head(spec) == spec
