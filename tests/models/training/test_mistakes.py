"""Wrong labels: exactly as many as asked for, never the right class, only where the network learns."""

import numpy as np
import pytest

from models.errors import InputError
from models.training.mistakes import with_noise

LABELS = np.arange(200) % 4
TRAIN = np.arange(0, 200, 2)[:90]


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
