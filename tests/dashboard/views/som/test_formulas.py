"""Formulas with the numbers of one step filled in."""

import math
import re

import numpy as np
import pytest

from dashboard.views.som import formulas, two_forms
from dashboard.views.som.formulas import largest_change, with_numbers
from models.som.one_step import take_step
from models.som.spec import SomSpec
from tests.dashboard.latex import named, value

SAMPLE = np.array([1.0, 0.5], np.float32)
CODEBOOK = np.array([[[0, 0], [1, 1], [3, 1]]], np.float32)  # the BMU is unit 1


def step_of(**settings):
    spec = SomSpec(1, 3, "online", **settings)
    return take_step(spec, SAMPLE, CODEBOOK, 0.25, 2.0), spec


def test_a_unit_beside_the_bmu_with_all_its_numbers():
    step, spec = step_of()
    rule, update = with_numbers(step, spec, 0)
    assert rule == (
        r"W_i \leftarrow W_i + LR\cdot\theta_i\cdot(x - W_i),\quad "
        r"\theta_i = \exp\!\left(-\frac{1^2}{2\cdot2^2}\right) = 0.882"
    )
    assert update == (
        r"W_i \leftarrow (0.000,\,0.000) + 0.25\cdot0.882\cdot (1.000,\,0.500) = \mathbf{(0.221,\,0.110)}"
    )


@pytest.mark.parametrize(
    "settings, written",
    [
        ({"neighbourhood": "bubble"}, r"[\,1 \le 2\,] = 1.000"),
        ({"neighbourhood": "triangle"}, r"\max\!\left(0,\,1 - \frac{1}{2}\right) = 0.500"),
        (
            {"neighbourhood": "mexican hat"},
            r"\left(1 - \frac{1^2}{2^2}\right)\exp\!\left(-\frac{1^2}{2\cdot2^2}",
        ),
        ({"distance": "weights"}, r"\exp\!\left(-\frac{1.41}{2\cdot2^2}\right) = 0.838"),
    ],
)
def test_every_neighbourhood_is_written_as_it_is_computed(settings, written):
    assert written in with_numbers(*step_of(**settings), 0)[0]


def test_of_long_vectors_the_value_that_changes_most_is_written():
    codebook = np.zeros((1, 2, 5), np.float32)
    codebook[0, 1] = 9
    spec = SomSpec(1, 2, "online")
    step = take_step(spec, np.array([0, 1, 0, -2, 0], np.float32), codebook, 0.5, 1.0)
    assert largest_change(step, 0) == 3
    rule, update = with_numbers(step, spec, 0)
    assert rule.startswith(r"W_{i,3} \leftarrow W_{i,3} + LR\cdot\theta_i\cdot(x_{3} - W_{i,3})")
    assert update == r"W_{i,3} \leftarrow 0.000 + 0.5\cdot1.000\cdot (-2.000) = \mathbf{-1.000}"


def test_vectors_of_three_numbers_take_two_lines():
    step = take_step(SomSpec(1, 1, "online"), np.ones(3, np.float32), np.zeros((1, 1, 3), np.float32), 0.5, 1.0)
    assert with_numbers(step, SomSpec(1, 1, "online"), 0)[1] == (
        r"\begin{aligned}W_i &\leftarrow (0.000,\,0.000,\,0.000) + 0.5\cdot1.000\cdot (1.000,\,1.000,\,1.000) \\ "
        r"&= \mathbf{(0.500,\,0.500,\,0.500)}\end{aligned}"
    )


