import math

import numpy as np
import pytest

from models.errors import InputError
from models.training.evaluation import cell_members, evaluate, most_confident_mistakes, most_confused_pair, row_shares

# Eight pictures, three classes; "c" is never predicted.
CLASSES = ("a", "b", "c")
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2])
PROBABILITIES = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.8, 0.1, 0.1],
        [0.3, 0.6, 0.1],
        [0.1, 0.9, 0.0],
        [0.05, 0.9, 0.05],
        [0.5, 0.1, 0.4],
    ]
)
MATRIX = [[3, 1, 0], [0, 2, 0], [1, 1, 0]]


def one_hot(predicted: list[int], n_classes: int) -> np.ndarray:
    return np.eye(n_classes, dtype=np.float32)[predicted]


def test_matrix_has_true_rows_and_predicted_columns() -> None:
    evaluation = evaluate(LABELS, PROBABILITIES, CLASSES)
    assert evaluation.matrix.tolist() == MATRIX
    assert evaluation.matrix.dtype == np.int64
    assert evaluation.n == 8
    assert evaluation.accuracy == 5 / 8


def test_scores_by_hand() -> None:
    a, b, c = evaluate(LABELS, PROBABILITIES, CLASSES).scores
    assert (a.name, a.precision.value, a.precision.n) == ("a", 3 / 4, 4)
    assert (a.recall.value, a.recall.n) == (3 / 4, 4)
    assert a.f1.value == pytest.approx(3 / 4)
    assert a.f1.n == 5  # four are a, and one more is called a
    assert (b.precision.value, b.precision.n, b.recall.value, b.recall.n) == (1 / 2, 4, 1.0, 2)
    assert b.f1.value == pytest.approx(2 / 3)
    assert (c.recall.value, c.recall.n, c.f1.value, c.f1.n) == (0.0, 2, 0.0, 2)


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    evaluation = evaluate(LABELS, PROBABILITIES, CLASSES)
    precision = evaluation.scores[2].precision
    assert precision.n == 0
    assert all(math.isnan(value) for value in (precision.value, precision.low, precision.high))
    assert evaluation.macro_precision == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert evaluation.macro_recall == pytest.approx((3 / 4 + 1 + 0) / 3)
    assert evaluation.macro_f1 == pytest.approx((3 / 4 + 2 / 3 + 0) / 3)


def test_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    generator = np.random.default_rng(1)
    labels = generator.integers(0, 6, 300)
    logits = generator.normal(size=(300, 7)) + 1.5 * np.eye(7)[labels]
    logits[:, 6] = -9.0  # class 6 neither occurs nor is predicted
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    evaluation = evaluate(labels, probabilities, tuple("abcdefg"))
    predicted = probabilities.argmax(axis=1)
    options = {"labels": range(7), "zero_division": np.nan}
    per_class = np.array(precision_recall_fscore_support(labels, predicted, **options)[:3])
    macro = precision_recall_fscore_support(labels, predicted, average="macro", **options)[:3]

    assert (evaluation.matrix == confusion_matrix(labels, predicted, labels=range(7))).all()
    ours = [[score.precision.value, score.recall.value, score.f1.value] for score in evaluation.scores]
    np.testing.assert_allclose(np.array(ours).T, per_class)
    np.testing.assert_allclose([evaluation.macro_precision, evaluation.macro_recall, evaluation.macro_f1], macro)


def test_row_shares_are_undefined_in_an_empty_row() -> None:
    shares = row_shares(np.array([[3, 1], [0, 0]]))
    np.testing.assert_array_equal(shares, [[0.75, 0.25], [np.nan, np.nan]])


def test_no_pictures_give_no_numbers() -> None:
    evaluation = evaluate(np.array([], dtype=np.int64), np.zeros((0, 2)), ("a", "b"))
    assert evaluation.matrix.tolist() == [[0, 0], [0, 0]]
    assert evaluation.n == 0
    assert math.isnan(evaluation.accuracy) and math.isnan(evaluation.accuracy_interval[1])
    assert math.isnan(evaluation.macro_f1)
    assert len(most_confident_mistakes(np.array([], dtype=np.int64), np.zeros((0, 2)), 5)) == 0


def test_one_class_is_always_right() -> None:
    evaluation = evaluate([0, 0, 0], np.ones((3, 1)), ("only",))
    assert evaluation.matrix.tolist() == [[3]]
    assert evaluation.scores[0].f1.value == 1.0
    assert most_confused_pair(evaluation.matrix) is None


def test_all_wrong_is_zero_and_keeps_an_interval() -> None:
    evaluation = evaluate([0, 0, 1, 1], one_hot([1, 1, 0, 0], 2), ("a", "b"))
    assert evaluation.accuracy == 0.0
    assert evaluation.accuracy_interval == pytest.approx((0.0, 0.4898908), abs=1e-6)
    assert [score.f1.value for score in evaluation.scores] == [0.0, 0.0]
    assert most_confused_pair(evaluation.matrix) == (0, 1)


def test_cell_members_come_by_falling_confidence() -> None:
    members = cell_members(LABELS, PROBABILITIES, true=0, predicted=0)
    assert members.position.tolist() == [0, 3, 1]
    assert members.confidence.tolist() == [0.9, 0.8, 0.6]
    assert len(cell_members(LABELS, PROBABILITIES, true=1, predicted=2)) == 0


def test_most_confident_mistakes_by_hand() -> None:
    mistakes = most_confident_mistakes(LABELS, PROBABILITIES, 2)
    assert mistakes.position.tolist() == [6, 2]
    assert mistakes.label.tolist() == [2, 0]
    assert mistakes.predicted.tolist() == [1, 1]
    assert mistakes.confidence.tolist() == [0.9, 0.7]
    assert mistakes.true_probability.tolist() == [0.05, 0.2]
    assert most_confident_mistakes(LABELS, PROBABILITIES, 99).position.tolist() == [6, 2, 7]


def test_equally_confident_pictures_keep_their_order() -> None:
    confidence = np.tile([0.6, 0.9, 0.6, 0.6], 50)
    mistakes = most_confident_mistakes([0] * 200, np.stack([1 - confidence, confidence], axis=1), 200)
    assert mistakes.position.tolist() == [*range(1, 200, 4), *(i for i in range(200) if i % 4 != 1)]


def test_most_confused_pair_ignores_the_diagonal() -> None:
    assert most_confused_pair(np.array([[9, 1, 0], [2, 9, 3], [0, 1, 9]])) == (1, 2)


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], np.ones((2, 3)), "Expected 2 probabilities per picture. Received 3"),
        ([0], np.ones((2, 2)), "Expected 2 labels"),
        ([0, 2], np.ones((2, 2)), "between 0 and 1. Received .0 2."),
        ([0, -1], np.ones((2, 2)), "between 0 and 1. Received .-1"),
        ([0.0, 1.0], np.ones((2, 2)), "Expected whole labels"),
        ([0], np.array([[np.nan, 1.0]]), "Expected probabilities between 0 and 1"),
        ([0], np.array([[1.2, -0.2]]), "Expected probabilities between 0 and 1"),
        ([0], np.array([1.0]), "Expected probabilities of shape"),
    ],
)
def test_bad_input_is_named(labels: list[float], probabilities: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(labels, probabilities, ("a", "b"))


def test_a_cell_outside_the_matrix_is_refused() -> None:
    with pytest.raises(InputError, match=r"Expected a class between 0 and 2\. Received 3\."):
        cell_members(LABELS, PROBABILITIES, true=0, predicted=3)
