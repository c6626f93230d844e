"""Differences of recipes and of accuracies on the same pictures, by hand and against published numbers."""

from dataclasses import replace

import numpy as np
import pytest

from models import recipes
from models.augmentation_spec import AugmentationSpec
from models.errors import InputError
from models.run_comparison import accuracy, mcnemar, paired, paired_difference, settings
from models.training_results import TrainingResult
from models.training_specs import HeadSpec, TrainingSpec

SPEC = TrainingSpec(dataset="digits")
TEST = recipes.split_of(SPEC).test


def result(index, right):
    """A run that gets some of the pictures `index` right; the true class is 0 everywhere."""
    probability = np.where(np.asarray(right)[:, None], [0.9, 0.1], [0.2, 0.8]).astype(np.float32)
    label = np.zeros(len(index), np.int64)
    none = np.empty(0, np.int64)
    return TrainingResult((), np.asarray(index), label, probability, none, none, probability[:0], (), {})


def test_settings_name_every_field_and_say_which_differ():
    other = replace(SPEC, trainable=("conv5",), shots=5, head=HeadSpec(dropout=0.5), augmentation=AugmentationSpec())
    rows = {row.name: row for row in settings([SPEC, other])}
    assert {name for name, row in rows.items() if row.differs} == {"trainable", "shots", "head: dropout"}
    assert rows["trainable"].values == ("none", "conv5")
    assert rows["shots"].values == ("all", "5")
    assert rows["head: dropout"].values == ("0", "0.5")
    assert rows["keep epochs"].values == ("no", "no")
    assert settings([]) == ()


def test_newcombes_published_interval():
    # Statistics in Medicine 17 (1998), 36, 12, 2, 0 of 50: method 10 gives 0.0569 to 0.3404.
    found = paired_difference(36, 2, 12, 0)
    assert (found.value, found.n) == (pytest.approx(0.2), 50)
    assert (found.low, found.high) == (pytest.approx(0.0569, abs=5e-5), pytest.approx(0.3404, abs=5e-5))
    turned = paired_difference(36, 12, 2, 0)
    assert (turned.low, turned.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_runs_that_never_disagree_keep_an_interval():
    found = paired_difference(30, 0, 0, 10)
    assert found.value == 0
    assert -0.2 < found.low < 0 < found.high < 0.2
    assert paired_difference(5, 0, 0, 0).low < 0
    with pytest.raises(InputError):
        paired_difference(0, 0, 0, 0)


def test_mcnemar_is_a_fair_coin():
    assert mcnemar(0, 0) == 1
    assert mcnemar(3, 3) == 1
    assert mcnemar(1, 7) == mcnemar(7, 1) == pytest.approx(2 * (1 + 8) / 256)


def test_pictures_are_matched_by_their_number_whatever_their_order():
    first = result(TEST[:6], [True, True, True, False, False, False])
    second = result(TEST[[5, 0, 1, 2, 3, 4]], [True, True, True, False, True, False])
    found = paired(first, second, (SPEC, SPEC))
    assert (found.only_first, found.only_second, found.left_out) == (1, 2, 0)
    assert (found.difference.value, found.difference.n) == (pytest.approx(1 / 6), 6)
    assert accuracy(first).value == pytest.approx(0.5)


def test_pictures_that_one_run_has_learnt_from_are_left_out():
    other = replace(SPEC, split_seed=1)
    split = recipes.split_of(other)
    learnt = np.concatenate([split.train, split.validation])
    both = np.intersect1d(TEST, learnt)[:5]
    clean = np.intersect1d(TEST, split.test)[:7]
    index = np.concatenate([both, clean])
    found = paired(result(index, [True] * 12), result(index, [False] * 12), (SPEC, other))
    assert (found.difference.n, found.left_out, found.difference.value) == (7, 5, -1)
    assert paired(result(both, [True] * 5), result(both, [True] * 5), (SPEC, other)) is None


def test_other_data_are_not_compared():
    one = result(TEST[:3], [True] * 3)
    assert paired(one, one, (SPEC, replace(SPEC, dataset="galaxies"))) is None
