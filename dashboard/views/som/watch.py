"""A map that trains or has trained: its film, and the unit chosen in it."""

from __future__ import annotations

import itertools
import time
from typing import Literal, cast

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard import state
from dashboard.figures import theme
from dashboard.views.som import cache as som_cache
from dashboard.views.som.export import export
from dashboard.views.som.titles import title
from dashboard.widgets.jobs import choose_job, job_panel, while_active
from dashboard.widgets.player.player import Film, Series, player, shares
from models.errors import InputError
from models.pictures import images
from models.som import data as som_data
from models.som.data import SomTask, load, sample_pictures
from models.som.film import ATLAS_COLUMNS, TILE, SomRecord, net, unit_picture, version
from models.storage import runs

# FOLDED dashboard/views/som/watch.py: One unit of a map of points or of a table: its weights and its samples are
# numbers, not pictures.

MOST = 100  # samples listed


def unit_numbers(
    record: SomRecord, task: SomTask, row: int, column: int, frame: int, members: NDArray[np.int64]
) -> None:
    """Draw the weights of a unit at a frame beside the mean of its samples, and these samples, each a row."""
    names = list(task.columns) or ["x", "y", "z"][: record.codebook.shape[-1]]
    try:
        data = load(task)
    except InputError as error:
        st.info(str(error), icon=":material/info:")
        return
    shown = {}
    if record.kind == "net":
        shown["weights"] = net(record, frame)[row, column]
    elif frame == len(record.sizes) - 1:
        shown["weights"] = record.codebook[row, column]
    if len(members):
        shown["mean of its samples"] = data.features[members].mean(axis=0)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown(f"**Unit ({row}, {column})**, epoch {record.epochs[frame]:.3g}")
        st.dataframe(pd.DataFrame(shown, index=pd.Index(names, name="column")), key="som_unit_weights")
        if task.source == "table" and task.standardise:
            st.caption("In standard deviations from the column's mean.")
        if "weights" not in shown:
            st.caption("The weights are kept for the last frame only.")
    with right:
        st.markdown(f"It is the BMU of **{len(members)}** of {record.bmu.shape[1]} samples.")
        if len(members):
            few = members[:MOST]
            table = pd.DataFrame(data.features[few], index=pd.Index(few, name="sample"), columns=names)
            if len(data.labels):
                table.insert(0, "class", [data.classes[label] for label in data.labels[few]])
            st.dataframe(table, key="som_unit_samples", height=240)


# FOLDED dashboard/views/som/watch.py: One unit of a map at a frame of its film: its weights, and the samples whose
# BMU it is.


