"""The weights before training."""

import math

import numpy as np
import pytest

from models.som.training import initial_codebook, principal_axes


def points(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


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


@pytest.mark.parametrize("start", ["random", "sample", "pca"])
def test_every_start_copes_with_little_data(start: str) -> None:
    rng = np.random.default_rng(0)
    one_feature = initial_codebook(points((1,), (2,), (4,)), 3, 2, start, rng)
    assert one_feature.shape == (3, 2, 1) and one_feature.min() >= 1 and one_feature.max() <= 4
    fewer_samples = initial_codebook(points((0, 1, 2, 3, 4), (1, 1, 1, 1, 0)), 4, 3, start, rng)
    assert fewer_samples.shape == (4, 3, 5) and (fewer_samples[..., 1] == 1).all()  # a constant column stays so
    assert (initial_codebook(points((7, 8)), 2, 2, start, rng) == [7, 8]).all()


def test_principal_axes_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(2).random((40, 3), np.float32) + 100
    mean, axes = principal_axes(samples)
    variances, directions = np.linalg.eigh(np.cov(samples.T.astype(float), bias=True))
    assert np.linalg.norm(axes, axis=1) == pytest.approx(np.sqrt(variances[:0:-1]))
    assert abs(axes @ directions[:, :0:-1]) == pytest.approx(np.diag(np.sqrt(variances[:0:-1])), abs=1e-9)
    monkeypatch.setattr("models.som.steps.BLOCK_VALUES", 7 * 3)
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
