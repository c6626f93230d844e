"""The self-organising map, with numbers worked out by hand and a slow twin that follows the formulas word by word."""

import math

import numpy as np
import pytest

from models.errors import Cancelled, InputError
from models.som import SomSpec, batch_step, online_step, sample_order, snapshots, train
from models.som_measures import bmu, hit_map, nearest, quality, u_matrix
from models.som_start import initial_codebook


def points(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_lectures_worked_example_of_a_distance() -> None:
    sample, codebook = points((0.5, 0.3, 0.7)), points((5, 13, 20)).reshape(1, 1, 3)
    _, quantization, _ = quality(sample, codebook)
    assert quantization == pytest.approx(23.5, abs=0.05)
    assert quantization == pytest.approx(math.sqrt(4.5**2 + 12.7**2 + 19.3**2))


def test_the_bmu_is_the_nearest_unit_as_row_and_column() -> None:
    codebook = points((0, 0), (1, 0), (2, 0), (0, 5), (1, 5), (2, 5)).reshape(2, 3, 2)
    assert bmu(points((1.9, 0.2), (0.6, 4), (-9, 9)), codebook).tolist() == [[0, 2], [1, 1], [1, 0]]


def test_the_bmu_is_exact_far_from_the_origin() -> None:
    codebook = points((10000, 10000), (10000.25, 10000), (10000.5, 10000))
    samples = codebook + np.float32(0.1) * points((1, 0))
    assert nearest(samples, codebook)[0].tolist() == [0, 1, 2]


def test_bmus_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    samples, codebook = rng.random((50, 3), np.float32), rng.random((4, 5, 3), np.float32)
    whole = quality(samples, codebook)
    monkeypatch.setattr("models.som_search.BLOCK_VALUES", 7 * 20)
    parts = quality(samples, codebook)
    assert (whole[0] == parts[0]).all() and whole[1] == pytest.approx(parts[1]) and whole[2] == parts[2]


def test_one_online_step_by_hand() -> None:
    codebook = points((0.0,), (1.0,), (4.0,)).reshape(1, 3, 1)
    # The BMU of 2 is the unit at 1. Its neighbours are one step away: theta = exp(-1 / (2 * 1^2)) = 0.6065307.
    assert online_step(points((2.0,))[0], codebook, rate=0.5, radius=1.0) == 1
    expected = [0 + 0.5 * 0.6065307 * 2, 1 + 0.5 * 1 * 1, 4 + 0.5 * 0.6065307 * -2]
    assert codebook.ravel() == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx([0.6065307, 1.5, 3.3934693])


def test_the_neighbourhood_is_a_gaussian_of_the_squared_lattice_distance() -> None:
    codebook = np.zeros((3, 4, 1), np.float32)
    codebook[0, 0] = 0.01  # the BMU of the sample 1
    online_step(points((1.0,))[0], codebook, rate=0.1, radius=2.0)
    # Unit (1, 2) lies sqrt(5) away from unit (0, 0): 0.1 * exp(-5 / 8) * 1.
    assert codebook[1, 2, 0] == pytest.approx(0.1 * math.exp(-5 / 8), rel=1e-6)


def test_rate_and_radius_decay_as_written() -> None:
    spec = SomSpec(rate0=0.5, radius0=8, decay=2, epochs=10)
    assert spec.decayed(spec.rate0, 0, 10) == 0.5
    assert spec.decayed(spec.rate0, 5, 10) == pytest.approx(0.5 * math.exp(-1))  # s_n = 10 / 2 = 5
    assert spec.decayed(spec.radius0, 10, 10) == pytest.approx(8 * math.exp(-2))
    assert SomSpec(decay=0).decayed(3.0, 99, 100) == 3.0


def test_snapshots_carry_the_numbers_of_their_step() -> None:
    samples = np.random.default_rng(1).random((4, 2), np.float32)
    spec = SomSpec(rows=2, columns=3, method="online", epochs=5, rate0=0.5, radius0=2, decay=2, snapshots=3)
    kept = list(snapshots(samples, spec))
    assert [one.step for one in kept] == [0, 10, 20]
    assert [one.epoch for one in kept] == [0, 2.5, 5]
    assert [one.rate for one in kept] == pytest.approx([0.5, 0.5 * math.exp(-1), 0.5 * math.exp(-2)])
    assert [one.radius for one in kept] == pytest.approx([2, 2 * math.exp(-1), 2 * math.exp(-2)])
    assert math.isnan(next(iter(snapshots(samples, SomSpec(epochs=1)))).rate)


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


def slow_batch_step(samples: np.ndarray, codebook: np.ndarray, radius: float) -> np.ndarray:
    rows, columns, _ = codebook.shape
    places = [(row, column) for row in range(rows) for column in range(columns)]
    best = [min(places, key=lambda place: float(np.linalg.norm(x - codebook[place]))) for x in samples]
    new = np.empty(codebook.shape)
    for i in places:
        theta = [math.exp(-((i[0] - b[0]) ** 2 + (i[1] - b[1]) ** 2) / (2 * radius**2)) for b in best]
        new[i] = sum(t * x.astype(float) for t, x in zip(theta, samples, strict=True)) / sum(theta)
    return new


@pytest.mark.parametrize("radius", [0.8, 3.0])
def test_the_fast_batch_step_equals_the_slow_one(radius: float) -> None:
    rng = np.random.default_rng(3)
    samples, codebook = rng.random((40, 5), np.float32), rng.random((3, 4, 5), np.float32)
    assert batch_step(samples, codebook, radius) == pytest.approx(slow_batch_step(samples, codebook, radius), abs=1e-5)


def test_a_whole_online_training_equals_the_formulas() -> None:
    samples = np.random.default_rng(4).random((6, 3), np.float32)
    spec = SomSpec(rows=2, columns=3, method="online", epochs=4, radius0=1.5, decay=3, seed=9)
    codebook = initial_codebook(samples, 2, 3, "random", np.random.default_rng(spec.seed)).astype(float)
    for s, number in enumerate(sample_order(spec, 6)):
        x = samples[number]
        rate, sigma = 0.5 * math.exp(-s / 8), 1.5 * math.exp(-s / 8)  # s_n = 24 / 3
        distances = np.linalg.norm(codebook - x, axis=-1)
        bmu_row, bmu_column = np.unravel_index(distances.argmin(), distances.shape)
        for row in range(2):
            for column in range(3):
                apart = (row - bmu_row) ** 2 + (column - bmu_column) ** 2
                codebook[row, column] += rate * math.exp(-apart / (2 * sigma**2)) * (x - codebook[row, column])
    assert train(samples, spec).codebooks[-1] == pytest.approx(codebook, abs=1e-5)


def test_a_unit_that_reaches_no_sample_keeps_its_weights() -> None:
    codebook = points((0.0,), (50.0,), (60.0,)).reshape(1, 3, 1)
    assert batch_step(points((1.0,)), codebook, radius=0.05).ravel().tolist() == [1, 50, 60]


@pytest.mark.parametrize("method", ["batch", "online"])
def test_training_improves_the_map_and_the_seed_decides_it(method: str) -> None:
    samples = np.random.default_rng(5).random((300, 3), np.float32)
    spec = SomSpec(rows=6, columns=8, method=method, epochs=10, radius0=3, snapshots=4, seed=1)
    first, again = train(samples, spec), train(samples, spec)
    assert (first.codebooks == again.codebooks).all() and first.codebooks.shape == (4, 6, 8, 3)
    assert first.quantization_error[-1] < 0.8 * first.quantization_error[0]
    assert first.topographic_error[-1] < 0.5 < first.topographic_error[0]
    other = train(samples, SomSpec(**{**spec.to_json(), "seed": 2}))
    assert not (first.codebooks == other.codebooks).all()


def test_a_map_starts_on_the_scale_of_the_data() -> None:
    rng = np.random.default_rng(6)
    samples = (np.array([1000, -5]) + rng.standard_normal((400, 2)) * np.array([50, 0.1])).astype(np.float32)
    for start in ("random", "sample", "pca"):
        codebook = initial_codebook(samples, 5, 9, start, np.random.default_rng(0))
        assert codebook.shape == (5, 9, 2) and codebook.dtype == np.float32
        assert (codebook.reshape(-1, 2) >= samples.min(axis=0)).all()
        assert (codebook.reshape(-1, 2) <= samples.max(axis=0)).all()


def test_pca_spans_one_standard_deviation_with_the_first_component_along_the_longer_side() -> None:
    samples = points((3, 0), (-3, 0), (0, 1), (0, -1)) + 10  # variances 18 / 4 and 2 / 4
    codebook = initial_codebook(samples, 2, 3, "pca", np.random.default_rng(0))
    assert codebook[0, :, 0] == pytest.approx([10 - math.sqrt(4.5), 10, 10 + math.sqrt(4.5)], abs=1e-5)
    assert codebook[:, 0, 1] == pytest.approx([10 - math.sqrt(0.5), 10 + math.sqrt(0.5)], abs=1e-5)
    one_value = initial_codebook(points((1,), (3,)), 1, 3, "pca", np.random.default_rng(0))
    assert one_value.ravel() == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("method", ["batch", "online"])
@pytest.mark.parametrize("start", ["random", "sample", "pca"])
def test_one_sample_constant_data_and_a_line_of_units(method: str, start: str) -> None:
    spec = SomSpec(rows=1, columns=7, method=method, start=start, epochs=3)
    for samples in (points((2, 5)), np.full((9, 2), 3.0, np.float32)):
        history = train(samples, spec)
        assert history.codebooks[-1] == pytest.approx(np.broadcast_to(samples[0], (1, 7, 2)))
        assert history.quantization_error[-1] == pytest.approx(0, abs=1e-6)
    assert train(points((0, 0), (1, 1)), spec).codebooks.shape[1:] == (1, 7, 2)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match=r"Expected finite features\. Received NaN or infinity"):
        train(points((0, 1), (bad, 1)), SomSpec())


