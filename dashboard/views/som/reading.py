"""A trained map, read: maps of its units, the samples of a unit, the units of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import plain_label, safe_label
from dashboard.views.som import cache, figures, figures_classes, neighbours, weights
from dashboard.views.som.table_as_read import samples_as_rows
from dashboard.views.som.watch import choose_map, task_of
from dashboard.widgets.page import not_shown
from models.errors import FreezeframeError
from models.pictures import images
from models.som.data import SomTask, sample_pictures
from models.som.export import plain
from models.som.film import FEATURE_MAP, SomRecord
from models.som.lattice import Lattice
from models.som.measures import class_counts, hit_map, majority, purity, unit_errors
from models.som.samples import SomData
from models.som.search import nearest
from models.storage import runs
from models.wording import grouped, percent, significant

U_MATRIX, HITS, PLANE, PIES, LABELS, ERROR = "U-matrix", "Hits", "Component plane", "Class pies", "Labels", "Error"
HELP = (
    "U-matrix: how far a unit's weights are from its neighbours', on average; ridges part groups. Hits: how many "
    "samples have the unit as their BMU, the best-matching unit. Component plane: one weight of every unit. Pies and "
    "labels: the classes of a unit's samples, which training never saw. Error: how far a unit's samples are from its "
    "weights, on average."
)
_NOT_SHOWN = {
    U_MATRIX: "How far apart units are that are no neighbours.",
    HITS: "Whether a unit without samples is useless: it may bridge two groups. See the U-matrix.",
    PLANE: "Which unit is the nearest: distances use all weights, not one alone.",
    PIES: "Why samples fell where they did. The map never saw the classes.",
    LABELS: "The minority in a unit (see the pies), and how sure a border is.",
    ERROR: "Why an error is small: many units in one place give a small one as well as a good fit.",
}
_HEIGHT = 430
_MOST_TILES = 36
_UNIT, _SAMPLE = "A unit", "A sample"
_PICKED, _SHOW = "som_read_picked", "som_read_show"


@dataclass(frozen=True, eq=False)
class _Reading:
    """A map with what it was trained on (None where that is gone)."""

    record: SomRecord
    task: SomTask
    lattice: Lattice
    best: NDArray[np.int64]
    data: SomData | None

    @property
    def units(self) -> int:
        """How many units the map has."""
        return self.record.rows * self.record.columns


def draw(owner: str) -> None:
    """Draw the choice of a map, one of its pictures, and a unit or a sample beside it."""
    choice, layers = st.columns([6, 9], gap="medium", vertical_alignment="bottom")
    with choice:
        shipped = cache.feature_map()
        run = choose_map(owner, None if shipped is None else FEATURE_MAP)
    reads_shipped = run is None and shipped is not None
    record = shipped if reads_shipped else cache.film(run)
    if record is None:
        waiting = run is not None and run.status.active
        begins = "This map begins to train; look again in a moment."
        st.info(begins if waiting else "Nothing was recorded. Train this map again.")
        return
    reading = _read(record, FEATURE_MAP if reads_shipped else task_of(run), run)
    _say(reading)
    with layers:
        layer = _choose_layer(reading)
    picture, beside = st.columns([9, 6], gap="medium")
    with beside:
        marks, show = _beside(reading)
    with picture:
        _picture(reading, layer, marks)
        not_shown(_NOT_SHOWN[layer])
    with beside:
        show()
    neighbours.draw(record, reading.task)


def _read(record: SomRecord, task: SomTask, run: runs.Run | None) -> _Reading:
    try:
        data = cache.samples(task, run.id if run else "")
    except FreezeframeError:
        data = None
    lattice = Lattice(record.rows, record.columns, record.lattice, record.toroid)
    return _Reading(record, task, lattice, record.bmu[-1].astype(np.int64), data)


def _say(reading: _Reading) -> None:
    """Leave, for the tour, how well the units of a map tell classes apart that its training never saw."""
    record = reading.record
    if len(record.labels):
        of_unit, _ = majority(reading.best, record.labels, reading.units, len(record.classes))
        share = purity(reading.best, record.labels, of_unit)
        state.say(
            f"{percent(share)} of {grouped(len(record.labels))} samples lie on a unit whose most frequent class is "
            "their own."
        )


def _choose_layer(reading: _Reading) -> str:
    classes = len(reading.record.labels) > 0
    few = reading.units <= figures.MOST_PIES
    offered = [U_MATRIX, HITS, PLANE, *([PIES] if classes and few else []), *([LABELS] if classes else []), ERROR]
    first = PIES if PIES in offered else U_MATRIX
    if state.get("som_read_layer") not in (None, *offered):
        state.put("som_read_layer", first)
    return str(
        st.segmented_control(
            "Picture of the map",
            offered,
            default=first,
            key="som_read_layer",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
            help=HELP,
        )
    )


def _picture(reading: _Reading, layer: str, marks: dict[str, int]) -> None:
    figure, alt = _figure(reading, layer, marks)
    st.plotly_chart(
        figure,
        key="som_read_map",
        on_select=_take_click,
        selection_mode="points",
        config=theme.CONFIG,
        alt=alt,
    )


def _figure(reading: _Reading, layer: str, marks: dict[str, int]) -> tuple[Any, str]:
    record, lattice = reading.record, reading.lattice
    shape = (record.rows, record.columns)
    if layer in (PIES, LABELS):
        counts = class_counts(reading.best, record.labels, reading.units, len(record.classes))
        alt = f"{layer} of {record.rows} × {record.columns} units and {len(record.classes)} classes."
        if layer == PIES:
            return figures.pies(
                lattice, counts, figures_classes.colours_of(record.classes), height=_HEIGHT, marks=marks
            ), alt
        labels, shares = majority(reading.best, record.labels, reading.units, len(record.classes))
        figure = figures_classes.label_map(lattice, labels, shares, record.classes, height=_HEIGHT, marks=marks)
        return figure, alt
    signed, what = False, {U_MATRIX: "distance", HITS: "samples", ERROR: "mean distance"}.get(layer, "weight")
    if layer == U_MATRIX:
        values: NDArray[Any] = record.u_matrix
    elif layer == HITS:
        values = hit_map(reading.best, *shape)
    elif layer == ERROR:
        values = unit_errors(record.distances, reading.best, reading.units).reshape(shape)
    else:
        values, signed = record.codebook[..., _component(reading)], True
    figure = figures.numbers(lattice, values, what, height=_HEIGHT, marks=marks, signed=signed)
    return figure, figures.describe(values, layer)


def _component(reading: _Reading) -> int:
    """Draw the choice of a weight and return its number."""
    names = _names(reading.task, reading.record.codebook.shape[-1])
    chosen = st.selectbox(
        "Weight",
        range(len(names)),
        format_func=lambda number: names[number],
        key=f"som_read_component_{reading.task.source}_{len(names)}",
        help="Which of a unit's weights colours the map.",
    )
    return int(chosen)


def _names(task: SomTask, depth: int) -> list[str]:
    """Return what every weight of a map's units stands for, as plain text."""
    return [plain_label(name) for name in task.origin.feature_names(depth)]


