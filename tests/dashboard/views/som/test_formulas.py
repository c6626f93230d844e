"""Formulas with the numbers of one step filled in."""

import numpy as np
import pytest

from dashboard.views.som.formulas import largest_change, with_numbers
from models.som.one_step import take_step
from models.som.spec import SomSpec

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
