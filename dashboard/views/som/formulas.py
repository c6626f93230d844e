"""What a step of training does, typeset: with the settings of a map, or with all numbers of one step filled in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import streamlit as st

from models.som.lattice import Lattice
from models.som.one_step import Step
from models.som.spec import SomSpec
from models.wording import fixed, grouped, significant, tex

LONGEST: Final = 3  # values of a vector that are written out
_D: Final = r"d_i = \lVert r_i - r_{\mathrm{BMU}}\rVert"
_THETA: Final = {
    "gaussian": r"\theta_i(s) = \exp\!\left(-\frac{\lVert r_i - r_{\mathrm{BMU}}\rVert^2}{2\,\sigma(s)^2}\right)",
    "bubble": rf"\theta_i(s) = [\,d_i \le \sigma(s)\,],\; {_D}",
    "triangle": rf"\theta_i(s) = \max\!\left(0,\,1 - \frac{{d_i}}{{\sigma(s)}}\right),\; {_D}",
    "mexican hat": r"\theta_i(s) = \left(1 - \frac{d_i^2}{\sigma(s)^2}\right)"
    rf"\exp\!\left(-\frac{{d_i^2}}{{2\,\sigma(s)^2}}\right),\; {_D}",
}
_SLIDE: Final = r"\theta_i(s) = \exp\!\left(-\frac{\lVert W_i - W_{\mathrm{BMU}}\rVert}{2\,\sigma(s)^2}\right)"


def draw(som: SomSpec, samples: int) -> None:
    """Typeset what a step does, with the values of this map filled in."""
    steps = som.steps(samples)
    theta = _SLIDE if som.distance == "weights" else _THETA[som.neighbourhood]
    sigma = rf"\sigma(s) = {_falling(som.radius0, som)}"
    if som.method == "online":
        st.latex(rf"W_i \leftarrow W_i + LR(s)\,\theta_i(s)\,(x - W_i) \qquad {theta}")
        st.latex(rf"LR(s) = {_falling(som.rate0, som)} \qquad {sigma} \qquad {_constant(som, steps)}")
    else:
        st.latex(rf"W_i \leftarrow \frac{{\sum_x \theta_i(s)\,x}}{{\sum_x \theta_i(s)}} \qquad {theta}")
        st.latex(rf"{sigma} \qquad {_constant(som, steps)}")
    st.caption(
        "s counts steps, r is a place on the lattice, W are weights, x is a sample. "
        + (
            "This is the slide's form: the neighbourhood is measured between weights, and the map loses its order."
            if som.distance == "weights"
            else "The neighbourhood θ is measured on the lattice; measured between weights instead, the map would lose "
            "its order: see One step."
        )
    )


def _falling(start: float, som: SomSpec) -> str:
    """Return rate or radius as a function of the step."""
    first = tex(significant(start, 6))
    if som.law == "linear":
        return rf"{first}\left(1 - {tex(significant(-math.expm1(-som.decay)))}\,\tfrac{{s}}{{s_n}}\right)"
    return rf"\frac{{{first}}}{{1 + s/s_n}}" if som.law == "inverse" else rf"{first}\,e^{{-s/s_n}}"


def _constant(som: SomSpec, steps: int) -> str:
    """Return the time constant of the law of decay."""
    if som.law == "linear":
        return rf"s_n = {tex(grouped(steps))}"
    if not som.decay:
        return rf"s_n = \tfrac{{{tex(grouped(steps))}}}{{0}} = \infty"
    part, value = tex(significant(som.decay, 6)), som.decay
    if som.law == "inverse":
        part, value = rf"e^{{{part}}} - 1", math.expm1(som.decay)
    return rf"s_n = \tfrac{{{tex(grouped(steps))}}}{{{part}}} = {tex(significant(steps / value))}"


def with_numbers(step: Step, spec: SomSpec, unit: int) -> tuple[str, str]:
    """Return the rule with the neighbourhood of one unit, and its update, with every number filled in.

    Vectors longer than LONGEST are written as the one value that changes most, see `largest_change`.
    """
    place = divmod(unit, spec.columns)
    theta = float(step.theta[place])
    before, after = step.before[place].tolist(), step.after[place].tolist()
    gap = (step.sample - step.before[place]).tolist()
    if len(before) > LONGEST:
        k = largest_change(step, unit)
        name = rf"W_{{i,{k}}}"
        texts = [tex(fixed(values[k], 3)) for values in (before, gap, after)]
        texts[1] = f"({texts[1]})" if gap[k] < 0 else texts[1]
        rule = rf"{name} \leftarrow {name} + LR\cdot\theta_i\cdot(x_{{{k}}} - {name})"
    else:
        name, rule = "W_i", r"W_i \leftarrow W_i + LR\cdot\theta_i\cdot(x - W_i)"
        texts = [_vector(values) for values in (before, gap, after)]
    change, result = (
        rf"{texts[0]} + {tex(significant(step.rate))}\cdot{tex(fixed(theta, 3))}\cdot {texts[1]}",
        rf"\mathbf{{{texts[2]}}}",
    )
    update = rf"{name} \leftarrow {change} = {result}"
    if 2 < len(before) <= LONGEST:  # three vectors of three numbers are wider than their column
        update = rf"\begin{{aligned}}{name} &\leftarrow {change} \\ &= {result}\end{{aligned}}"
    return rf"{rule},\quad {_neighbourhood(step, spec, unit, theta)}", update


def largest_change(step: Step, unit: int) -> int:
    """Return the number of the weight of a unit that a step changes most."""
    return int(np.abs(step.delta.reshape(-1, len(step.sample))[unit]).argmax())


def _neighbourhood(step: Step, spec: SomSpec, unit: int, theta: float) -> str:
    sigma, lattice = tex(significant(step.radius)), Lattice.of(spec)
    gaussian = r"\exp\!\left(-\frac{%s}{2\cdot%s^2}\right)"
    if spec.distance == "weights":
        weights = step.before.reshape(-1, len(step.sample))
        between = tex(significant(float(np.linalg.norm(weights[unit] - weights[step.bmu]))))
        return rf"\theta_i = {gaussian % (between, sigma)} = {tex(fixed(theta, 3))}"
    apart = tex(significant(math.sqrt(lattice.squared(step.bmu).ravel()[unit])))
    written = {
        "gaussian": gaussian % (f"{apart}^2", sigma),
        "bubble": rf"[\,{apart} \le {sigma}\,]",
        "triangle": rf"\max\!\left(0,\,1 - \frac{{{apart}}}{{{sigma}}}\right)",
        "mexican hat": rf"\left(1 - \frac{{{apart}^2}}{{{sigma}^2}}\right){gaussian % (f'{apart}^2', sigma)}",
    }
    return rf"\theta_i = {written[spec.neighbourhood]} = {tex(fixed(theta, 3))}"


def _vector(values: Sequence[float]) -> str:
    return "(" + r",\,".join(tex(fixed(value, 3)) for value in values) + ")"
