"""Calibration by hand, against scikit-learn, and on what breaks it: ties, zeros and ones, one class, few pictures."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from models.errors import InputError
from models.storage import runs
from models.training import calibration
from models.training.results import load_result

RANDOM = np.random.default_rng(5)


def two_classes(confidence, right):
    """Labels and probabilities of pictures answered with class 0, and whether that is right."""
    confidence = np.asarray(confidence, float)
    return np.where(right, 0, 1), np.stack([confidence, 1 - confidence], axis=1)


def test_bins_and_error_by_hand():
    label, probability = two_classes([0.55, 0.6, 0.95, 0.95, 0.95, 1.0], [True, False, True, True, False, True])
    found = calibration.reliability(label, probability)
    assert found.low.tolist() == [0.5, 0.9] and found.high.tolist() == [0.6, 1.0]  # a bin holds its upper end
    assert found.n.tolist() == [2, 4] and found.right.tolist() == [1, 3] and found.place.tolist() == [0, 0, 1, 1, 1, 1]
    assert found.confidence == pytest.approx([0.575, 0.9625])
    by_hand = (2 * 0.075 + 4 * 0.2125) / 6
    assert found.error == pytest.approx(by_hand)
    assert calibration.error(label, probability).value == pytest.approx(by_hand)
    assert found.sure == pytest.approx(5 / 6) and found.overall.value == pytest.approx(4 / 6)
    equal = calibration.reliability(label, probability, "mass")
    assert equal.n.tolist() == [1] * 6 and equal.error == pytest.approx((0.45 + 0.6 + 0.05 + 0.05 + 0.95 + 0) / 6)


@pytest.mark.parametrize("bins", ["width", "mass"])
def test_bins_are_those_of_scikit_learn(bins):
    confidence = RANDOM.uniform(0.5, 1, 400)
    right = RANDOM.uniform(size=400) < confidence**2
    found = calibration.reliability(*two_classes(confidence, right), bins)
    strategy = {"width": "uniform", "mass": "quantile"}[bins]
    true, mean = calibration_curve(right, confidence, n_bins=10, strategy=strategy)
    assert found.right / found.n == pytest.approx(
        true, abs=0.03 if bins == "mass" else 1e-12
    )  # ends of quantiles differ
    assert found.confidence == pytest.approx(mean, abs=0.003 if bins == "mass" else 1e-12)
    assert found.n.sum() == 400 and (bins == "width" or set(found.n) == {40})


def test_the_brier_score_and_the_surprise_are_scikit_learns():
    probability = RANDOM.dirichlet(np.ones(4), 90)
    label = RANDOM.integers(4, size=90)
    expected = brier_score_loss(label, probability, labels=range(4), scale_by_half=False)
    found = calibration.brier(label, probability)
    assert found.value == pytest.approx(expected) and found.low < expected < found.high
    assert calibration.surprise(label, probability) == pytest.approx(log_loss(label, probability, labels=range(4)))
    sure = np.eye(4)[label]
    assert calibration.brier(label, sure).value == 0 and calibration.brier(label, sure[:, ::-1]).value == 2
    assert calibration.surprise(label, sure[:, ::-1]) == pytest.approx(-np.log(1e-12))  # sure and wrong, and finite


def test_a_temperature_gives_back_what_another_took():
    """Scores that were multiplied by 3 are cooled by 3: labels drawn from the right probabilities find it."""
    scores = RANDOM.normal(size=(4_000, 5)) * 1.5
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    label = (true.cumsum(axis=1) > RANDOM.uniform(size=(4_000, 1))).argmax(axis=1)
    hot = np.exp(3 * scores) / np.exp(3 * scores).sum(axis=1, keepdims=True)
    degree = calibration.temperature(label, hot)
    assert degree == pytest.approx(3, rel=0.08)
    assert calibration.cooled(hot, 3) == pytest.approx(true, abs=1e-4)  # tiny ones are raised to 1e-12 first
    assert calibration.cooled(hot, 1) == pytest.approx(hot, abs=1e-9)
    before, after = (calibration.error(label, values) for values in (hot, calibration.cooled(hot, degree)))
    assert before.value > 0.1 and after.value < 0.03 and after.high < before.low
    assert (calibration.cooled(hot, 7).argmax(axis=1) == hot.argmax(axis=1)).all()


def test_what_breaks_it_is_survived_or_refused():
    label, probability = np.array([0, 0]), np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    assert calibration.reliability(label, probability).n.tolist() == [2]
    assert np.isfinite(calibration.cooled(probability, 0.05)).all()
    assert calibration.COLDEST <= calibration.temperature(label[:1], probability[:1]) <= calibration.HOTTEST
    tied = np.full((3, 4), 0.25)
    assert calibration.reliability(np.array([0, 1, 2]), tied).right.tolist() == [1]  # of equal ones the first
    single = calibration.error(label[:1], probability[:1])
    assert (single.value, single.low, single.high, single.n) == (0, 0, 0, 1)
    one_class = calibration.reliability(np.zeros(5, int), np.ones((5, 1)))
    assert one_class.error == 0 and one_class.overall.value == 1
    with pytest.raises(InputError, match="that are none"):
        calibration.reliability(label, probability * np.nan)
    for what in (calibration.reliability, calibration.error, calibration.temperature):
        with pytest.raises(InputError, match="Received none"):
            what(label[:0], probability[:0])


@pytest.mark.parametrize("bins", ["width", "mass"])
def test_the_interval_is_that_of_samples_drawn_one_by_one(bins):
    result = load_result(runs.get(runs.EXAMPLE))
    found = calibration.error(result.label, result.probability, bins)
    drawn = np.random.default_rng(0).integers(300, size=(calibration.RESAMPLES, 300))
    slow = [calibration.reliability(result.label[one], result.probability[one], bins).error for one in drawn]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slow, (0.025, 0.975))), abs=1e-9)
    assert found.value == pytest.approx(calibration.reliability(result.label, result.probability, bins).error)
