"""Results: read back as written, refused where they are damaged; and where learning curves part, made by hand."""

import numpy as np
import pytest

from models.errors import RunNotFound
from models.storage import runs
from models.training import results
from models.training.results import FEWEST, load_result, opening


def test_results_are_read_back_as_written_and_unreadable_ones_are_refused(tmp_path):
    row = results.WeightChange("conv1", "conv1", "backbone", True, 9, 0.0, 0.0, 0.0)
    result = results.TrainingResult(
        history=({"epoch": 1, "loss": 0.5},),
        index=np.array([4, 2]),
        label=np.array([1, 0]),
        probability=np.array([[0.2, 0.8], [0.7, 0.3]], np.float32),
        val_index=np.array([3]),
        val_label=np.array([1]),
        val_probability=np.array([[0.5, 0.5]], np.float32),
        weight_change=(row,),
        summary={"accuracy": 1.0},
    )
    run = runs.Run("x", tmp_path)
    with pytest.raises(RunNotFound, match="without results"):
        results.load_result(run)
    results.save_result(tmp_path, result)
    again = results.load_result(run)
    assert again.history == result.history and again.weight_change == (row,) and again.summary == {"accuracy": 1.0}
    np.testing.assert_array_equal(again.probability, result.probability)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("predictions.npz", b""),
        ("predictions.npz", b"PK\x03\x04 torn"),
        ("predictions.npz", b"no archive"),
        ("history.json", b"null"),
        ("weight_change.json", b'[{"name": "conv1"}]'),
        ("summary.json", b"{"),
        ("summary.json", b"\xff\xfe"),
    ],
)
def test_damaged_results_are_refused_with_a_sentence(tmp_path, name, damage):
    none = np.zeros(0, np.int64)
    arrays = {"index": none, "label": none, "probability": np.zeros((0, 2), np.float32)}
    arrays |= {f"val_{key}": value for key, value in arrays.items()}
    results.save_result(tmp_path, results.TrainingResult((), **arrays, weight_change=(), summary={}))
    results.load_result(runs.Run("x", tmp_path))
    (tmp_path / name).write_bytes(damage)
    with pytest.raises(RunNotFound, match="Received damaged files; train it again"):
        results.load_result(runs.Run("x", tmp_path))


@pytest.mark.parametrize("place", range(0, 1200, 37))
def test_any_flipped_byte_is_noticed_or_harmless(tmp_path, place):
    arrays = {name: np.arange(20.0).reshape(4, 5) for name in results._ARRAYS}
    result = results.TrainingResult((), **arrays, weight_change=(), summary={})
    results.save_result(tmp_path, result)
    path = tmp_path / "predictions.npz"
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0xFF
    path.write_bytes(data)
    try:
        again = results.load_result(runs.Run("x", tmp_path))
    except RunNotFound:
        return
    np.testing.assert_array_equal(again.probability, result.probability)


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
