"""Scales, enlargements and similarities of maps: numbers known by hand."""

import re
from dataclasses import fields

import numpy as np
import pytest
from scipy.stats import spearmanr

from models.attribution.maps import METHODS, TESTED, Attribution, ExplanationSpec
from models.attribution.pointing import rank_correlation, ranks, structural_similarity
from models.attribution.scales import limit, upsample
from models.errors import InputError
from models.occlusion.scores import counts, floor


def test_bilinear_interpolates_between_the_middles_of_the_cells():
    grid = np.array([[0.0, 4.0]], np.float32)
    np.testing.assert_allclose(upsample(grid, (2, 8), "bilinear"), [[0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4]] * 2)
    np.testing.assert_allclose(upsample(grid, (3, 4), "nearest"), [[0, 0, 4, 4]] * 3)
    random = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_allclose(upsample(random, (4, 3), "bilinear"), random, atol=1e-6)
    assert upsample(random, (64, 30), "nearest").mean() == pytest.approx(random.mean(), abs=1e-6)
    with pytest.raises(InputError, match="bilinear, nearest"):
        upsample(grid, (2, 8), "bicubic")


def test_a_scale_ends_at_its_quantile_and_never_at_zero():
    values = np.zeros((10, 20), np.float32)
    assert limit(values, 0.99) == 1.0
    values[0, 0] = -5
    assert limit(values, 0.99) == 5.0  # the quantile is zero: the largest counts
    assert limit(np.arange(-100, 101, dtype=np.float32).reshape(3, 67), 0.5) == pytest.approx(50, abs=1)


def test_every_method_says_what_it_shows_and_hides():
    for method in METHODS.values():
        assert method.shows.endswith(".") and method.hides.endswith(".") and 0.9 < method.clip <= 1


@pytest.mark.parametrize("method", TESTED.values(), ids=lambda method: method.id)
def test_the_settings_of_every_method_are_fields_of_the_question_that_begin_with_their_first_value(method):
    spec, known = ExplanationSpec("n", "p", "logit", 0), {field.name for field in fields(ExplanationSpec)}
    for setting in method.settings:
        assert getattr(spec, setting.name) == setting.begins
        assert not setting.values or setting.begins in setting.values
        assert not setting.words or set(setting.words) == set(setting.values or [setting.begins])
    assert set(method.few) | set(method.fewest) <= known
    assert method.passes(spec) >= method.passes(spec.with_few()) >= method.passes(spec.with_fewest()) > 0
    assert "logit" in method.units.format(score="logit")


def test_a_question_is_one_of_some_methods_or_of_the_curves_of_all():
    spec = ExplanationSpec("n", "p", "logit", 0, "saliency,gradcam", samples=10)
    assert [method.id for method in spec.methods] == ["saliency", "gradcam"] and spec.title == "Attribution maps"
    assert spec.map_passes == sum(METHODS[name].passes(spec) for name in ("saliency", "gradcam"))
    curves = ExplanationSpec("n", "p", "logit", 0)
    assert curves.methods == () and curves.title == "Deletion and insertion"
    assert curves.map_passes == sum(method.passes(curves) for method in METHODS.values())
    assert ExplanationSpec.from_json(spec.to_json()) == spec
    with pytest.raises(InputError, match="Expected a method out of occlusion, saliency"):
        ExplanationSpec("n", "p", "logit", 0, "saliency,magic")


def test_what_a_method_says_of_one_map_is_computed_from_its_numbers():
    flat = np.zeros((3, 4), np.float32)
    remark = METHODS["integrated"].remark
    missed = Attribution("integrated", flat, 3.0, baseline_score=1.0, total=2.2, steps=16)
    assert remark(missed) == "Its values add up to 2.2 of 2: 10.0% off, **not complete**, 16 steps."
    assert "the same score as the picture" in remark(
        Attribution("integrated", flat, 3.0, baseline_score=3.0, total=0.0, steps=16)
    )
    of_grid = Attribution("gradcam", flat, 3.0, coarse=np.zeros((2, 5), np.float32), layer="conv")
    assert METHODS["gradcam"].remark(of_grid) == "2 × 5 values of `conv`."
    assert METHODS["saliency"].remark(Attribution("saliency", flat, 3.0)) == ""


