"""The measured experiment beside the published one: controls, treatments, curves, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.general import figures, figures_treatments
from dashboard.views.general.figures import BASE
from dashboard.views.general.findings import Comparisons, findings_table, limits
from dashboard.views.general.notes import no_curve, notes, point_panel, progress, published_runs
from dashboard.widgets.page import not_shown
from models.errors import InputError
from models.transferability import curves, findings
from models.transferability.curves import BOTH, DIRECTIONS, RANDOM, Curves
from models.transferability.experiment import EIGHT, Row

_HALVES: Final = {"random": "Random halves", "dissimilar": "Dissimilar"}
_DIRECTIONS: Final = {BOTH: "Both ways", DIRECTIONS[0]: "To man-made", DIRECTIONS[1]: "To natural"}
_TREATMENT, _N, _DRAWING = "general_treatment", "general_n", "general_drawing"
_HEIGHT = 330  # px of a chart
_NOT_SHOWN = (
    "Which features a layer holds, and what another network, more data or another pair of tasks would give. “General” "
    "here means general between these two tasks."
)
_CLEAR = (
    "Measured here: two networks of the same seed are compared, and each difference has a 95% interval. The interval "
    "takes in how far seeds scatter (over all layers and splits together) and which test pictures were drawn. It "
    "assumes that the two networks make their mistakes independently, so it is rather too wide. It is widened for the "
    "number of layers (Bonferroni): with 95%, all intervals of a finding are right at once. Published: only the mean "
    "and the range of the runs are known."
)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two pictures."""

    name: str
    title: str
    lines: Curves
    comparisons: Comparisons
    missing: str = ""  # why there is no curve


def experiment() -> None:
    """Draw the whole view."""
    rows, published = _rows(), curves.published()
    split, relative, noise = _controls(rows)
    key, *columns = st.columns([6, 7, 7], gap="small")
    with key:
        treatment, n = _treatment()
    ours = curves.curves(rows, split, relative=relative)
    paper = curves.relative(published[split]) if relative else published[split]
    sides = (
        _Side(
            "here",
            f"Measured here, {progress(rows, split)}",
            ours,
            findings.measured(rows, split),
            no_curve(rows, split),
        ),
        _Side(
            "paper",
            f"Published in 2014, {published_runs(paper)}",
            paper,
            findings.published(published[split], published[RANDOM]),
        ),
    )
    noise = noise or treatment == figures.NOISE
    ranges = figures.equal_spans([ours or paper, paper], noise=noise, common=relative)
    for column, side, y_range in zip(columns, sides, ranges, strict=True):
        with column:
            _picture(side, y_range, relative, noise, (treatment, n))
    not_shown(_NOT_SHOWN)
    point_panel(rows, ours, paper, split, (treatment, n), relative=relative)
    _what_they_say(rows, split, sides)
    notes(rows)


def _what_they_say(rows: tuple[Row, ...], split: str, sides: tuple[_Side, _Side]) -> None:
    """Draw what so few runs can show, and then the findings of both sides."""
    st.markdown("## What the curves say", help=_CLEAR)
    if can := limits(sides[0].comparisons, _tested(rows, split)):
        st.caption(can)
    near: tuple[Comparisons, Comparisons] = ({}, {})
    if split != RANDOM:
        published = curves.published()[RANDOM]
        near = findings.measured(rows, RANDOM), findings.published(published, published)
    findings_table(sides[0].comparisons, sides[1].comparisons, *near)


def _rows() -> tuple[Row, ...]:
    """Return the rows of one configuration; none, and a sentence, where they cannot be read."""
    try:
        return curves.one_configuration(curves.load())
    except InputError as error:
        st.warning(f"{safe_label(str(error), 400)} Only the published curves are shown.", icon=":material/science:")
        return ()


def _tested(rows: tuple[Row, ...], split: str) -> list[int]:
    """Return on how many pictures the networks of a split were tested, each number once."""
    splits = DIRECTIONS if split == BOTH else [split]
    return sorted({row.pictures for row in rows if row.split in splits})


