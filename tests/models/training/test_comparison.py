"""Differences of recipes and of accuracies on the same pictures, by hand and against published numbers."""

from dataclasses import replace

import numpy as np
import pytest

from models.training import mistakes, recipes
from models.training.comparison import Compared, settings
from models.training.comparison import paired as paired_judged
from models.training.results import TrainingResult
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec

SPEC = TrainingSpec(dataset="digits")
TEST = recipes.split_of(SPEC).test


def run(spec, index, right):
    """A run that gets some of the pictures `index` right; the true class is 0 everywhere."""
    probability = np.where(np.asarray(right)[:, None], [0.9, 0.1], [0.2, 0.8]).astype(np.float32)
    label = np.zeros(len(index), np.int64)
    none = np.empty(0, np.int64)
    result = TrainingResult((), np.asarray(index), label, probability, none, none, probability[:0], (), {})
    return Compared(1, "f" * 32, "a run", spec, result)


def paired(first, second):
    return paired_judged(first.judged, second.judged)


def test_settings_name_every_field_and_say_which_differ():
    other = replace(SPEC, trainable=("conv5",), shots=5, head=HeadSpec(dropout=0.5), augmentation=AugmentationSpec())
    rows = {row.name: row for row in settings([SPEC, other])}
    assert {name for name, row in rows.items() if row.differs} == {"trainable", "shots", "head: dropout"}
    assert rows["trainable"].values == ("none", "conv5")
    assert rows["shots"].values == ("all", "5")
    assert rows["head: dropout"].values == ("0", "0.5")
    assert rows["keep epochs"].values == ("no", "no")
    assert settings([]) == ()


def test_pictures_are_matched_by_their_number_whatever_their_order():
    first = run(SPEC, TEST[:6], [True, True, True, False, False, False])
    second = run(SPEC, TEST[[5, 0, 1, 2, 3, 4]], [True, True, True, False, True, False])
    found = paired(first, second)
    assert (found.only_first, found.only_second, found.left_out) == (1, 2, 0)
    assert (found.difference.value, found.difference.n) == (pytest.approx(1 / 6), 6)
    assert first.accuracy.value == pytest.approx(0.5)


def test_pictures_that_one_run_has_learnt_from_are_left_out():
    other = replace(SPEC, split_seed=1)
    split = recipes.split_of(other)
    learnt = np.concatenate([split.train, split.validation])
    both = np.intersect1d(TEST, learnt)[:5]
    clean = np.intersect1d(TEST, split.test)[:7]
    index = np.concatenate([both, clean])
    found = paired(run(SPEC, index, [True] * 12), run(other, index, [False] * 12))
    assert (found.difference.n, found.left_out, found.difference.value) == (7, 5, -1)
    assert paired(run(SPEC, both, [True] * 5), run(other, both, [True] * 5)) is None


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize("turned", [False, True])
def test_neither_training_nor_validation_pictures_of_either_run_are_compared(part, turned):
    other = replace(SPEC, split_seed=1)
    split = recipes.split_of(other)
    known = np.intersect1d(TEST, getattr(split, part))[:6]
    clean = np.intersect1d(TEST, split.test)[:9]
    index = np.concatenate([known, clean])
    pair = [run(SPEC, index, [True] * 15), run(other, index, [True] * 6 + [False] * 9)]
    found = paired(*pair[::-1] if turned else pair)
    assert (found.difference.n, found.left_out) == (9, 6)
    assert found.difference.value == (1 if turned else -1)


def test_other_data_are_not_compared():
    one = run(SPEC, TEST[:3], [True] * 3)
    assert paired(one, replace(one, spec=replace(SPEC, dataset="galaxies"))) is None


def test_pictures_that_leaked_are_judged_apart():
    spec = replace(SPEC, leaked=0.5, seed=4)
    known = mistakes.leaked(recipes.split_of(SPEC), 0.5, 4)
    right = np.isin(TEST, known)
    right[np.flatnonzero(right)[:3]] = False
    right[np.flatnonzero(~np.isin(TEST, known))[:2]] = True
    first, second = run(spec, TEST, right).judged.apart()
    assert (first.n, second.n) == (len(known), len(TEST) - len(known))
    assert (first.value, second.value) == (1 - 3 / first.n, 2 / second.n)
    assert run(SPEC, TEST, right).judged.apart() is None