def test_equal_values_share_their_rank():
    assert ranks(np.array([[5.0, 1.0], [5.0, 7.0]])).tolist() == [1.5, 0, 1.5, 3]


def test_rank_correlation_is_spearmans():
    random = np.random.default_rng(1)
    first, second = random.integers(0, 9, (2, 7, 11)).astype(float)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first.ravel(), second.ravel())[0])
    assert rank_correlation(first, first**3) == pytest.approx(1)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(np.array([[3.0, 4.0]]), np.array([[9.0, 2.0]])) == pytest.approx(-1)  # as few as can be
    assert rank_correlation(first, np.zeros_like(first)) is None
    assert rank_correlation(first, np.full_like(first, np.nan)) is None


def test_structural_similarity_ignores_the_scale_and_sees_the_structure():
    first = np.random.default_rng(2).random((9, 14))
    assert structural_similarity(first, 3 * first + 2) == pytest.approx(1)
    assert structural_similarity(first, 1 - first) < -0.5
    assert abs(structural_similarity(first, first[::-1, ::-1])) < 0.3
    assert structural_similarity(first, np.ones_like(first)) is None
    assert structural_similarity(first[:3], first[:3]) == pytest.approx(1)  # smaller than the window


def test_structural_similarity_is_the_mean_over_all_windows_of_the_papers_formula():
    first, second = np.random.default_rng(3).random((2, 8, 10))
    first[0, 0], first[7, 9], second[2, 3], second[4, 4] = 0, 1, 0, 1  # scaled already
    windows = [np.s_[row : row + 7, col : col + 7] for row in range(2) for col in range(4)]
    found = []
    for a, b in ((first[window], second[window]) for window in windows):
        light = (2 * a.mean() * b.mean() + 0.01**2) / (a.mean() ** 2 + b.mean() ** 2 + 0.01**2)
        [[var_a, together], [_, var_b]] = np.cov(a.ravel(), b.ravel(), bias=True)
        found.append(light * (2 * together + 0.03**2) / (var_a + var_b + 0.03**2))
    assert structural_similarity(first, second) == pytest.approx(np.mean(found), rel=1e-12)


def test_what_a_map_says_the_score_can_change_by_is_known_by_hand():
    values = np.array([[0.5, -2, 0], [0, 1, 0]], np.float32)
    coarse = np.array([[3, -1]], np.float32)
    effects = {name: method.effect(Attribution(name, values, 1.0, coarse=coarse)) for name, method in TESTED.items()}
    assert effects == {
        "occlusion": 2,  # the one square
        "saliency": 35,  # ten steps of every pixel
        "smoothgrad": 35,
        "integrated": 3.5,
        "gradcam": 4,
        "guided": 35,
    }


@pytest.mark.parametrize("method", ["saliency", "smoothgrad"])
def test_the_gradient_of_a_saturated_probability_does_not_count_and_that_of_a_logit_does(method):
    logits = np.array([20, 0, -5], np.float32)
    faint = Attribution(method, np.full((64, 64), 1e-7, np.float32), 1.0)
    strong = Attribution(method, np.full((64, 64), 1e-4, np.float32), 20.0)
    assert not counts(METHODS[method].effect(faint), floor("probability", logits))
    assert counts(METHODS[method].effect(strong), floor("logit", logits))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"baseline": "white"}, "Expected a baseline out of mean, black, grey, blur. Received 'white'"),
        ({"samples": 0}, "Expected at least one copy and one step"),
        ({"steps": 0}, "Expected at least one copy and one step"),
        ({"noise": -1}, "noise, cell and class of at least 0"),
        ({"cell": -2}, "noise, cell and class of at least 0"),
        ({"class_index": -1}, "noise, cell and class of at least 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, message):
    with pytest.raises(InputError, match=re.escape(message)):
        ExplanationSpec(**{"network": "n", "picture": "p", "score": "logit", "class_index": 0, **changes})


def test_smoothgrad_without_noise_is_said_to_be_saliency():
    [noise] = [setting for setting in METHODS["smoothgrad"].settings if setting.name == "noise"]
    assert noise.remarks[0].endswith("the map is that of Saliency.") and set(noise.remarks) == {0}
