"""Rates, plans and what a resumed training may change, by hand."""

from dataclasses import asdict
from math import cos, pi

import pytest

from models.errors import InputError
from models.frame8.card import Recipe, learning_rate, parse_plans

SHORTENED = Recipe(epochs=15, plans=((8, 26), (10, 18), (15, 15)))


def test_the_rate_rises_along_a_line_and_falls_along_a_cosine():
    recipe = Recipe(epochs=5, peak_rate=0.2, warmup_epochs=2)
    rates = [learning_rate(step, 10, recipe) for step in range(50)]
    assert rates[0] == pytest.approx(0.01) and rates[19] == pytest.approx(0.2) == rates[20]
    assert rates[35] == pytest.approx(0.1)  # half of the 30 steps after the warm-up
    assert rates[49] == pytest.approx(0.1 * (1 + cos(pi * 29 / 30)))


def test_each_epoch_follows_the_plan_it_lies_in():
    def rate(epoch, share):
        assert learning_rate(epoch * 10, 10, SHORTENED) == pytest.approx(0.05 * (1 + cos(pi * share)))

    rate(7, 60 / 250)  # after 10 steps of warm-up, of a plan of 26 epochs
    rate(8, 70 / 170)
    rate(9, 80 / 170)
    rate(10, 90 / 140)
    rate(14, 130 / 140)
    assert [SHORTENED.length(epoch) for epoch in (0, 7, 8, 9, 10, 14)] == [26, 26, 18, 18, 15, 15]


def test_a_shortened_plan_begins_as_the_long_one_did():
    long = Recipe(epochs=26)
    assert [learning_rate(step, 4, SHORTENED) for step in range(32)] == [learning_rate(s, 4, long) for s in range(32)]
    assert learning_rate(32, 4, SHORTENED) < learning_rate(32, 4, long)
    assert learning_rate(50, 4, SHORTENED) == learning_rate(50, 4, Recipe(epochs=15))


def test_a_training_may_go_on_with_other_plans_but_not_with_other_rates_behind_it():
    saved = {**asdict(Recipe(epochs=26)), "plans": []}  # as JSON gives it back
    assert Recipe(epochs=26).continues(saved, 26)
    assert SHORTENED.continues(saved, 8)
    assert not SHORTENED.continues(saved, 9)
    assert not Recipe(epochs=26, seed=1).continues(saved, 0)
    assert not Recipe(epochs=26, averaging=0.9).continues(saved, 8)


def test_plans_are_read_from_the_command_line():
    assert parse_plans("8:26,10:18,15:15") == SHORTENED.plans
    for text in ("", "8", "8:26,", "a:b", "8:26;10:18", "-1:5"):
        with pytest.raises(InputError, match=r"8:26,10:18,15:15\. Received"):
            parse_plans(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"epochs": 0},
        {"batch": 0},
        {"averaging": -0.1},
        {"averaging": 1.0},
        {"epochs": 15, "plans": ((8, 26), (10, 18))},
        {"epochs": 10, "plans": ((8, 26), (8, 18), (10, 10))},
        {"epochs": 10, "plans": ((8, 7), (10, 10))},
    ],
)
def test_what_cannot_be_trained_is_refused(fields):
    with pytest.raises(InputError, match="Expected"):
        Recipe(**fields)