def _controls(rows: tuple[Row, ...]) -> tuple[str, bool, bool]:
    """Draw the row above the picture; return the split, whether to show differences, and random filters too."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        split = _split(rows)
        scale = st.segmented_control(
            "Scale",
            ["accuracy", "difference"],
            default="accuracy",
            required=True,
            format_func=lambda name: {"accuracy": "Accuracy", "difference": "Against baseB"}[name],
            key="general_scale",
            bind="query-params",
            help="Accuracy: the share of task B's validation pictures that the network gets right. Both axes have the "
            "same length. Against baseB: how many points more or less than the network trained on B alone, seed by "
            "seed.",
        )
        noise = st.toggle(
            "Random filters",
            key="general_noise",
            bind="query-params",
            help="Adds RnB: its first n layers are random and frozen. It shows how well the layers above them do "
            "when nothing useful was copied.",
        )
    return split, scale == "difference", bool(noise)


def _split(rows: tuple[Row, ...]) -> str:
    """Draw the choice of the tasks A and B; return their split. Of two directions it begins with a measured one."""
    halves = st.segmented_control(
        "Tasks A and B",
        list(_HALVES),
        default="random",
        required=True,
        format_func=lambda name: _HALVES[name],
        key="general_halves",
        bind="query-params",
        help="Random halves: classes drawn for A and B by chance, so that the tasks are similar. Dissimilar: "
        "animals, plants and landscapes against things people make.",
    )
    if halves != "dissimilar":
        return RANDOM
    return str(
        st.segmented_control(
            "From A to B",
            list(_DIRECTIONS),
            default=_measured_direction(rows),
            required=True,
            format_func=lambda name: _DIRECTIONS[name],
            key="general_direction",
            bind="query-params",
            help="B is the task learned last. To man-made: first natural things, then man-made ones. To natural: the "
            "other way round. Both ways: the mean of the two.",
        )
    )


def _measured_direction(rows: tuple[Row, ...]) -> str:
    """Return both directions where both are measured, else the one that is."""
    measured = [name for name in DIRECTIONS if any(row.split == name for row in rows)]
    return measured[0] if len(measured) == 1 else BOTH


def _treatment() -> tuple[str, int]:
    """Draw the treatments and the two choices; return the chosen treatment and n, 0 for the base."""
    depth = EIGHT.depth
    drawing = st.container()
    treatment = st.selectbox(
        "Treatment",
        figures_treatments.ORDER,
        figures_treatments.ORDER.index("AnB"),
        format_func=lambda name: f"{name}: {figures_treatments.SHORT[name]}",
        key=_TREATMENT,
        bind="query-params",
        label_visibility="collapsed",
    )
    n = st.slider(
        "Layers copied, n",
        1,
        depth - 1,
        4,
        key=_N,
        bind="query-params",
        help="Chooses a point of the curves; clicking the point does the same. Its runs are listed below the charts.",
    )
    with drawing:
        st.plotly_chart(
            figures_treatments.treatments(n, depth, treatment),
            key=_DRAWING,
            on_select=_take_treatment,
            selection_mode="points",
            config=theme.CONFIG,
            alt=figures_treatments.describe(n, depth),
        )
    return str(treatment), 0 if treatment == BASE else int(n)


def _picture(side: _Side, y_range: tuple[float, float], relative: bool, noise: bool, selected: tuple[str, int]) -> None:
    st.markdown(f"**{side.title}**")
    if not figures.shown(side.lines, noise=noise):
        st.info(f"No curve yet: {side.missing}.", icon=":material/hourglass_top:")
        return
    key = f"general_curves_{side.name}"
    st.plotly_chart(
        figures.curves(
            side.lines, side.comparisons, y_range=y_range, depth=EIGHT.depth, relative=relative, noise=noise,
            selected=selected, height=_HEIGHT,
        ),
        key=key,
        on_select=lambda: _take_point(key),
        selection_mode="points",
        config=theme.CONFIG,
        alt=figures.describe(side.lines, side.title, noise=noise, relative=relative),
    )  # fmt: skip


def _take_point(chart: str) -> None:
    """Copy a clicked point into the two choices; the chart forgets it when it is drawn anew."""
    if found := figures.clicked(state.get(chart)):
        treatment, n = found
        state.put(_TREATMENT, treatment)
        if n:
            state.put(_N, n)


def _take_treatment() -> None:
    if found := figures_treatments.clicked(state.get(_DRAWING)):
        state.put(_TREATMENT, found)
