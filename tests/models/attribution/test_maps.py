"""Scales, enlargements and similarities of maps: numbers known by hand."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from models.attribution.maps import METHODS, limit, upsample
from models.attribution.pointing import rank_correlation, ranks, structural_similarity
from models.errors import InputError


def test_bilinear_interpolates_between_the_middles_of_the_cells():
    grid = np.array([[0.0, 4.0]], np.float32)
    np.testing.assert_allclose(upsample(grid, 2, 8, "bilinear"), [[0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4]] * 2)
    np.testing.assert_allclose(upsample(grid, 3, 4, "nearest"), [[0, 0, 4, 4]] * 3)
    random = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(upsample(random, 4, 3, "bilinear"), random, atol=1e-6)
    assert upsample(random, 64, 30, "nearest").mean() == pytest.approx(random.mean(), abs=1e-6)
    with pytest.raises(InputError, match="bilinear, nearest"):
        upsample(grid, 2, 8, "bicubic")


def test_a_scale_ends_at_its_quantile_and_never_at_zero():
    values = np.zeros((10, 20), np.float32)
    assert limit(values, 0.99) == 1.0
    values[0, 0] = -5
    assert limit(values, 0.99) == 5.0  # the quantile is zero: the largest counts
    assert limit(np.arange(-100, 101, dtype=np.float32).reshape(3, 67), 0.5) == pytest.approx(50, abs=1)


def test_every_method_says_what_it_shows_and_hides():
    for method in METHODS.values():
        assert method.shows.endswith(".") and method.hides.endswith(".") and 0.9 < method.clip <= 1


def test_equal_values_share_their_rank():
    assert ranks(np.array([[5.0, 1.0], [5.0, 7.0]])).tolist() == [1.5, 0, 1.5, 3]


def test_rank_correlation_is_spearmans():
    random = np.random.default_rng(1)
    first, second = random.integers(0, 9, (2, 7, 11)).astype(float)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first.ravel(), second.ravel())[0])
    assert rank_correlation(first, first**3) == pytest.approx(1)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first, np.zeros_like(first)) is None
    assert rank_correlation(first, np.full_like(first, np.nan)) is None


def test_structural_similarity_ignores_the_scale_and_sees_the_structure():
    first = np.random.default_rng(2).random((9, 14))
    assert structural_similarity(first, 3 * first + 2) == pytest.approx(1)
    assert structural_similarity(first, 1 - first) < -0.5
    assert abs(structural_similarity(first, first[::-1, ::-1])) < 0.3
    assert structural_similarity(first, np.ones_like(first)) is None
    assert structural_similarity(first[:3], first[:3]) == pytest.approx(1)  # smaller than the window
