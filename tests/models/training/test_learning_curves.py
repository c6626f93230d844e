"""The gap between training and validation, on curves made by hand."""

import numpy as np
import pytest

from models.storage import runs
from models.training.results import FEWEST, load_result, opening


def history(training, validation, phase=None):
    rows = [
        {"epoch": n, "loss": a, "val_loss": b} for n, (a, b) in enumerate(zip(training, validation, strict=True), 1)
    ]
    return rows if phase is None else [{**row, "phase": phase} for row in rows]


FALLING = np.linspace(1.0, 0.1, 20)
RISING = np.concatenate([np.linspace(1.0, 0.5, 10), np.linspace(0.55, 1.05, 10)])


def test_a_rising_validation_loss_opens_the_gap_where_it_was_lowest():
    found = opening(history(FALLING, RISING))
    assert 9 <= found.epoch <= 11
    assert found.validation == pytest.approx(0.55, abs=0.03)
    assert found.validation_end == pytest.approx(np.median(RISING[-3:]))
    assert found.training_end == pytest.approx(np.median(FALLING[-3:]))
    assert found.training > found.training_end


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        (FALLING, FALLING + 0.3),  # a gap that stays is no opening
        (FALLING, np.full(20, 0.8)),
        (FALLING, np.concatenate([FALLING[:15], FALLING[14] + np.linspace(0, 0.02, 5)])),  # less than a tenth
        (np.full(20, 0.5), RISING),  # the training loss does not fall
        (FALLING * 0.01, RISING * 0.01),  # a hundredth of a nat
        (FALLING, np.tile([0.5, 0.9], 10)),  # scatter alone
        (FALLING, np.random.default_rng(4).normal(0.7, 0.1, 20)),
        (FALLING[: FEWEST - 1], RISING[-FEWEST + 1 :]),
    ],
)
def test_anything_less_opens_nothing(training, validation):
    assert opening(history(training, validation)) is None


def test_one_bad_epoch_is_no_end():
    spiky = np.linspace(1.0, 0.4, 20)
    spiky[-1] = 3.0
    assert opening(history(FALLING, spiky)) is None


def test_only_the_last_phase_counts_and_what_is_no_number_ends_it():
    head, tuning = history(FALLING, RISING, 1), history(FALLING, FALLING, 2)
    assert opening([*head, *tuning]) is None
    assert opening([*tuning, *history(FALLING, RISING, 3)]) is not None
    broken = RISING.copy()
    broken[18:] = np.nan
    assert opening(history(FALLING, broken)).validation_end < RISING[17] + 1e-9
    assert opening(history(FALLING, np.full(20, np.inf))) is None
    assert opening([]) is None


def test_the_example_has_no_such_gap():
    assert opening(load_result(runs.get(runs.EXAMPLE)).history) is None
