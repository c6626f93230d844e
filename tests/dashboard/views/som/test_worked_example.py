"""The worked example: what is typeset is what is computed, constants of the formula included."""

import math
import re

import numpy as np
import pytest

from dashboard.views.som import worked_example
from models.som import one_step


@pytest.fixture
def typeset(monkeypatch):
    """Returns the formulas of the lecture's step with some rate and radius."""

    def draw(rate, radius):
        written = []
        monkeypatch.setattr(worked_example.st, "latex", written.append)
        monkeypatch.setattr(worked_example.st, "markdown", lambda _: None)
        step = one_step.worked_example(one_step.EXAMPLE_SAMPLE, one_step.EXAMPLE_WEIGHTS, rate, radius)
        worked_example._formulas(step)
        return written

    return draw


def test_the_neighbourhood_is_written_as_it_is_computed(typeset):
    _, cooperation, _ = typeset(0.5, 1.0)
    assert cooperation == (
        r"\theta_1 = \exp\!\left(-\tfrac{1^2}{2\cdot1^2}\right) = 0.607\quad "
        r"\theta_2 = \exp\!\left(-\tfrac{0^2}{2\cdot1^2}\right) = 1.000\quad "
        r"\theta_3 = \exp\!\left(-\tfrac{1^2}{2\cdot1^2}\right) = 0.607"
    )


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.7, 3.0])
def test_whoever_computes_the_written_formula_comes_to_the_written_number(typeset, radius):
    _, cooperation, _ = typeset(0.5, radius)
    parts = re.findall(r"-\\tfrac\{(\d+)\^2\}\{(\d+)\\cdot([\d.]+)\^2\}\\right\) = ([\d.]+)", cooperation)
    assert [int(distance) for distance, *_ in parts] == [1, 0, 1]
    for distance, factor, sigma, value in parts:
        assert math.exp(-(float(distance) ** 2) / (float(factor) * float(sigma) ** 2)) == pytest.approx(
            float(value), abs=6e-4
        )


def test_every_unit_goes_the_written_share_of_the_written_way(typeset):
    *_, adaptation = typeset(0.4, 1.7)
    vector = r"\((.*?)\)"
    rows = re.findall(rf"&\\leftarrow {vector} \+ ([\d.]+)\\cdot([\d.]+)\\cdot{vector} = {vector}", adaptation)
    assert len(rows) == 3
    for before, rate, share, way, after in rows:
        old, gap, new = (np.array([float(part) for part in text.split(r",\,")]) for text in (before, way, after))
        np.testing.assert_allclose(old + float(rate) * float(share) * gap, new, atol=0.02)
        np.testing.assert_allclose(old + gap, one_step.EXAMPLE_SAMPLE, atol=0.011)


def test_the_distances_are_those_of_the_written_differences(typeset):
    competition, *_ = typeset(0.5, 1.0)
    rows = re.findall(r"\\sqrt\{(.*?)\} = (?:\\mathbf\{)?([\d.]+)", competition)
    assert [float(value) for _, value in rows] == [23.5, 15.2, 31.6]
    for inside, value in rows:
        squares = re.findall(r"\((-?[\d.]+) ([-+]) ([\d.]+)\)\^2", inside)
        gaps = [float(x) - float(w) if sign == "-" else float(x) + float(w) for x, sign, w in squares]
        assert math.sqrt(sum(gap**2 for gap in gaps)) == pytest.approx(float(value), abs=0.05)
