"""Online training one step at a time, forward and back, with every number; and what the slide's form makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.som import cache, figures, formulas, two_forms, weights
from dashboard.widgets.page import not_shown
from models.errors import FreezeframeError
from models.som.data import SomTask
from models.som.film import SOM
from models.som.lattice import Lattice
from models.som.one_step import MAX_STEPS, Step, Trace
from models.som.spec import SomSpec
from models.wording import grouped, significant

LIMITS = (
    "One step does not show order. It comes from thousands of steps, in which the neighbourhood pulls the same units "
    "the same way again and again."
)
_NUMBER, _UNIT = "som_step_number", "som_step_unit"
_DATA: dict[str, tuple[str, str]] = {  # title -> source and shape
    "Points in a square": ("points", "square"),
    "Points in a ring": ("points", "ring"),
    "Two moons": ("points", "two moons"),
    "Clusters": ("points", "clusters"),
    "Random colours": ("colours", ""),
    "Digits": ("digits", ""),
}
_MINE = "The map of Watch"
_FORMS = {"lattice": "Lattice", "weights": "Weights (slide)"}
_LATTICES = {"rectangular": "Squares", "hexagonal": "Hexagons"}
_EPOCHS = 5
_HEIGHT = 204  # px of a map


def draw() -> None:
    """Draw the choice of a training, one of its steps, and the two forms of the neighbourhood side by side."""
    task, run_id = _settings()
    try:
        trace = cache.trace(task, run_id)
    except FreezeframeError as error:
        st.error(safe_label(str(error), 400), icon=":material/error:")
        return
    _stepping(trace, task)
    not_shown(LIMITS)
    st.markdown("## On the lattice, or between the weights?")
    if trace.total <= MAX_STEPS:
        two_forms.draw(task, run_id)
    else:
        st.caption(
            f"This training takes {grouped(trace.total)} steps, too many to repeat here. Choose other data above."
        )


def _settings() -> tuple[SomTask, str]:
    """Draw what to train and return it, with the run that holds its features (or "")."""
    run = state.shown(SOM)
    done = run if run is not None and run.status.state == "done" else None
    mine = done if done is not None and SOM.spec_of(done).som.method == "online" else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.selectbox(
            "Data",
            [*_DATA, *([_MINE] if mine else [])],
            key="som_step_data",
            bind="query-params",
            width=220,
            help="What the map is trained on. A map that you trained online in Watch can be followed here, too.",
        )
        if title == _MINE and mine is not None:
            return SOM.spec_of(mine), mine.id
        source, shape = _DATA.get(title, ("points", "square"))
        form = st.segmented_control(
            "Neighbourhood measured between",
            list(_FORMS),
            default="lattice",
            format_func=lambda name: _FORMS[name],
            key="som_step_form",
            bind="query-params",
            required=True,
            help="Kohonen measures between places on the lattice. The lecture's slide writes the distance between "
            "weights instead; below, both are compared.",
        )
        with st.popover("Map", icon=":material/tune:"):
            som = _map(str(form))
    return SomTask(source, som, shape=shape), ""


def _map(form: str) -> SomSpec:
    lattice = st.segmented_control(
        "Cells",
        list(_LATTICES),
        default="rectangular",
        format_func=lambda name: _LATTICES[name],
        key="som_step_lattice",
        bind="query-params",
        required=True,
    )
    rows = int(st.number_input("Rows", 1, 15, 10, key="som_step_rows", bind="query-params"))
    columns = int(st.number_input("Columns", 1, 15, 10, key="som_step_columns", bind="query-params"))
    radius = st.number_input(
        "Radius σ₀",
        0.01,
        20.0,
        two_forms.RADII[form],
        0.1,
        format="%g",
        key=f"som_step_radius_{form}",
        help="Width of the neighbourhood at step 0: in units of the lattice; in the slide's form its square is in "
        "units of the data.",
    )
    seed = int(st.number_input("Seed", 0, 9999, 0, key="som_step_seed", bind="query-params"))
    return SomSpec(rows, columns, "online", _EPOCHS, 0.5, float(radius), seed=seed, lattice=str(lattice), distance=form)


@st.fragment
def _stepping(trace: Trace, task: SomTask) -> None:
    """Draw one step; only this part of the page is drawn anew when another step is chosen."""
    step = trace.step(_navigation(trace.steps))
    spec, lattice = trace.spec, Lattice.of(trace.spec)
    unit = _chosen_unit(step, lattice)
    marks = {"BMU": step.bmu, "runner-up": step.runner_up} | ({} if unit == step.bmu else {"chosen": unit})
    maps = _maps(step, task, lattice, marks)
    for column, (title, name, figure, alt) in zip(st.columns(len(maps), gap="small"), maps, strict=True):
        with column:
            st.markdown(f"**{title}**")
            key = f"som_step_{name}"
            st.plotly_chart(
                figure,
                key=key,
                on_select=lambda key=key: _take_click(key),
                selection_mode="points",
                config=theme.CONFIG,
                alt=f"{alt} {_in_words(step, lattice)}",
            )
    _numbers(step, spec, task, unit)


def _maps(step: Step, task: SomTask, lattice: Lattice, marks: dict[str, int]) -> list[tuple[str, str, Any, str]]:
    """Return title, key, figure and description of every map that shows the step."""
    pushes = bool(step.theta.min() < 0)
    numbers: tuple[tuple[str, str, str, Any, dict[str, Any], str], ...] = (
        ("Distance to x", "distance", "distance", step.distances, {}, "Distance to the sample"),
        ("Neighbourhood θ", "theta", "θ", step.theta, {"signed": pushes, "top": 1.0}, "Neighbourhood"),
        ("Change ‖ΔW‖", "change", "change", np.linalg.norm(step.delta, axis=-1), {}, "Change of the weights"),
    )
    maps = [
        (
            title,
            key,
            figures.numbers(lattice, values, what, height=_HEIGHT, marks=marks, **scale),
            figures.describe(values, described),
        )
        for title, key, what, values, scale, described in numbers
    ]
    before = weights.figure(
        task, lattice, step.before, height=_HEIGHT, marks=marks, sample=step.sample, moved=step.after
    )
    if before is None:
        return maps
    alt = f"The weights of {lattice.rows} × {lattice.columns} units before the step."
    return [("The map, before", "map", before, alt), *maps]


def _navigation(steps: int) -> int:
    """Draw the ways to a step and return its number."""
    last = steps - 1
    text = str(state.bound(_NUMBER) or 0)
    current = min(int(text) if text.isdecimal() else 0, last)
    state.put(_NUMBER, current)
    state.put("som_step_slider", current)

    def to(number: int) -> None:
        state.put(_NUMBER, max(0, min(number, last)))

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, name, icon, goal in (
            ("", "First step", "first_page", 0),
            ("", "100 back", "keyboard_double_arrow_left", current - 100),
            ("Back", "One step back", "chevron_left", current - 1),
            ("Forward", "One step forward", "chevron_right", current + 1),
            ("", "100 forward", "keyboard_double_arrow_right", current + 100),
            ("", "Last step", "last_page", last),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"som_step_{icon}",
                help=name,
                on_click=to,
                args=(goal,),
                disabled=max(0, min(goal, last)) == current,
            )
        number = st.number_input(
            "Step", 0, last, key=_NUMBER, bind="query-params", label_visibility="collapsed", width=110
        )
        if last:
            st.slider(
                "Step of the training",
                0,
                last,
                key="som_step_slider",
                label_visibility="collapsed",
                on_change=lambda: state.put(_NUMBER, state.get("som_step_slider")),
            )
    return int(number)


def _chosen_unit(step: Step, lattice: Lattice) -> int:
    """Return the unit the formulas are about: one that was clicked, else the BMU."""
    unit = state.get(_UNIT)
    return unit if isinstance(unit, int) and 0 <= unit < lattice.rows * lattice.columns else step.bmu


def _take_click(key: str) -> None:
    """Keep a clicked unit; a click on it again goes back to the BMU."""
    points = state.get(key).selection.points
    if points and "customdata" in points[0]:
        clicked = points[0]["customdata"]
        unit = int(clicked[0] if isinstance(clicked, list) else clicked)
        state.put(_UNIT, None if state.get(_UNIT) == unit else unit)


def _in_words(step: Step, lattice: Lattice) -> str:
    places = [
        f"row {row}, column {column}"
        for row, column in (divmod(u, lattice.columns) for u in (step.bmu, step.runner_up))
    ]
    return f"The BMU is in {places[0]}, the runner-up in {places[1]}."


def _numbers(step: Step, spec: SomSpec, task: SomTask, unit: int) -> None:
    """Draw the sample, the two nearest units, and the formulas of the chosen one."""
    place, bmu, second = (divmod(number, spec.columns) for number in (unit, step.bmu, step.runner_up))
    words, typeset = st.columns([3, 7], gap="medium")
    with words:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            weights.tile(task, step.sample)
            st.markdown(f"Sample {step.index}: x = {weights.in_words(step.sample)}", width="stretch")
        st.markdown(
            f"◯ BMU {bmu}, distance **{significant(step.distances[bmu])}**  \n"
            f"◇ runner-up {second}, distance **{significant(step.distances[second])}**  \n"
            f"Rate LR = **{significant(step.rate)}**, radius σ = **{significant(step.radius)}**"
        )
    with typeset:
        name = "the BMU" if unit == step.bmu else "☐ the unit you chose"
        st.markdown(f"Unit i = {place}, {name}", help="Click a cell to see another unit; click it again for the BMU.")
        for line in formulas.with_numbers(step, spec, unit):
            st.latex(line)
        if len(step.sample) > formulas.LONGEST:
            st.caption(
                f"Of its {len(step.sample)} weights, the one that changes most: number "
                f"{formulas.largest_change(step, unit)}."
            )
