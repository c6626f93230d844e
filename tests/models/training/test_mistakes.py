"""Mistakes on purpose: exactly so many labels are wrong or test pictures leak, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError
from models.pictures import datasets
from models.training import mistakes, recipes
from models.training.comparison import Judged, paired
from models.training.mistakes import with_noise
from models.training.spec import TrainingSpec

LABELS = np.arange(200) % 4
TRAIN = np.arange(0, 200, 2)[:90]
SPLIT = datasets.Split(np.arange(0, 60), np.arange(60, 80), np.arange(80, 100))


@pytest.mark.parametrize(("share", "count"), [(0.1, 9), (0.25, 22), (1.0, 90), (0.006, 1)])
def test_so_many_training_labels_are_wrong_and_no_other(share, count):
    changed, chosen = with_noise(LABELS, TRAIN, share, 4, seed=3)
    np.testing.assert_array_equal(np.flatnonzero(changed != LABELS), chosen)
    assert len(chosen) == count and set(chosen) <= set(TRAIN)
    assert changed.min() >= 0 and changed.max() < 4


def test_every_other_class_is_as_likely():
    labels = np.zeros(6000, np.int64)
    changed, _ = with_noise(labels, np.arange(6000), 1.0, 4, seed=0)
    assert (np.bincount(changed, minlength=4)[1:] > 1850).all() and (changed != 0).all()


def test_none_changes_nothing_and_more_changes_the_same_and_more():
    same, chosen = with_noise(LABELS, TRAIN, 0.0, 4, seed=3)
    assert same is LABELS and not len(chosen)
    few, many = (with_noise(LABELS, TRAIN, share, 4, seed=3) for share in (0.1, 0.5))
    assert set(few[1]) < set(many[1])
    np.testing.assert_array_equal(few[0][few[1]], many[0][few[1]])
    assert set(with_noise(LABELS, TRAIN, 0.1, 4, seed=4)[1]) != set(few[1])


def test_one_class_cannot_be_confused():
    with pytest.raises(InputError, match="two or more classes"):
        with_noise(np.zeros(9, np.int64), np.arange(9), 0.5, 1, seed=0)


@pytest.mark.parametrize(("share", "count"), [(0.5, 10), (0.26, 5), (1.0, 20)])
def test_so_many_test_pictures_are_learnt_from_and_nothing_else_changes(share, count):
    leaky = mistakes.with_leaks(SPLIT, share, seed=3)
    more = np.setdiff1d(leaky.train, SPLIT.train)
    assert len(leaky.train) == 60 + count and len(more) == count and set(more) <= set(SPLIT.test)
    assert set(SPLIT.train) < set(leaky.train)
    np.testing.assert_array_equal(more, mistakes.leaked(SPLIT, share, seed=3))
    np.testing.assert_array_equal(leaky.validation, SPLIT.validation)
    np.testing.assert_array_equal(leaky.test, SPLIT.test)


def test_no_leak_is_the_same_split_and_more_leak_the_same_and_more():
    assert mistakes.with_leaks(SPLIT, 0.0, seed=3) is SPLIT
    few, many = (set(mistakes.leaked(SPLIT, share, seed=3)) for share in (0.2, 0.6))
    assert few < many and few != set(mistakes.leaked(SPLIT, 0.2, seed=4))


def test_a_recipe_leaks_from_its_own_split_and_shots():
    spec = TrainingSpec(dataset="digits", shots=5, split_seed=2)
    clean, leaky = recipes.split_of(spec), recipes.split_of(replace(spec, leaked=0.5))
    both = np.intersect1d(leaky.train, leaky.test)
    assert len(both) == round(len(clean.test) / 2) and len(leaky.train) == len(clean.train) + len(both) == 50 + len(
        both
    )
    recipes.validate(replace(spec, leaked=0.5, batch=len(leaky.train)))


def test_a_comparison_leaves_leaked_pictures_out():
    spec = TrainingSpec(dataset="digits")
    leaky = replace(spec, leaked=0.5)
    test = recipes.split_of(spec).test
    known = np.isin(test, recipes.split_of(leaky).train)
    clean = Judged(spec, test, np.zeros(len(test), bool))
    found = paired(clean, Judged(leaky, test, known))
    assert found.left_out == known.sum() and found.difference.n == (~known).sum()
    assert found.difference.value == 0
    assert paired(clean, Judged(replace(spec, leaked=1.0), test, known)) is None
