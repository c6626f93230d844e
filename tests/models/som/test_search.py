"""The nearest unit is the nearest one, whatever the spread of the data, and the search stays fast where it may."""

import tracemalloc

import numpy as np
import pytest

from models.som import search
from models.som.lattice import Lattice
from models.som.measures import quality, quantization_error
from models.som.samples import digits
from models.som.search import Search, distances, nearest
from models.som.spec import SomSpec
from models.som.steps import batch_step, online_step
from models.som.training import snapshots

RNG = np.random.default_rng


def missing_as_a_number(count: int = 500) -> np.ndarray:
    """Reflectances between 0 and 1, with rows that say "no data" as -9999."""
    values = RNG(0).random((count, 5)) * 0.1 + np.linspace(0.1, 0.5, 5)
    values[: count // 4] = -9999
    return values


def two_far_groups(count: int = 600) -> np.ndarray:
    values = RNG(1).standard_normal((count, 2))
    values[::2] += 1e5
    return values


HARD = {
    "no data": missing_as_a_number(),
    "two far groups": two_far_groups(),
    "heavy tail": np.exp(RNG(2).standard_normal((500, 3)) * 6),
    "seconds": 1_760_000_000 + RNG(3).integers(0, 5000, (400, 2)).astype(float),
    "nothing but equals": np.full((50, 3), 7.1),
    "tiny": RNG(4).random((200, 3)) * 1e-30,
    "huge": RNG(5).random((200, 3)) * 1e15,
}


def slow(samples: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    """The two nearest units of every sample by differences in float64, int64 (2, N)."""
    apart = samples[:, None].astype(np.float64) - codebook.reshape(1, -1, codebook.shape[-1])
    return np.argsort((apart**2).sum(axis=-1), axis=1, kind="stable")[:, :2].T


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("case", HARD)
def test_bmus_and_runners_up_are_exact(case: str, kind: type) -> None:
    samples = HARD[case].astype(kind)
    rng = RNG(6)
    codebook = samples[rng.integers(len(samples), size=60)] * (1 + rng.standard_normal((60, 1)) * 1e-6).astype(kind)
    assert np.array_equal(nearest(samples, codebook, second=True), slow(samples, codebook))
    assert np.array_equal(nearest(samples, codebook)[0], slow(samples, codebook)[0])


@pytest.mark.parametrize("depth", [1, 2, 64, 1728])
def test_no_score_is_off_by_more_than_is_taken_into_account(depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units so near to each other that the product often errs: what it is trusted with must be right."""
    monkeypatch.setattr(search, "DEMANDING", 1.0)  # stays in float32
    rng = RNG(7)
    samples = (rng.random((300, depth)) + rng.random(depth)).astype(np.float32)
    codebook = (samples[0] + np.geomspace(1e-7, 0.3, 40)[:, None] * rng.standard_normal((40, depth))).astype(np.float32)
    kept = Search(samples, 40, codebook.mean(axis=0), exact=True)
    weights, centred = (codebook - kept.centre), samples - kept.centre
    plain = (centred @ weights.T - 0.5 * (weights**2).sum(axis=1)).argmax(axis=1)
    right = slow(samples, codebook)
    assert np.array_equal(kept.nearest(codebook, second=True), right)
    assert depth < 64 or (plain != right[0]).any()


def test_of_equally_near_units_the_first_comes_first() -> None:
    codebook = np.array([[5, 5], [1, 0], [0, 1], [-1, 0], [1, 0], [0, -1]], np.float32)
    best, second = nearest(np.zeros((3, 2), np.float32), codebook, second=True)
    assert best.tolist() == [1] * 3 and second.tolist() == [2] * 3
    best, second = nearest(np.array([[0.5, 0.5], [1, 0.1]], np.float32), codebook, second=True)
    assert best.tolist() == [1, 1] and second.tolist() == [2, 4]
    assert online_step(np.zeros(2, np.float32), codebook.reshape(2, 3, 2).copy(), 0.1, 1.0) == 1


def test_the_topographic_error_of_tied_runners_up_is_that_of_the_first() -> None:
    # A line of five units; the sample 0 has unit 1 nearest, and units 2, 3 and 4 all equally near after it.
    line = np.array([[9.0], [0.5], [-1.0], [1.0], [1.0]], np.float32).reshape(1, 5, 1)
    sample = np.zeros((1, 1), np.float32)
    assert quality(sample, line)[2] == 0  # unit 2 comes first and touches unit 1
    moved = line[:, [0, 1, 4, 3, 2]] + np.array([0, 0, 8, 0, 0], np.float32)[:, None]
    assert quality(sample, moved)[2] == 1  # units 3 and 4: the first of them does not touch unit 1
    same = np.ones((3, 3, 2), np.float32)
    best, _, error = quality(np.zeros((4, 2), np.float32), same)
    assert best.tolist() == [0] * 4 and error == 0  # units 0 and 1


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("method", "epochs"), [("batch", 30), ("online", 4)])
@pytest.mark.parametrize("case", ["no data", "two far groups", "heavy tail", "seconds"])
def test_a_trained_map_says_the_truth_of_its_samples(case: str, method: str, epochs: int, kind: type) -> None:
    samples = HARD[case].astype(kind)
    spec = SomSpec(8, 8, method, epochs, radius0=4, snapshots=3)
    for snapshot in snapshots(samples, spec):
        assert snapshot.codebook.dtype == kind
        best, second = slow(samples, snapshot.codebook)
        assert np.array_equal(snapshot.bmu, best)
        apart = np.linalg.norm(samples.astype(np.float64) - snapshot.codebook.reshape(64, -1)[best], axis=1)
        assert snapshot.quantization_error == pytest.approx(apart.mean(), rel=1e-5)
        assert snapshot.topographic_error == pytest.approx(1 - Lattice.of(spec).touching(best, second).mean())


@pytest.mark.parametrize("case", ["no data", "two far groups", "heavy tail"])
def test_a_step_of_float32_finds_units_among_the_many_too(case: str) -> None:
    samples = HARD[case].astype(np.float32)
    codebook = samples[RNG(8).integers(len(samples), size=64)]
    found = Search(samples, 64, codebook.mean(axis=0)).nearest(codebook)[0]
    best = quantization_error(samples, codebook.reshape(8, 8, -1), slow(samples, codebook)[0])
    assert quantization_error(samples, codebook.reshape(8, 8, -1), found) <= best * 1.001


def test_a_batch_step_of_float64_is_exact() -> None:
    samples = HARD["two far groups"]
    codebook = samples[RNG(9).integers(len(samples), size=12)].reshape(3, 4, 2)
    lattice, best = Lattice(3, 4), slow(samples, codebook)[0]
    near = np.exp(-np.stack([lattice.squared(unit).ravel() for unit in best]) / 2)
    means = (near.T @ samples) / near.sum(axis=0)[:, None]
    assert batch_step(samples, codebook, 1.0).reshape(12, 2) == pytest.approx(means, rel=1e-11, abs=1e-6)
    equal = batch_step(np.full((30, 1), 1 / 3), np.array([[[0.1], [0.7]]]), 0.7)
    assert len(np.unique(equal)) == 1  # the mean of equal samples, whatever their number


def test_ordinary_data_stay_with_the_fast_product(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    keep = Search._use
    monkeypatch.setattr(Search, "_use", lambda self, kind: (used.append(kind), keep(self, kind))[1])
    list(snapshots(digits().features[:600], SomSpec(10, 10, epochs=20, radius0=5, snapshots=21)))
    assert used == [np.float32]
    list(snapshots(HARD["no data"], SomSpec(8, 8, epochs=3, radius0=4, snapshots=2)))
    assert used == [np.float32, np.float32, np.float64]


def test_a_step_looks_closer_only_where_the_product_says_little(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    keep = Search._settle

    def settle(self: Search, codebook: np.ndarray, ranks: np.ndarray, tops: np.ndarray) -> bool:
        asked.append(int(np.isfinite(tops[-1]).sum()))  # whose next best unit is known
        return keep(self, codebook, ranks, tops)

    monkeypatch.setattr(Search, "_settle", settle)
    samples, codebook = RNG(15).random((300, 16)).astype(np.float32), RNG(16).random((40, 16)).astype(np.float32)
    codebook[7] = samples[5]  # so near that nearly all of its digits cancel out
    centre = codebook.mean(axis=0)
    found = Search(samples, 40, centre).nearest(codebook)[0]
    assert asked == [1] and found[5] == 7
    assert np.array_equal(found, Search(samples, 40, centre, exact=True).nearest(codebook)[0]) and asked == [1, 300]


@pytest.mark.parametrize(("units", "depth"), [(2000, 2), (3, 900)])
def test_many_units_of_few_features_and_few_of_many_have_room(units: int, depth: int) -> None:
    samples, codebook = RNG(17).random((700, depth)), RNG(18).random((units, depth))
    assert np.array_equal(nearest(samples, codebook, second=True), slow(samples, codebook))


def test_samples_in_doubt_are_settled_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants to stop the search is heard between the blocks, and the last block may be a short one."""
    monkeypatch.setattr(search, "BLOCK_VALUES", 50)
    calls: list[None] = []
    samples = RNG(10).standard_normal((97, 3))
    equal = np.repeat([[0.5, 0.1, 0.0], [9.0, 9.0, 9.0]], [5, 1], axis=0)  # five equal units: all 97 are in doubt
    found = Search(samples, 6, equal.mean(axis=0), lambda: calls.append(None), exact=True).nearest(equal, second=True)
    assert np.array_equal(found, slow(samples, equal))
    assert len(calls) == 2 + 13  # the one part in float32 and in float64, and blocks of 50 // 6 = 8 samples


def test_the_distances_of_many_pairs_do_not_lie_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "BLOCK_VALUES", 2000)
    samples, codebook = RNG(11).random((30, 20)), RNG(12).random((9, 20))
    row, unit = RNG(13).integers(30, size=10_001), RNG(14).integers(9, size=10_001)
    tracemalloc.start()
    found = distances(samples, codebook, row, unit)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == pytest.approx([sum((samples[r] - codebook[u]) ** 2) for r, u in zip(row, unit, strict=True)])
    assert peak < 80_000 + 10 * 8 * 2000  # the answer and a few blocks; all differences would be 1.6 MB
