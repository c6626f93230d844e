"""Whole trainings of the self-organising map, their start and their snapshots, and the data at the edge."""

import math
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from models.errors import Cancelled, InputError
from models.som.measures import quality
from models.som.spec import LATTICES, NEIGHBOURHOODS, SomSpec
from models.som.steps import sample_order
from models.som.training import initial_codebook, principal_axes, snapshots
from tests.models.som.trained import train


def points(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_snapshots_carry_the_numbers_of_their_step() -> None:
    samples = np.random.default_rng(1).random((4, 2), np.float32)
    spec = SomSpec(rows=2, columns=3, method="online", epochs=5, rate0=0.5, radius0=2, decay=2, snapshots=3)
    kept = list(snapshots(samples, spec))
    assert [one.step for one in kept] == [0, 10, 20]
    assert [one.epoch for one in kept] == [0, 2.5, 5]
    assert [one.rate for one in kept] == pytest.approx([0.5, 0.5 * math.exp(-1), 0.5 * math.exp(-2)])
    assert [one.radius for one in kept] == pytest.approx([2, 2 * math.exp(-1), 2 * math.exp(-2)])
    assert math.isnan(next(iter(snapshots(samples, SomSpec(epochs=1)))).rate)


@pytest.mark.parametrize("kind", LATTICES)
def test_a_whole_online_training_equals_the_formulas(kind: str) -> None:
    samples = np.random.default_rng(4).random((6, 3), np.float32)
    spec = SomSpec(
        rows=4, columns=3, method="online", epochs=4, radius0=1.5, decay=3, seed=9, lattice=kind, toroid=True
    )
    codebook = initial_codebook(samples, spec).astype(float)
    high = math.sqrt(3) / 2 if kind == "hexagonal" else 1.0
    for s, number in enumerate(sample_order(spec, 6)):
        x = samples[number]
        rate, sigma = 0.5 * math.exp(-s / 8), 1.5 * math.exp(-s / 8)  # s_n = 24 / 3
        distances = np.linalg.norm(codebook - x, axis=-1)
        bmu_row, bmu_column = np.unravel_index(distances.argmin(), distances.shape)
        for row, column in product(range(4), range(3)):
            down = min(abs(row - bmu_row), 4 - abs(row - bmu_row)) * high
            shift = (row % 2 - bmu_row % 2) / 2 if kind == "hexagonal" else 0
            across = abs(column - bmu_column + shift)
            apart = down**2 + min(across, 3 - across) ** 2
            codebook[row, column] += rate * math.exp(-apart / (2 * sigma**2)) * (x - codebook[row, column])
    assert train(samples, spec).codebooks[-1] == pytest.approx(codebook, abs=1e-5)


def test_watching_does_not_change_a_map() -> None:
    samples = np.random.default_rng(8).random((30, 3), np.float32)
    watched = train(samples, SomSpec(4, 4, epochs=10, radius0=2))
    alone = train(samples, SomSpec(4, 4, epochs=10, radius0=2, snapshots=2))
    assert len(watched.codebooks) == 11 and len(alone.codebooks) == 2
    assert watched.codebooks[-1] == pytest.approx(alone.codebooks[-1], abs=1e-6)
    best, quantization, topographic = quality(samples, watched.codebooks[-1])
    assert watched.quantization_error[-1] == pytest.approx(quantization)
    assert watched.topographic_error[-1] == topographic and len(best) == 30


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


@pytest.mark.parametrize(("method", "kind"), list(product(("batch", "online"), LATTICES)))
def test_a_toroid_has_no_middle(method: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(7).random((40, 3), np.float32)
    start = np.random.default_rng(8).random((4, 5, 3), np.float32)
    spec = SomSpec(4, 5, method, 4, radius0=1.5, lattice=kind, toroid=True, snapshots=2)
    ends = []
    for rolled in (start, np.roll(start, (2, 3), axis=(0, 1))):  # two rows, so that odd rows stay odd
        monkeypatch.setattr("models.som.training.initial_codebook", lambda *_, rolled=rolled: rolled.copy())
        ends.append(train(samples, spec).codebooks[-1])
    assert ends[1] == pytest.approx(np.roll(ends[0], (2, 3), axis=(0, 1)), abs=1e-5)
    planar = SomSpec(**{**spec.to_json(), "toroid": False})
    assert abs(train(samples, planar).codebooks[-1] - ends[1]).max() > 0.01


def test_the_slides_form_loses_the_order_of_the_lattice() -> None:
    samples = np.random.default_rng(9).random((200, 2), np.float32)
    lattice = SomSpec(8, 8, "online", 10, radius0=3, seed=3, snapshots=2)
    slide = SomSpec(8, 8, "online", 10, radius0=0.5, seed=3, snapshots=2, distance="weights")
    ordered, disordered = (train(samples, spec).topographic_error[-1] for spec in (lattice, slide))
    assert ordered < 0.3 and disordered > 0.7


@pytest.mark.parametrize("method", ["batch", "online"])
@pytest.mark.parametrize("start", ["random", "sample", "pca"])
def test_one_sample_constant_data_and_a_line_of_units(method: str, start: str) -> None:
    spec = SomSpec(rows=1, columns=7, method=method, start=start, epochs=3)
    for samples in (points((2, 5)), np.full((9, 2), 3.0, np.float32)):
        history = train(samples, spec)
        assert history.codebooks[-1] == pytest.approx(np.broadcast_to(samples[0], (1, 7, 2)))
        assert history.quantization_error[-1] == pytest.approx(0, abs=1e-6)
    assert train(points((0, 0), (1, 1)), spec).codebooks.shape[1:] == (1, 7, 2)


EDGES = {
    "one sample": np.array([[1.0, 2, 3]]),
    "fewer samples than units": np.random.default_rng(0).random((3, 4)),
    "one feature": np.arange(9.0)[:, None],
    "a constant column": np.column_stack([np.arange(6.0), np.full(6, 4.0)]),
    "equal samples": np.full((5, 2), 0.1),
    "far from the origin": np.random.default_rng(0).random((9, 2)) + 1e6,
    "huge": np.random.default_rng(0).random((9, 2)) * 1e15,
    "tiny": np.random.default_rng(0).random((9, 2)) * 1e-30,
}


@pytest.mark.parametrize("case", EDGES)
@pytest.mark.parametrize("neighbourhood", NEIGHBOURHOODS)
def test_no_data_and_no_setting_gives_a_warning_or_nan(case: str, neighbourhood: str) -> None:
    samples = EDGES[case]
    low, high = samples.min(axis=0), samples.max(axis=0)
    room = 1e-6 * np.abs(samples).max() + (high - low) / 2  # float32; and the corners of a PCA start may stick out
    methods = ("online",) if neighbourhood == "mexican hat" else ("batch", "online")
    settings = product(methods, ("random", "sample", "pca"), ((1, 1), (4, 3)), ((0.001, 20), (300, 0)))
    for method, start, shape, (radius, decay) in settings:
        spec = SomSpec(*shape, method, 4, 1.0, radius, decay, start, lattice="hexagonal", neighbourhood=neighbourhood)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            history = train(samples, spec)
        numbers = (history.codebooks, history.quantization_error, history.topographic_error, history.radius)
        assert all(np.isfinite(values).all() for values in numbers)
        assert (history.codebooks[-1] >= low - room).all() and (history.codebooks[-1] <= high + room).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused_at_once(bad: float) -> None:
    with pytest.raises(InputError, match=r"Expected finite features\. Received NaN or infinity"):
        snapshots(points((0, 1), (bad, 1)), SomSpec())


def test_the_largest_lattice_trains() -> None:
    samples = np.random.default_rng(1).random((20, 2), np.float32)
    for name, radius in (("gaussian", 20), ("bubble", 2)):
        spec = SomSpec(200, 200, epochs=1, radius0=radius, neighbourhood=name, lattice="hexagonal", snapshots=2)
        assert np.isfinite(train(samples, spec).codebooks).all()


def test_memory_mapped_samples_are_read_where_they_are(tmp_path: Path) -> None:
    samples = np.random.default_rng(3).random((50, 4), np.float32)
    np.save(tmp_path / "samples.npy", samples)
    mapped = np.load(tmp_path / "samples.npy", mmap_mode="r")
    spec = SomSpec(3, 4, epochs=3)
    assert (train(mapped, spec).codebooks == train(samples, spec).codebooks).all()


@pytest.mark.parametrize("method", ["batch", "online"])
def test_the_check_stops_a_training(method: str) -> None:
    calls: list[int] = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 30:
            raise Cancelled

    kept = []
    with pytest.raises(Cancelled):
        kept.extend(snapshots(np.zeros((5, 2), np.float32), SomSpec(2, 2, method), stop))
    assert len(calls) == 30 and 1 <= len(kept) < 101


def test_a_map_starts_on_the_scale_of_the_data() -> None:
    rng = np.random.default_rng(6)
    samples = (np.array([1000, -5]) + rng.standard_normal((400, 2)) * np.array([50, 0.1])).astype(np.float32)
    for start in ("random", "sample", "pca"):
        codebook = initial_codebook(samples, SomSpec(5, 9, start=start))
        assert codebook.shape == (5, 9, 2) and codebook.dtype == np.float32
        assert (codebook.reshape(-1, 2) >= samples.min(axis=0)).all()
        assert (codebook.reshape(-1, 2) <= samples.max(axis=0)).all()


def test_pca_spans_one_standard_deviation_with_the_first_component_along_the_longer_side() -> None:
    samples = points((3, 0), (-3, 0), (0, 1), (0, -1)) + 10  # variances 18 / 4 and 2 / 4
    codebook = initial_codebook(samples, SomSpec(2, 3, start="pca"))
    assert codebook[0, :, 0] == pytest.approx([10 - math.sqrt(4.5), 10, 10 + math.sqrt(4.5)], abs=1e-5)
    assert codebook[:, 0, 1] == pytest.approx([10 - math.sqrt(0.5), 10 + math.sqrt(0.5)], abs=1e-5)
    one_value = initial_codebook(points((1,), (3,)), SomSpec(1, 3, start="pca"))
    assert one_value.ravel() == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("start", ["random", "sample", "pca"])
def test_every_start_copes_with_little_data(start: str) -> None:
    one_feature = initial_codebook(points((1,), (2,), (4,)), SomSpec(3, 2, start=start))
    assert one_feature.shape == (3, 2, 1) and one_feature.min() >= 1 and one_feature.max() <= 4
    fewer_samples = initial_codebook(points((0, 1, 2, 3, 4), (1, 1, 1, 1, 0)), SomSpec(4, 3, start=start))
    assert fewer_samples.shape == (4, 3, 5) and (fewer_samples[..., 1] == 1).all()  # a constant column stays so
    assert (initial_codebook(points((7, 8)), SomSpec(2, 2, start=start)) == [7, 8]).all()


def test_principal_axes_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(2).random((40, 3), np.float32) + 100
    mean, axes = principal_axes(samples)
    variances, directions = np.linalg.eigh(np.cov(samples.T.astype(float), bias=True))
    assert np.linalg.norm(axes, axis=1) == pytest.approx(np.sqrt(variances[:0:-1]))
    assert abs(axes @ directions[:, :0:-1]) == pytest.approx(np.diag(np.sqrt(variances[:0:-1])), abs=1e-9)
    monkeypatch.setattr("models.som.search.BLOCK_VALUES", 7 * 3)
    for whole, parts in zip((mean, axes), principal_axes(samples), strict=True):
        assert parts == pytest.approx(whole)


def test_many_features_have_nearly_the_same_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = (np.random.default_rng(2).random((40, 12)) * np.arange(12, 0, -1) ** 2).astype(np.float32)
    exact = principal_axes(samples)
    monkeypatch.setattr("models.som.training.MAX_EXACT", 11)
    assert all(
        found == pytest.approx(known, abs=1e-3) for found, known in zip(principal_axes(samples), exact, strict=True)
    )
    _, axes = principal_axes(np.full((5, 12), 3, np.float32))
    assert (axes == 0).all()