def _take_click() -> None:
    """Keep a clicked unit, and show it."""
    points = state.get("som_read_map").selection.points
    if points and "customdata" in points[0]:
        clicked = points[0]["customdata"]
        state.put(_PICKED, int(clicked[0] if isinstance(clicked, list) else clicked))
        state.put(_SHOW, _UNIT)


def _beside(reading: _Reading) -> tuple[dict[str, int], Any]:
    """Draw the choice of a unit or a sample; return the units to mark, and what draws the rest."""
    show = st.segmented_control(
        "Look at", [_UNIT, _SAMPLE], default=_UNIT, key=_SHOW, required=True, label_visibility="collapsed"
    )
    if show == _UNIT:
        unit = _choose_unit(reading)
        return {"chosen": unit}, lambda: _unit(reading, unit)
    number = int(
        st.number_input("Sample", 0, len(reading.best) - 1, key="som_read_sample", help="Its number in the data.")
    )
    bmu, second = int(reading.best[number]), None
    if reading.data is not None and not reading.task.rotations and reading.units > 1:
        flat = reading.record.codebook.reshape(reading.units, -1)
        both = nearest(reading.data.features[number : number + 1], flat, second=True)
        second = int(both[0][0] if both[1][0] == bmu else both[1][0])
    marks = {"BMU": bmu} | ({} if second is None else {"runner-up": second})
    return marks, lambda: _sample(reading, number, bmu, second)