def unit_panel(record: SomRecord, task: SomTask, row: int, column: int, frame: int) -> None:
    """Draw one unit's weights at a frame, and the samples whose BMU it is."""
    frame = min(frame, len(record.sizes) - 1)
    members = np.flatnonzero(record.bmu[frame] == row * record.columns + column)
    if task.source in (*som_data.SHAPES, "table"):
        unit_numbers(record, task, row, column, frame, members)
        return
    weights, samples = st.columns([2, 5], gap="medium")
    with weights:
        st.markdown(f"**Unit ({row}, {column})**, epoch {record.epochs[frame]:.3g}")
        picture = unit_picture(record, task, frame, row, column)
        st.image(images.enlarge(picture, 96), width=96, alt=f"The weights of unit ({row}, {column}) as a picture")
        if record.kind == "colours":
            st.caption("W = (" + ", ".join(f"{value / 255:.2f}" for value in picture.ravel()) + ")")
        elif record.kind == "nearest":
            st.caption("The picture nearest to its weights")
    with samples:
        st.markdown(f"It is the BMU of **{len(members)}** of {record.bmu.shape[1]} samples.")
        if len(members):
            count = len(members) if len(members) <= 10 else min(30, len(members) // 10 * 10)  # whole rows of ten
            shown = sample_pictures(task, members[:count])
            tiles = np.stack([images.enlarge(one, 48) for one in shown])
            st.image(
                images.tile(tiles, min(10, count), gap=2, background=(127, 139, 147)),
                alt=f"{count} samples of this unit",
            )


EXAMPLE = "example"
_END_S = 15.0  # a cancelled worker has heard of it by then, and has written the end of its film
HEIGHT = 420  # px of the lattice
LIMITS = (
    "The map does not show distances: neighbouring units may be far apart in the data (see its U-matrix), and "
    "groups that lie apart in the data can lie side by side here."
)
NET_LIMITS = (
    "Lines join neighbours on the lattice. The net does not show how many samples a unit stands for: choose a unit, or "
    "look at the hits."
)


def choose_map(owner: str) -> runs.Run | None:
    """Draw the choice among the visitor's maps and return the run; None is the example."""
    mine = runs.listing(owner, "som")
    return choose_job("Map", mine, state.som_run(), title(SomTask()), key="som_map", shared="ff_map")


def film_of(record: SomRecord, identity: str, epochs: int) -> Film:
    """Return what the player needs of a record."""
    ends = itertools.accumulate(record.sizes.tolist())
    frames = tuple(record.frames[end - size : end].tobytes() for end, size in zip(ends, record.sizes, strict=True))
    series = [
        Series("Quantization error", tuple(record.quantization_error.tolist())),
        Series("Topographic error", tuple(record.topographic_error.tolist()), percent=True),
        Series("Radius σ", tuple(record.radius.tolist())),
    ]
    if not np.isnan(record.rate).any():
        series.append(Series("Learning rate", tuple(record.rate.tolist())))
    is_rgb = record.kind == "colours" and len(record.cloud) > 0
    labelled = not is_rgb and len(record.labels) > 0  # a named colour is seen, not told
    return Film(
        identity,
        record.rows,
        record.columns,
        cast(Literal["colours", "pictures", "nearest", "net"], record.kind),
        frames,
        tuple(f"Epoch {epoch:.3g} of {epochs}" for epoch in record.epochs),
        tuple(series),
        atlas=record.atlas.tobytes(),
        atlas_columns=ATLAS_COLUMNS,
        tile=TILE,
        classes=tuple(zip(record.classes, itertools.cycle(theme.CLASS_COLOURS), strict=False)) if labelled else (),
        shares=shares(record.bmu, record.labels, record.rows * record.columns) if labelled else b"",
        lattice=record.lattice,
        toroid=record.toroid,
        cloud=record.cloud.tobytes(),
        cloud_types=record.cloud_labels.astype(np.uint8).tobytes(),
        depth=record.cloud.shape[1],
        note=" ".join(_notes(record)),
    )


def _notes(record: SomRecord) -> list[str]:
    """Return what the viewer should know about a film, in whole sentences."""
    notes = []
    if record.toroid:
        notes.append("Toroid: the left edge touches the right one, the top touches the bottom.")
    if record.kind == "colours" and not len(record.cloud):
        notes.append("Colour: the data's first three principal components as red, green and blue.")
    if record.planned < record.wanted:
        notes.append(f"Thinned to {record.planned} of {record.wanted} moments: more would be too much to send.")
    return notes


def som_panel(run: runs.Run | None) -> SomTask:
    """Draw the film of a run (None: the example), which grows while the run trains; return the task behind it."""
    task = SomTask() if run is None else SomTask.from_json(run.spec)
    active = run is not None and run.status.active
    ending = run is not None and _ending(run)

    def panel() -> None:
        if ending and run is not None and not _ending(run):
            st.rerun()
        record = som_cache.som_example() if run is None else som_cache.som_film(run.id, version(run))
        if record is None:
            st.skeleton(height=HEIGHT + 80) if active else st.info("Nothing was recorded. Train this map again.")
            return
        film = film_of(record, EXAMPLE if run is None else run.id, task.som.epochs)
        place = (
            "in the space of the data, joined to its neighbours"
            if film.kind == "net"
            else "at its place on the lattice"
        )
        alt = (
            f"{title(task)}: the weights of every unit {place}, from before training to after. "
            f"Quantization error {record.quantization_error[-1]:.3g} at the last frame."
        )
        picked = player(film, key="som_player", alt=alt, height=HEIGHT, live=not record.complete and active)
        st.caption(NET_LIMITS if film.kind == "net" else LIMITS)
        if picked is not None:
            unit_panel(record, task, *picked)
        if record.complete:
            export(record, task, None if run is None else run.folder)

    if run is None:
        panel()
    elif ending:
        job_panel(run.id, key="som_job")
        while_active(True, panel)
    else:
        job_panel(run.id, key="som_job", below=panel)
    return task


def _ending(run: runs.Run) -> bool:
    """Whether the worker of a cancelled run, which hears of it a moment later, has yet to write the end of the film."""
    status = run.status
    if status.state != "cancelled" or status.started is None or time.time() - (status.finished or 0.0) > _END_S:
        return False
    record = som_cache.som_film(run.id, version(run))
    return record is None or not record.complete
