"""The lecture's worked example: one sample, three units in a line, and everything a step does, in numbers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.views.som import figures_net
from dashboard.widgets.page import not_shown
from models.som.one_step import EXAMPLE_SAMPLE, EXAMPLE_WEIGHTS, Step, worked_example
from models.wording import fixed, significant, tex

LIMITS = (
    "Three units cannot show what a map is for: with many units and samples, neighbours come to answer to similar "
    "samples. W₂ and W₃ are ours, chosen to lie at the distances that the lecture prints."
)
_SUBSCRIPTS = "₁₂₃"
_NAMES = ("x", *(f"W{sign}" for sign in _SUBSCRIPTS))
_STARTS: dict[str, float] = {
    f"som_worked_{row}_{place}": value
    for row, values in enumerate((EXAMPLE_SAMPLE, *EXAMPLE_WEIGHTS))
    for place, value in enumerate(values)
} | {"som_worked_rate": 0.5, "som_worked_radius": 1.0}


def draw() -> None:
    """Draw the numbers to edit, the three parts of the step computed from them, and the distances before and after."""
    controls, formulas = st.columns([4, 11], gap="medium")
    with controls:
        rows, rate, radius = _inputs()
        step = worked_example(rows[0], tuple(rows[1:]), rate, radius)
        st.plotly_chart(
            figures_net.distances_before_and_after(step, height=230),
            key="som_worked_bars",
            config=theme.CONFIG,
            alt=figures_net.describe_distances(step),
        )
    with formulas:
        _formulas(step)
        not_shown(LIMITS)


def _inputs() -> tuple[list[tuple[float, ...]], float, float]:
    for key, value in _STARTS.items():
        if state.get(key) is None:
            state.put(key, value)
    rows = []
    for row, name in enumerate(_NAMES):
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.markdown(f"**{name}**", width=26)
            rows.append(tuple(_number(f"{name}, value {place + 1}", f"som_worked_{row}_{place}") for place in range(3)))
    with st.container(horizontal=True, gap="small"):
        rate = _setting("Rate LR", "som_worked_rate", 0.01, 1.0, "How far the BMU goes: 1 is all the way to x.")
        radius = _setting("Radius σ", "som_worked_radius", 0.1, 10.0, "Width of the neighbourhood, in units.")
    st.button(
        "The lecture's numbers",
        icon=":material/restart_alt:",
        key="som_worked_reset",
        width="stretch",
        on_click=_reset,
    )
    return rows, rate, radius


def _reset() -> None:
    for key, value in _STARTS.items():
        state.put(key, value)


def _number(label: str, key: str) -> float:
    return float(
        st.number_input(label, -100.0, 100.0, step=0.1, format="%g", key=key, label_visibility="collapsed", width=60)
    )


def _setting(label: str, key: str, low: float, high: float, explanation: str) -> float:
    return float(st.number_input(label, low, high, step=0.1, format="%g", key=key, help=explanation, width=110))


def _formulas(step: Step) -> None:
    """Typeset distances, competition, cooperation and adaptation with their numbers."""
    weights, bmu = step.before[0].tolist(), step.bmu
    st.markdown("**Competition.** The BMU, the best-matching unit, is the one nearest to x.")
    lines = [
        rf"d_{i + 1} &= \sqrt{{{' + '.join(_square(x, w) for x, w in zip(step.sample.tolist(), one, strict=True))}}}"
        rf" = {_bold(f'{fixed(distance, 1)}', i == bmu)}"
        for i, (one, distance) in enumerate(zip(weights, step.distances[0].tolist(), strict=True))
    ]
    st.latex(_aligned(lines))
    tied = step.distances[0, bmu] == step.distances[0, step.runner_up] and bmu != step.runner_up
    st.markdown(f"W{_SUBSCRIPTS[bmu]} is the BMU{', the first of equals' if tied else ''}.")
    radius = tex(significant(step.radius, 6))
    st.markdown("**Cooperation.** θ falls with the distance to the BMU on the line, where neighbours are 1 apart.")
    st.latex(
        r"\quad ".join(
            rf"\theta_{i + 1} = \exp\!\left(-\tfrac{{{abs(i - bmu)}^2}}{{2\cdot{radius}^2}}\right) = {fixed(value, 3)}"
            for i, value in enumerate(step.theta[0].tolist())
        )
    )
    st.markdown("**Adaptation.** Every unit goes a share LR · θ of its way to x; the BMU goes the largest share.")
    lines = [
        rf"W_{i + 1} &\leftarrow {_vector(one)} + "
        rf"{tex(significant(step.rate, 6))}\cdot{fixed(value, 3)}\cdot{_vector(gap)} = {_vector(new)}"
        for i, (one, value, gap, new) in enumerate(
            zip(
                weights,
                step.theta[0].tolist(),
                (step.sample - step.before[0]).tolist(),
                step.after[0].tolist(),
                strict=True,
            )
        )
    ]
    st.latex(_aligned(lines))


def _aligned(lines: Sequence[str]) -> str:
    return r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}"


def _square(x: float, w: float) -> str:
    return rf"({tex(significant(x, 6))} {'-' if w >= 0 else '+'} {tex(significant(abs(w), 6))})^2"


def _bold(text: str, chosen: bool) -> str:
    return rf"\mathbf{{{text}}}" if chosen else text


def _vector(values: Sequence[float]) -> str:
    return "(" + r",\,".join(tex(significant(round(value, 2), 6)) for value in values) + ")"