def test_features_of_another_shape_are_refused() -> None:
    for wrong in (np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3), np.zeros((2, 3, 4))):
        with pytest.raises(InputError, match="Expected features of shape"):
            train(wrong, SomSpec())


def test_settings_out_of_range_are_refused() -> None:
    for name, value in {"rows": 0, "rate0": 0, "radius0": math.nan, "epochs": 5000, "decay": -1}.items():
        with pytest.raises(InputError, match=f"Expected {name} between"):
            SomSpec(**{name: value})
    with pytest.raises(InputError, match=r"Expected method .* batch, online\. Received fast"):
        SomSpec(method="fast")


def test_a_spec_survives_json() -> None:
    spec = SomSpec(rows=3, method="online", decay=1.5)
    assert SomSpec.from_json(spec.to_json()) == spec


def test_the_check_stops_a_training() -> None:
    calls = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Cancelled

    kept = []
    with pytest.raises(Cancelled):
        kept.extend(snapshots(np.zeros((5, 2), np.float32), SomSpec(rows=2, columns=2), stop))
    assert len(calls) == 3


def test_the_u_matrix_by_hand() -> None:
    codebook = points((0.0,), (2.0,), (3.0,), (0.0,), (2.0,), (7.0,)).reshape(2, 3, 1)
    # rows 0 2 3 / 0 2 7: unit (0, 1) is 2, 1 and 0 from its neighbours, unit (1, 2) is 5 and 4.
    assert u_matrix(codebook) == pytest.approx(np.array([[1, 1, 2.5], [1, 7 / 3, 4.5]]))
    assert (u_matrix(np.ones((3, 4, 2), np.float32)) == 0).all()
    assert u_matrix(np.ones((1, 1, 2), np.float32)).tolist() == [[0]]


def test_the_hit_map_counts_samples() -> None:
    assert hit_map(np.array([0, 5, 5, 2]), 2, 3).tolist() == [[1, 0, 1], [0, 0, 2]]
