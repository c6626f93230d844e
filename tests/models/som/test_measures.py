"""What a map is worth, on maps made by hand: errors, purity, and confused classes that live next door, or do not."""

import math

import numpy as np
import pytest

from models.errors import InputError
from models.som.lattice import Lattice
from models.som.measures import (
    class_counts,
    held_out,
    hit_map,
    majority,
    neighbours,
    next_door,
    purity,
    quality,
    quantization_error,
    u_matrix,
    unit_errors,
)
from models.som.search import nearest

BEST, LABELS = [0, 0, 0, 2, 2, 5], [1, 1, 0, 0, 1, 1]


def points(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_lectures_worked_example_of_a_distance() -> None:
    sample, codebook = points((0.5, 0.3, 0.7)), points((5, 13, 20)).reshape(1, 1, 3)
    _, quantization, _ = quality(sample, codebook)
    assert quantization == pytest.approx(23.5, abs=0.05)
    assert quantization == pytest.approx(math.sqrt(4.5**2 + 12.7**2 + 19.3**2))


def test_susis_published_quantization_error() -> None:
    # Its fixture has five samples of ten values whose squared distances to their units are these.
    lengths = np.sqrt([119, 149, 100, 123, 171])
    samples = (lengths[:, None] / math.sqrt(10) * np.ones(10)).astype(np.float32)
    error = quantization_error(samples, np.zeros((1, 5, 10), np.float32), np.arange(5))
    assert error == pytest.approx(11.45650021348017, rel=1e-7)


def test_the_bmu_is_the_number_of_the_nearest_unit() -> None:
    codebook = points((0, 0), (1, 0), (2, 0), (0, 5), (1, 5), (2, 5))
    assert nearest(points((1.9, 0.2), (0.6, 4), (-9, 9)), codebook)[0].tolist() == [2, 4, 3]


def test_the_bmu_is_exact_far_from_the_origin() -> None:
    codebook = points((10000, 10000), (10000.25, 10000), (10000.5, 10000))
    samples = codebook + np.float32(0.1) * points((1, 0))
    assert nearest(samples, codebook)[0].tolist() == [0, 1, 2]


def test_best_and_second_best_equal_a_sort_of_all_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    samples, codebook = rng.random((50, 3), np.float32), rng.random((4, 5, 3), np.float32)
    order = np.linalg.norm(samples[:, None] - codebook.reshape(1, 20, 3), axis=2).argsort(axis=1)
    whole = quality(samples, codebook)
    monkeypatch.setattr("models.som.search.BLOCK_SAMPLES", 9)
    kept = quality(samples, codebook)
    assert (whole[0] == kept[0]).all() and whole[1:] == pytest.approx(kept[1:])
    assert [part.tolist() for part in nearest(samples, codebook.reshape(20, 3), second=True)] == order.T[:2].tolist()
    monkeypatch.setattr("models.som.search.BLOCK_VALUES", 7 * 3)  # 3 values each: five blocks of nine, one of five
    parts = quality(samples, codebook)
    assert (whole[0] == parts[0]).all() and whole[1:] == pytest.approx(parts[1:])


def test_quantization_error_zero_and_one() -> None:
    samples = points((0, 0), (3, 4))
    assert quality(samples, samples.reshape(1, 2, 2))[1] == 0
    assert quality(samples + points((0, 1)), samples.reshape(2, 1, 2))[1] == 1


def test_topographic_error_of_a_map_by_hand() -> None:
    # On a line of three units the sample 0.4 has units 0 and 2 nearest (0 and 1 away): they do not touch.
    line = points((0.0,), (9.0,), (1.0,)).reshape(1, 3, 1)
    best, _, error = quality(points((0.4,), (8.0,)), line)
    assert best.tolist() == [0, 1] and error == 0.5  # for 8 they are units 1 and 2, which do
    corner = points((0,), (9,), (8,), (1,)).reshape(2, 2, 1)  # best and second best touch diagonally
    assert quality(points((0.1,)), corner)[2] == 0
    assert quality(points((0.1,)), points((0.5,)).reshape(1, 1, 1))[2] == 0


def test_the_lattice_decides_what_touches() -> None:
    line = points((0.0,), (9.0,), (8.0,), (1.0,)).reshape(1, 4, 1)  # the sample 0.1 lies between the first and the last
    assert quality(points((0.1,)), line)[2] == 1
    assert quality(points((0.1,)), line, Lattice(1, 4, toroid=True))[2] == 0
    corner = points((0,), (9,), (8,), (1,)).reshape(2, 2, 1)  # units (0, 0) and (1, 1) are sqrt(3) apart on hexagons
    assert quality(points((0.1,)), corner, Lattice(2, 2, "hexagonal"))[2] == 1
    other = points((9,), (0,), (1,), (8,)).reshape(2, 2, 1)  # units (0, 1) and (1, 0) touch
    assert quality(points((0.1,)), other, Lattice(2, 2, "hexagonal"))[2] == 0


def test_the_u_matrix_by_hand() -> None:
    codebook = points((0.0,), (2.0,), (3.0,), (0.0,), (2.0,), (7.0,)).reshape(2, 3, 1)
    # rows 0 2 3 / 0 2 7: unit (0, 1) is 2, 1 and 0 from its neighbours, unit (1, 2) is 5 and 4.
    assert u_matrix(codebook) == pytest.approx(np.array([[1, 1, 2.5], [1, 7 / 3, 4.5]]))
    # Hexagonal: (0, 1) touches (1, 0) and (1, 1), so 2, 1, 2, 0; (1, 0) touches (0, 0), (0, 1) and (1, 1).
    bees = u_matrix(codebook, Lattice(2, 3, "hexagonal"))
    assert bees == pytest.approx(np.array([[1, 5 / 4, (1 + 1 + 4) / 3], [(0 + 2 + 2) / 3, (2 + 5 + 0 + 1) / 4, 4.5]]))
    # Toroid: left and right meet; up and down are the same unit and count once.
    assert u_matrix(codebook, Lattice(2, 3, toroid=True))[0] == pytest.approx([(2 + 3 + 0) / 3, 1, (1 + 3 + 4) / 3])


def test_flat_maps_have_a_flat_u_matrix() -> None:
    assert (u_matrix(np.ones((3, 4, 2), np.float32)) == 0).all()
    assert u_matrix(np.ones((1, 1, 2), np.float32)).tolist() == [[0]]


def test_the_hit_map_counts_samples() -> None:
    assert hit_map(np.array([0, 5, 5, 2]), 2, 3).tolist() == [[1, 0, 1], [0, 0, 2]]


def test_purity_by_hand():
    best, labels = np.array([0, 0, 0, 2, 2]), np.array([1, 1, 0, 0, 1])
    named, share = majority(best, labels, units=4, classes=2)
    assert named.tolist() == [1, -1, 0, -1] and share == pytest.approx([2 / 3, 0, 1 / 2, 0])
    assert purity(best, labels, named) == pytest.approx(3 / 5) and np.isnan(purity(best[:0], labels[:0], named))
    with pytest.raises(InputError, match="a class for each of 5 samples"):
        majority(best, labels[:4], 4, 2)


def test_held_out_samples_go_to_the_nearest_unit_that_has_a_class():
    codebook = np.array([[[0.0], [5.0], [10.0]]], np.float32)  # nothing to learn from lands on 5
    seen, unseen = held_out(
        np.array([[0.0], [1.0], [9.0]], np.float32), np.array([0, 0, 1]),
        np.array([[5.1], [4.9], [0.1]], np.float32), np.array([1, 1, 0]), codebook,
    )  # fmt: skip
    assert seen == 1 and unseen == pytest.approx(2 / 3)


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
