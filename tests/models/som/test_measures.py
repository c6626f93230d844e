"""Units' classes and errors by hand; confused classes that live next door, or do not."""

import math

import numpy as np
import pytest

from models.errors import InputError
from models.som.lattice import Lattice
from models.som.measures import class_counts, neighbours, next_door, unit_errors

BEST, LABELS = [0, 0, 0, 2, 2, 5], [1, 1, 0, 0, 1, 1]


def test_counts_and_errors_by_hand():
    counts = class_counts(BEST, LABELS, 6, 2)
    assert counts.tolist() == [[1, 2], [0, 0], [1, 1], [0, 0], [0, 0], [0, 1]]
    errors = unit_errors([1, 2, 6, 1, 2, 4], BEST, 6)
    assert errors[[0, 2, 5]].tolist() == [3, 1.5, 4] and np.isnan(errors[[1, 3, 4]]).all()


def test_classes_live_next_door_in_a_unit_and_in_the_units_it_touches():
    counts = np.zeros((6, 3), np.int64)  # 2 x 3 units
    counts[0, 0], counts[1, 1], counts[5, 2] = 2, 1, 4
    near = neighbours(counts, Lattice(2, 3))
    # around a sample of class 0: one more of its own and one of class 1; around the one of class 1: two of class 0
    assert near[0, 1] == near[1, 0] == pytest.approx((1 / 2 + 1) / 2)
    assert near[0, 2] == near[1, 2] == 0  # unit 5 touches units 2 and 4, not unit 1
    # on a hexagonal lattice unit 1 touches 0, 2, 3 and 4, so class 2 still lives alone; unit 4 would not
    assert neighbours(counts, Lattice(2, 3, "hexagonal"))[1, 2] == 0
    moved = counts[[0, 1, 2, 3, 5, 4]]
    assert neighbours(moved, Lattice(2, 3, "hexagonal"))[1, 2] == pytest.approx((4 / 6 + 1 / 4) / 2)


def test_a_sample_that_is_alone_has_nobody_next_door():
    assert neighbours(np.array([[1, 0], [0, 0], [0, 1]]), Lattice(1, 3))[0, 1] == 0


def matrix_of(mistakes: np.ndarray) -> np.ndarray:
    return mistakes + np.diag(100 - mistakes.sum(axis=1))


MISTAKES = np.array([[0, 9, 1, 0], [7, 0, 2, 1], [0, 1, 0, 6], [0, 0, 4, 0]])
NEAR = np.array([[0, 0.5, 0.1, 0.0], [0.5, 0, 0.2, 0.05], [0.1, 0.2, 0, 0.4], [0, 0.05, 0.4, 0]])


def test_confused_neighbours_are_found_with_the_exact_p():
    found = next_door(matrix_of(MISTAKES), NEAR)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    assert np.allclose(found.confused, [0.08, 0.005, 0, 0.015, 0.005, 0.05])
    assert np.allclose(found.near, [0.5, 0.1, 0, 0.2, 0.05, 0.4])
    # ranks 6, 2.5, 1, 4, 2.5, 5 against 6, 3, 1, 4, 2, 5
    assert found.rho == pytest.approx(np.corrcoef([6, 2.5, 1, 4, 2.5, 5], [6, 3, 1, 4, 2, 5])[0, 1])
    assert (found.p, found.ways) == (pytest.approx(1 / 24), 24)


def test_the_opposite_is_not_taken_for_it():
    found = next_door(matrix_of(MISTAKES), 0.6 - NEAR)
    assert found.rho < -0.9 and found.p > 0.9


def test_many_classes_are_exchanged_at_random_and_always_the_same_way():
    near = np.random.default_rng(0).random((10, 10))
    near += near.T
    first, second = (next_door(matrix_of(np.eye(10, k=1, dtype=np.int64)), near) for _ in "ab")
    assert first.ways == 10_000 and first.p == second.p and 1e-4 <= first.p <= 1


@pytest.mark.parametrize("matrix", [np.diag([5, 5, 5, 5]), np.full((4, 4), 3)])
def test_without_differences_there_is_nothing_to_compare(matrix):
    found = next_door(matrix, NEAR)
    assert math.isnan(found.rho) and math.isnan(found.p) and len(found.pairs) == 6


def test_two_classes_are_one_pair_and_too_few():
    assert math.isnan(next_door(np.array([[3, 1], [2, 4]]), np.array([[0, 0.5], [0.5, 0]])).rho)


def test_other_classes_are_refused():
    with pytest.raises(InputError, match=r"Expected a map of 4 classes\. Received one of 3"):
        next_door(matrix_of(MISTAKES), NEAR[:3, :3])
