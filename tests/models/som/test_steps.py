"""One step of training, with numbers worked out by hand and slow twins that follow the formulas word by word."""

import math
from itertools import product

import numpy as np
import pytest

from models.errors import InputError
from models.som.lattice import Lattice, theta
from models.som.search import Search, checked
from models.som.spec import LATTICES, SomSpec
from models.som.steps import batch_step, online_step, sample_order, weight_range


def points(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


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


@pytest.mark.parametrize("kind", ["gaussian", "bubble", "triangle", "mexican hat", "weights"])
def test_an_online_step_on_any_lattice_follows_the_formula(kind: str) -> None:
    weights = kind == "weights"
    spec = SomSpec(
        4,
        3,
        "online",
        lattice="hexagonal",
        toroid=True,
        neighbourhood="gaussian" if weights else kind,
        distance="weights" if weights else "lattice",
    )
    before = np.random.default_rng(1).random((4, 3, 2), np.float32)
    after, sample = before.copy(), points((0.2, 0.9))[0]
    unit = online_step(sample, after, 0.3, 1.4, spec)
    assert unit == np.linalg.norm(before - sample, axis=2).argmin()
    near = theta(spec, Lattice.of(spec), unit, 1.4, before)
    assert after == pytest.approx(before + 0.3 * near[..., None] * (sample - before), abs=1e-6)
    assert near.flat[unit] == 1


def test_the_mexican_hat_pushes_no_unit_out_of_the_data() -> None:
    samples = points((0, 0), (1, 4))
    spec = SomSpec(1, 3, "online", neighbourhood="mexican hat")
    codebook = points((0.0, 0.0), (0.5, 2.0), (1.0, 4.0)).reshape(1, 3, 2)
    online_step(samples[0], codebook, 0.5, 1.0, spec, bounds=weight_range(samples, spec))
    assert codebook[0, 2].tolist() == [1, 4]  # free, it would be pushed beyond
    assert codebook[0, 1].tolist() == [0.5, 2]  # theta is 0 where the distance equals the radius
    free = points((0.0, 0.0), (0.5, 2.0), (1.0, 4.0)).reshape(1, 3, 2)
    online_step(samples[0], free, 0.5, 1.0, spec)
    assert free[0, 2] == pytest.approx(np.array([1, 4]) * (1 + 0.5 * 3 * math.exp(-2)))
    assert weight_range(samples, SomSpec()) is None


def test_the_order_of_the_samples_is_fixed_by_the_seed() -> None:
    spec = SomSpec(method="online", epochs=7, seed=5)
    order = sample_order(spec, 11)
    assert order.shape == (77,) and order.dtype == np.int64 and set(order.tolist()) == set(range(11))
    assert (sample_order(spec, 11) == order).all()
    assert not (sample_order(SomSpec(method="online", epochs=7, seed=6), 11) == order).all()


def slow_batch_step(samples: np.ndarray, codebook: np.ndarray, spec: SomSpec, radius: float) -> np.ndarray:
    rows, columns, _ = codebook.shape
    units = codebook.reshape(rows * columns, -1).astype(float)
    total, mass = np.zeros_like(units), np.zeros(len(units))
    for x in samples.astype(float):
        best = int(np.linalg.norm(units - x, axis=1).argmin())
        near = theta(spec, Lattice.of(spec), best, radius).ravel()
        for i in range(len(units)):
            total[i] += near[i] * x
            mass[i] += near[i]
    reached = mass > 0
    units[reached] = total[reached] / mass[reached, None]
    return units.reshape(codebook.shape)


@pytest.mark.parametrize("radius", [0.8, 3.0])
@pytest.mark.parametrize("name", ["gaussian", "bubble", "triangle"])
@pytest.mark.parametrize(("kind", "toroid"), list(product(LATTICES, (False, True))))
def test_the_fast_batch_step_equals_the_slow_one(kind: str, toroid: bool, name: str, radius: float) -> None:
    rng = np.random.default_rng(3)
    spec = SomSpec(4, 5, lattice=kind, toroid=toroid, neighbourhood=name)
    samples, codebook = rng.random((30, 3), np.float32) + 50, rng.random((4, 5, 3), np.float32) + 50
    expected = slow_batch_step(samples, codebook, spec, radius)
    assert batch_step(samples, codebook, radius, spec) == pytest.approx(expected, abs=2e-5)


def test_neither_blocks_nor_known_bmus_change_a_batch_step(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    samples, codebook = rng.random((30, 3), np.float32), rng.random((4, 5, 3), np.float32)
    whole = batch_step(samples, codebook, 1.5)
    best = np.linalg.norm(samples[:, None] - codebook.reshape(1, 20, 3), axis=2).argmin(axis=1)
    monkeypatch.setattr("models.som.search.BLOCK_VALUES", 11 * 3)
    monkeypatch.setattr("models.som.search.BLOCK_SAMPLES", 7)
    calls: list[int] = []
    counted = Search(samples, 20, codebook.mean(axis=(0, 1)), lambda: calls.append(1))
    parts = batch_step(samples, codebook, 1.5, search=counted)
    assert parts == pytest.approx(whole, abs=1e-6) and len(calls) == 9  # 5 to search, 3 for sums, 1 to spread
    assert batch_step(samples, codebook, 1.5, best=best) == pytest.approx(whole, abs=1e-6)
    search = Search(samples, 20, np.zeros(3, np.float32))
    for _ in range(2):  # the buffer carries nothing over
        assert batch_step(samples, codebook, 1.5, search=search) == pytest.approx(whole, abs=1e-6)


def test_a_unit_that_reaches_no_sample_keeps_its_weights() -> None:
    codebook = points((0.0,), (50.0,), (60.0,)).reshape(1, 3, 1)
    assert batch_step(points((1.0,)), codebook, radius=0.05).ravel().tolist() == [1, 50, 60]


def test_rows_without_any_neighbour_in_reach_do_not_matter() -> None:
    spec = SomSpec(2, 2, neighbourhood="bubble")
    codebook = points((0.0,), (5.0,), (50.0,), (60.0,)).reshape(2, 2, 1)
    assert batch_step(points((1.0,), (7.0,)), codebook, 0.5, spec).ravel().tolist() == [1, 7, 50, 60]
    assert batch_step(points((1.0,), (7.0,)), codebook, 1.0, spec).ravel().tolist() == [4, 4, 1, 7]


def test_features_are_taken_as_they_are_or_refused() -> None:
    given = np.zeros((4, 3), np.float32)
    assert np.shares_memory(checked(given), given)
    double = np.zeros((4, 3))
    assert np.shares_memory(checked(double), double)
    for kinds, kept in (((np.uint8, np.float16), np.float32), ((np.int32, np.int64), np.float64)):
        assert all(checked(np.arange(6, dtype=kind).reshape(2, 3)).dtype == kept for kind in kinds)
    assert checked(np.array([[1_760_000_001]])).tolist() == [[1_760_000_001]]
    for bad in (math.nan, math.inf):
        with pytest.raises(InputError, match=r"Expected finite features\. Received NaN or infinity"):
            checked(np.array([[0, 1], [bad, 1]]))
    with pytest.raises(InputError, match=r"Expected features between −10¹⁵ and 10¹⁵\. Received 10²⁰\."):
        checked(points((0, -1e20)))
    with pytest.raises(InputError, match=r"between −10¹⁵ and 10¹⁵\. Received 10³⁰⁰\."):
        checked(np.array([[0, 1], [1e300, 1]]))
    for wrong in (np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3), np.zeros((2, 3, 4))):
        with pytest.raises(InputError, match="Expected features of shape"):
            checked(wrong)
