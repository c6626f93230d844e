"""The logistic regression of the probe: by hand where a hand can, scikit-learn's answer else, and what it refuses."""

import math

import numpy as np
import pytest

from models.errors import Cancelled, InputError
from models.pictures.datasets import Split
from models.representations import probe_fit


def nothing() -> None:
    """A check that never stops."""


def parts(n: int) -> Split:
    return Split(*np.split(np.arange(n), [n // 2, n * 3 // 4]))


def cloud(n: int, d: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    labels = np.arange(n) % classes
    return (rng.normal(0, 1, (n, d)) + labels[:, None] * 0.5).astype(np.float32), labels.astype(np.int64)


def test_two_points_by_hand():
    # x = -1 and 1, one of each class, C = 1: with u the difference of the two weights the sum is
    # 2 ln(1 + exp(-u)) + u^2 / 4, lowest where u (1 + exp(u)) = 4.
    weights = probe_fit.fit(np.array([[-1.0], [1.0]]), np.array([0, 1]), 1.0, np.zeros((2, 2)), nothing)
    u = weights[0, 1] - weights[0, 0]
    assert u * (1 + math.exp(u)) == pytest.approx(4, abs=1e-3) and weights[1] == pytest.approx([0, 0], abs=1e-5)


def test_nothing_linear_separates_an_exclusive_or():
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    weights = probe_fit.fit(corners, np.array([0, 1, 1, 0]), 10.0, np.full((3, 2), 0.3), nothing)
    assert weights[:, 1] - weights[:, 0] == pytest.approx([0, 0, 0], abs=1e-4)


@pytest.mark.parametrize(("n", "d"), [(90, 4), (24, 60)])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_it_is_scikit_learns_answer_also_with_more_features_than_pictures(n, d, strength):
    from sklearn.linear_model import LogisticRegression

    features, labels = cloud(2 * n, d, 3)
    train, _, _ = probe_fit._standardised(features, parts(2 * n))
    compact, others, _ = probe_fit._compact(probe_fit._standardised(features, parts(2 * n)))
    assert compact.shape == (n, min(n - (d > n), d))
    weights = probe_fit.fit(compact, labels[:n], strength, np.zeros((compact.shape[1] + 1, 3)), nothing)
    reference = LogisticRegression(C=strength, max_iter=3000, tol=1e-8).fit(train, labels[:n])
    scores = others @ weights[:-1] + weights[-1]
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = reference.predict_proba(probe_fit._standardised(features, parts(2 * n))[1])
    assert likely / likely.sum(axis=1, keepdims=True) == pytest.approx(expected, abs=2e-3)


def test_all_parts_are_standardised_by_the_training_pictures_alone():
    features = np.array([[1.0, 5, 3], [3, 5, 7], [7, 9, 5], [0, 1, 1]])  # two to train on, and one each
    train, validation, test = probe_fit._standardised(features, Split(*map(np.array, ([0, 1], [2], [3]))))
    assert train.tolist() == [[-1, 0, -1], [1, 0, 1]]
    assert (validation.tolist(), test.tolist()) == ([[5, 0, 0]], [[-2, 0, -2]])  # the second feature is dead


def test_classes_that_lie_apart_are_all_found_and_a_dead_feature_says_nothing():
    labels = np.arange(40, dtype=np.int64) % 2
    apart = np.stack([labels * 9.0 + 100, np.full(40, 7.3)], axis=1).astype(np.float32)
    fit = probe_fit.probe(apart, labels, parts(40), nothing)
    assert (fit.validation_hits, fit.test_hits) == (10, 10) and fit.strength == probe_fit.STRENGTHS[0]
    mostly = (np.arange(40) % 4 == 0).astype(np.int64)  # a quarter is of class 1: without features, 0 is the best guess
    guess = probe_fit.probe(np.full((40, 3), 7.3, np.float32), mostly, parts(40), nothing)
    of_zero = [int((mostly[part] == 0).sum()) for part in (parts(40).validation, parts(40).test)]
    assert [guess.validation_hits, guess.test_hits] == of_zero


def test_the_test_pictures_choose_nothing():
    features, labels = cloud(200, 30, 2)
    whole = parts(200)
    fit = probe_fit.probe(features, labels, whole, nothing)
    flipped = labels.copy()
    flipped[whole.test] = 1 - flipped[whole.test]
    other = probe_fit.probe(features, flipped, whole, nothing)
    assert (other.strength, other.validation_hits) == (fit.strength, fit.validation_hits)
    assert other.test_hits == len(whole.test) - fit.test_hits


def test_pictures_that_make_no_regression_are_refused():
    features, labels = cloud(40, 3, 2)
    with pytest.raises(InputError, match="at least two classes"):
        probe_fit.probe(features, np.zeros(40, np.int64), parts(40), nothing)
    lonely = np.zeros(40, np.int64)
    lonely[[3, 25, 35]] = 1
    with pytest.raises(InputError, match=r"at least 2 training pictures of each class\. Received 1 of class number 1"):
        probe_fit.probe(features, lonely, parts(40), nothing)
    features[5, 1] = np.inf
    with pytest.raises(InputError, match="Expected finite features"):
        probe_fit.probe(features, labels, parts(40), nothing)


def test_a_regression_stops_when_asked_to():
    def cancelled() -> None:
        raise Cancelled

    features, labels = cloud(200, 30, 2)
    with pytest.raises(Cancelled):
        probe_fit.probe(features, labels, parts(200), cancelled)
