"""What a map is worth, on maps made by hand."""

import math

import numpy as np
import pytest

from models.errors import InputError
from models.som.lattice import Lattice
from models.som.measures import bmu, hit_map, quality, quantization_error, u_matrix
from models.som.steps import checked, nearest


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


def test_the_bmu_is_the_nearest_unit_as_row_and_column() -> None:
    codebook = points((0, 0), (1, 0), (2, 0), (0, 5), (1, 5), (2, 5)).reshape(2, 3, 2)
    assert bmu(points((1.9, 0.2), (0.6, 4), (-9, 9)), codebook).tolist() == [[0, 2], [1, 1], [1, 0]]


def test_the_bmu_is_exact_far_from_the_origin() -> None:
    codebook = points((10000, 10000), (10000.25, 10000), (10000.5, 10000))
    samples = codebook + np.float32(0.1) * points((1, 0))
    assert nearest(samples, codebook)[0].tolist() == [0, 1, 2]


def test_best_and_second_best_equal_a_sort_of_all_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    samples, codebook = rng.random((50, 3), np.float32), rng.random((4, 5, 3), np.float32)
    order = np.linalg.norm(samples[:, None] - codebook.reshape(1, 20, 3), axis=2).argsort(axis=1)
    whole = quality(samples, codebook)
    monkeypatch.setattr("models.som.steps.BLOCK_SAMPLES", 9)
    kept = quality(samples, codebook)
    assert (whole[0] == kept[0]).all() and whole[1:] == pytest.approx(kept[1:])
    assert [part.tolist() for part in nearest(samples, codebook.reshape(20, 3), second=True)] == order.T[:2].tolist()
    monkeypatch.setattr("models.som.steps.BLOCK_VALUES", 7 * 3)  # 3 values each: five blocks of nine, one of five
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


def test_features_are_taken_as_they_are_or_refused() -> None:
    given = np.zeros((4, 3), np.float32)
    assert np.shares_memory(checked(given), given)
    assert checked(np.arange(6).reshape(2, 3)).dtype == np.float32
    for bad in (math.nan, math.inf, 1e300):
        with pytest.raises(InputError, match=r"Expected finite features\. Received NaN or infinity"):
            checked(np.array([[0, 1], [bad, 1]]))
    with pytest.raises(InputError, match=r"Expected features between -1e15 and 1e15\. Received 1e\+20"):
        checked(points((0, -1e20)))
    for wrong in (np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3), np.zeros((2, 3, 4))):
        with pytest.raises(InputError, match="Expected features of shape"):
            checked(wrong)