def _choose_unit(reading: _Reading) -> int:
    """Draw where a unit is; a click on the map writes it there. At first it is the one with most samples."""
    picked = state.get(_PICKED)
    if not (isinstance(picked, int) and 0 <= picked < reading.units):
        picked = int(np.bincount(reading.best, minlength=reading.units).argmax())
    row, column = divmod(picked, reading.record.columns)
    state.put("som_read_row", row)
    state.put("som_read_column", column)

    def keep() -> None:
        state.put(_PICKED, state.get("som_read_row") * reading.record.columns + state.get("som_read_column"))

    with st.container(horizontal=True, gap="small"):
        st.number_input("Row", 0, reading.record.rows - 1, key="som_read_row", on_change=keep, width=110)
        st.number_input("Column", 0, reading.record.columns - 1, key="som_read_column", on_change=keep, width=110)
    return picked


def _unit(reading: _Reading, unit: int) -> None:
    """Draw the samples whose BMU a unit is."""
    members = np.flatnonzero(reading.best == unit)
    st.markdown(
        f"Unit {divmod(unit, reading.record.columns)} is the BMU of **{len(members)}** of {len(reading.best)} samples."
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        own = reading.record.codebook.reshape(reading.units, -1)[unit]
        weights.tile(reading.task, own, 64)
        st.caption(f"W = {weights.in_words(own)}", width="stretch")
    if not len(members):
        st.caption("No sample is nearest to it. Its neighbours pulled it here.")
        return
    _classes(reading, members)
    _samples(reading, members)


def _classes(reading: _Reading, members: NDArray[np.int64]) -> None:
    record = reading.record
    if len(record.labels):
        counts = np.bincount(record.labels[members], minlength=len(record.classes))
        order = [number for number in np.argsort(-counts, kind="stable")[:4].tolist() if counts[number]]
        st.caption(" · ".join(f"{safe_label(record.classes[number])} {counts[number]}" for number in order))


def _samples(reading: _Reading, members: NDArray[np.int64]) -> None:
    """Draw samples as pictures where they are some, else as rows of a table."""
    if reading.task.origin.is_pictured:
        shown = sample_pictures(reading.task, members[:_MOST_TILES])
        tiles = np.stack([images.enlarge(one, 52) for one in shown])
        st.image(
            _mosaic(tiles),
            alt=f"{len(tiles)} samples of this unit",
        )
        if len(members) > _MOST_TILES:
            st.caption(f"The first {_MOST_TILES}.")
    elif reading.data is not None:
        few = members[:100]
        # The browser offers what a table shows as a file for spreadsheets, and leaves names as they are.
        names = [plain(name) for name in _names(reading.task, reading.data.features.shape[1])]
        st.dataframe(samples_as_rows(reading.task, reading.data, few, names), key="som_read_rows", height=250)


def _mosaic(tiles: NDArray[np.uint8], columns: int = 6, gap: int = 2) -> NDArray[np.uint8]:
    """Return pictures in rows, transparent where there is none, uint8 (H, W, 4)."""
    columns = min(columns, len(tiles))
    opaque = images.tile(np.full_like(tiles, 255), columns, gap, background=0)[..., :1]
    return np.concatenate([images.tile(tiles, columns, gap), opaque], axis=-1)


def _sample(reading: _Reading, number: int, bmu: int, second: int | None) -> None:
    """Draw one sample with the two units nearest to it."""
    _samples(reading, np.array([number]))
    record, columns = reading.record, reading.record.columns
    if len(record.labels):
        st.caption(f"Class: {safe_label(record.classes[record.labels[number]])}")
    lines = [f"◯ BMU {divmod(bmu, columns)}, distance **{significant(record.distances[number])}**"]
    if second is not None and reading.data is not None:
        other = record.codebook.reshape(reading.units, -1)[second]
        distance = float(np.linalg.norm(reading.data.features[number] - other))
        touch = bool(reading.lattice.touching(np.array([bmu]), np.array([second]))[0])
        lines.append(f"◇ runner-up {divmod(second, columns)}, distance **{significant(distance)}**")
        if np.float32(distance) == record.distances[number]:
            lines.append("Both are equally near: the first, row by row from the top left, counts as the BMU.")
        lines.append(
            "They touch: here the map keeps the order of the data."
            if touch
            else "They do not touch: this sample counts into the topographic error."
        )
    st.markdown("  \n".join(lines))