SETTINGS = [
    {},
    {"neighbourhood": "bubble"},
    {"neighbourhood": "triangle"},
    {"neighbourhood": "mexican hat"},
    {"distance": "weights"},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("unit", [0, 1, 5])
def test_whoever_computes_the_written_step_comes_to_the_written_numbers(settings, unit):
    """On hexagons, where distances are no whole numbers; the sample lies nearest to unit 2."""
    codebook = np.array([[[0, 0.25], [1, 1], [2, 0.5]], [[3, 1], [1, 3], [0.5, 2]]], np.float32)
    spec = SomSpec(2, 3, "online", lattice="hexagonal", **settings)
    step = take_step(spec, np.array([2.25, 0.25], np.float32), codebook, 0.4, 1.7)
    assert step.bmu == 2
    rule, update = with_numbers(step, spec, unit)
    computed, theta = re.search(r"\\theta_i = (.*) = (-?[\d.]+)$", rule).groups()
    assert value(computed) == pytest.approx(float(theta), abs=0.004)  # the written distance has three digits
    vector = r"\((.*?)\)"
    written = re.search(rf"{vector} \+ ([\d.]+)\\cdot(-?[\d.]+)\\cdot {vector} = \\mathbf\{{{vector}\}}", update)
    before, rate, share, way, after = written.groups()
    assert (float(rate), share) == (0.4, theta)
    before, way, after = (np.array([float(part) for part in text.split(r",\,")]) for text in (before, way, after))
    np.testing.assert_allclose(before + way, [2.25, 0.25], atol=1e-6)
    np.testing.assert_allclose(before + 0.4 * float(share) * way, after, atol=0.002)


@pytest.fixture
def typeset(monkeypatch):
    """Returns the lines that are typeset of a map's settings."""

    def draw_settings(samples, **settings):
        lines = []
        monkeypatch.setattr(formulas.st, "latex", lines.append)
        monkeypatch.setattr(formulas.st, "caption", lambda _: None)
        formulas.draw(SomSpec(3, 4, **settings), samples)
        return lines

    return draw_settings


APART = {  # what the formulas call a distance and the radius
    r"\lVert r_i - r_{\mathrm{BMU}}\rVert": "d",
    r"\lVert W_i - W_{\mathrm{BMU}}\rVert": "w",
    r"d_i": "d",
    r"\sigma(s)": "sigma",
}
NEIGHBOURHOODS = {
    "gaussian": lambda d, sigma: np.exp(-(d**2) / (2 * sigma**2)),
    "bubble": lambda d, sigma: np.where(d <= sigma, 1.0, 0.0),
    "triangle": lambda d, sigma: np.clip(1 - d / sigma, 0, None),
    "mexican hat": lambda d, sigma: (1 - d**2 / sigma**2) * np.exp(-(d**2) / (2 * sigma**2)),
}


@pytest.mark.parametrize("name", NEIGHBOURHOODS)
def test_the_neighbourhood_is_typeset_as_it_is_defined(typeset, name):
    [rule, _] = typeset(100, method="online", neighbourhood=name)
    assert rule.startswith(r"W_i \leftarrow W_i + LR(s)\,\theta_i(s)\,(x - W_i) \qquad \theta_i(s) = ")
    formula = named(rule.split(r"\theta_i(s) = ")[1].split(r",\; ")[0], APART)
    d = np.array([0, 0.5, 1, 1.7, 2, 4.5])
    np.testing.assert_allclose(value(formula, d=d, sigma=1.7), NEIGHBOURHOODS[name](d, 1.7), atol=1e-12)


def test_the_slides_form_is_typeset_with_the_distance_of_weights_not_squared(typeset):
    [rule, _] = typeset(100, method="online", distance="weights")
    formula = named(rule.split(r"\theta_i(s) = ")[1], APART)
    assert value(formula, w=1.5, sigma=0.6) == pytest.approx(math.exp(-1.5 / 0.72))


@pytest.mark.parametrize(
    ("law", "half"),  # what is left of the start after half of the steps, by hand
    [("exponential", math.exp(-1.2)), ("linear", (1 + math.exp(-2.4)) / 2), ("inverse", 2 / (1 + math.exp(2.4)))],
)
def test_rate_and_radius_fall_as_typeset(typeset, law, half):
    settings = {"method": "online", "epochs": 7, "rate0": 0.3, "radius0": 4.5, "decay": 2.4, "law": law}
    [_, line] = typeset(60, **settings)
    rate, sigma, constant = (part.strip() for part in line.split(r"\qquad"))
    s_n = value(constant.split(" = ")[1])
    assert s_n == pytest.approx({"exponential": 175, "linear": 420, "inverse": 420 / (math.exp(2.4) - 1)}[law])
    if law != "linear":
        assert float(constant.split(" = ")[2]) == pytest.approx(s_n, rel=5e-4)  # four digits
    for text, start in ((rate, 0.3), (sigma, 4.5)):
        name, formula = text.split(" = ", 1)
        assert name == {0.3: "LR(s)", 4.5: r"\sigma(s)"}[start]
        for s, share in ((0, 1), (210, half), (420, math.exp(-2.4))):
            assert value(formula, s=s, s_n=s_n) == pytest.approx(start * share, rel=6e-3)


def test_of_a_batch_map_the_mean_and_the_radius_are_typeset(typeset):
    rule, line = typeset(60, epochs=40, radius0=4.5, decay=2.5)
    assert rule.startswith(r"W_i \leftarrow \frac{\sum_x \theta_i(s)\,x}{\sum_x \theta_i(s)} \qquad \theta_i(s) = ")
    assert line == r"\sigma(s) = 4.5\,e^{-s/s_n} \qquad s_n = \tfrac{40}{2.5} = 16"  # of steps, not of samples
    [_, line] = typeset(60, decay=0)
    assert line.endswith(r"s_n = \tfrac{100}{0} = \infty")


def test_both_forms_are_written_over_their_maps():
    kohonen, slide = (text.split("$")[1].split(r"\theta_i = ")[1] for text in two_forms._FORMULAS)
    names = {r"\lVert r_i - r_{BMU}\rVert": "d", r"\lVert W_i - W_{BMU}\rVert": "d", r"\sigma": "sigma"}
    assert r"\lVert r_i" in kohonen and r"\lVert W_i" in slide
    assert value(named(kohonen, names), d=1.5, sigma=0.7) == pytest.approx(math.exp(-2.25 / 0.98))
    assert value(named(slide, names), d=1.5, sigma=0.7) == pytest.approx(math.exp(-1.5 / 0.98))
