"""Online training one step at a time, forward and back, with every number; and what the slide's form makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.som import cache as som_cache
from dashboard.views.som import figures, formulas
from dashboard.views.som import lattice as som_lattice
from models.errors import FreezeframeError
from models.som.data import SomTask
from models.som.lattice import Lattice
from models.som.one_step import MAX_STEPS, Step, Trace
from models.som.spec import SomSpec

LIMITS = (
    "One step does not show order: that comes from thousands of steps, in which the neighbourhood pulls the same units "
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
_RADIUS = 5.0
_SLIDE_RADIUS = 0.3  # of the slide's form: on the scale of the data, or all weights fall on one point


def draw() -> None:
    """Draw the choice of a training, one of its steps, and the two forms of the neighbourhood side by side."""
    task, run_id = _settings()
    try:
        trace = som_cache.som_trace(task, run_id)
    except FreezeframeError as error:
        st.error(safe_label(str(error), 400), icon=":material/error:")
        return
    _stepping(trace, task)
    st.caption(LIMITS)
    st.markdown("##### On the lattice, or between the weights?")
    if trace.total <= MAX_STEPS:
        _two_forms(task, run_id)
    else:
        st.caption(f"This training takes {trace.total:,} steps, too many to repeat here. Choose other data above.")


def _settings() -> tuple[SomTask, str]:
    """Draw what to train and return it, with the run that holds its features (or "")."""
    run = state.som_run()
    mine = run if run is not None and run.status.state == "done" and run.spec["som"]["method"] == "online" else None
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
            task = SomTask.from_json(mine.spec)
            return task, mine.id
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
    start = _SLIDE_RADIUS if form == "weights" else _RADIUS
    radius = st.number_input(
        "Radius σ₀",
        0.01,
        20.0,
        start,
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
    changes = np.linalg.norm(step.delta, axis=-1)
    maps: list[tuple[str, Any, str]] = [
        (
            "Distance to x",
            figures.numbers(lattice, step.distances, "distance", height=_HEIGHT, marks=marks),
            "distance",
        ),
        ("Neighbourhood θ", _neighbourhood(lattice, step, marks), "theta"),
        ("Change ‖ΔW‖", figures.numbers(lattice, changes, "change", height=_HEIGHT, marks=marks), "change"),
    ]
    alts = [
        figures.describe(step.distances, "Distance to the sample"),
        figures.describe(step.theta, "Neighbourhood"),
        figures.describe(changes, "Change of the weights"),
    ]
    picture = som_lattice.weights(
        task, lattice, step.before, height=_HEIGHT, marks=marks, sample=step.sample, moved=step.after
    )
    if picture is not None:
        maps.insert(0, ("The map, before", picture, "map"))
        alts.insert(0, f"The weights of {lattice.rows} × {lattice.columns} units before the step.")
    for column, (title, figure, name), alt in zip(st.columns(len(maps), gap="small"), maps, alts, strict=True):
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


def _neighbourhood(lattice: Lattice, step: Step, marks: dict[str, int]) -> Any:
    signed = bool(step.theta.min() < 0)
    return figures.numbers(lattice, step.theta, "θ", height=_HEIGHT, marks=marks, signed=signed, top=1.0)


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
            som_lattice.sample_tile(task, step.sample)
            st.markdown(f"Sample {step.index}: x = {som_lattice.in_words(step.sample)}", width="stretch")
        st.markdown(
            f"◯ BMU {bmu}, distance **{step.distances[bmu]:.3g}**  \n"
            f"◇ runner-up {second}, distance **{step.distances[second]:.3g}**  \n"
            f"Rate LR = **{step.rate:.3g}**, radius σ = **{step.radius:.3g}**"
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


def _two_forms(task: SomTask, run_id: str) -> None:
    """Draw both maps at the end of the same training, with their errors and what they mean."""
    som = replace(task.som, neighbourhood="gaussian")
    radius = {"lattice": _RADIUS, "weights": _SLIDE_RADIUS} | {som.distance: som.radius0}
    forms = [replace(som, distance=form, radius0=radius[form]) for form in _FORMS]
    explanation = (
        r"$\theta_i = e^{-\lVert r_i - r_{BMU}\rVert^2/(2\sigma^2)}$, as Kohonen wrote it",
        r"$\theta_i = e^{-\lVert W_i - W_{BMU}\rVert/(2\sigma^2)}$, the slide's form",
    )
    ends = []
    for column, som, text in zip(st.columns(2, gap="medium"), forms, explanation, strict=True):
        one = replace(task, som=som)
        end = som_cache.som_trained(one, run_id)
        ends.append(end)
        lattice = Lattice.of(som)
        with column:
            st.markdown(f"{text}, σ₀ = {som.radius0:g}")
            figure = som_lattice.weights(one, lattice, end.codebook, height=280)
            if figure is not None:
                st.plotly_chart(
                    figure,
                    key=f"som_step_end_{som.distance}",
                    config=theme.CONFIG,
                    alt=f"The trained map: quantization error {end.quantization_error:.3g}.",
                )
            st.markdown(
                f"Quantization error **{end.quantization_error:.3g}**, topographic error "
                + ("**–**" if end.collapsed else f"**{end.topographic_error:.1%}**")
            )
    lattice_end, slide_end = ends
    if slide_end.collapsed:
        st.markdown(
            "In the slide's form **all units fell on one point**: a radius this wide is wider than the data, so every "
            "unit follows every sample. Who is second best is then chance, and the topographic error means nothing."
        )
    else:
        st.markdown(
            "Same data, same start, same samples in the same order. In the slide's form a unit pulls those whose "
            "weights are alike already, wherever they sit: weights still spread over the data (quantization error), "
            f"but neighbours on the lattice stay strangers. For **{slide_end.topographic_error:.0%}** of the samples "
            "the two best units do not touch, against "
            f"**{lattice_end.topographic_error:.0%}** with Kohonen's neighbourhood. It is no longer a map."
        )
