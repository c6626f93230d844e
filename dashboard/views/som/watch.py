"""A map that trains or has trained: its film, and the unit chosen in it."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.figures import theme
from dashboard.views.som import cache, export, unit
from dashboard.widgets.jobs import choose_job, job_panel, while_active
from dashboard.widgets.page import not_shown
from dashboard.widgets.player.player import Film, Series, player, shares
from models.som.data import SomTask
from models.som.film import ATLAS_COLUMNS, SOM, TILE, SomRecord, frame_bytes, net
from models.storage import runs
from models.wording import percent, significant

EXAMPLE = "example"
_END_S = 15.0  # a cancelled worker has heard of it by then, and has written the end of its film
HEIGHT = 420  # px of the lattice
LIMITS = (
    "A self-organising map does not show distances: neighbouring units may be far apart in the data (see its "
    "U-matrix), and groups that lie apart in the data can lie side by side here."
)
ERRORS = (
    "Quantisation error: how far a sample is from the weights of its BMU, the nearest unit, on average. Topographic "
    "error: the share of samples whose two nearest units do not touch. Of units equally near, the first counts as "
    "nearer, row by row from the top left; where many units have the same weights, the topographic error says little."
)
NET_LIMITS = (
    "Lines join neighbours on the lattice. The net does not show how many samples a unit stands for: choose a unit, or "
    "look at the hits."
)


def choose_map(owner: str, example: SomTask | None = None) -> runs.Run | None:
    """Draw the choice among the visitor's maps and return the run; None is `example`, or else that of `task_of`."""
    return choose_job(SOM, owner, "Map", (example or task_of(None)).title, key="som_map")


def task_of(run: runs.Run | None) -> SomTask:
    """Return what a run trains on; without a run that of the example."""
    return SomTask() if run is None else SOM.spec_of(run)


def film_of(record: SomRecord, identity: str, epochs: int) -> Film:
    """Return what the player needs of a record."""
    frames, cloud = _drawn(record)
    series = [
        Series("Quantisation error", tuple(record.quantization_error.tolist())),
        Series("Topographic error", tuple(record.topographic_error.tolist()), percent=True),
        Series("Radius σ", tuple(record.radius.tolist())),
    ]
    if not np.isnan(record.rate).any():
        series.append(Series("Learning rate", tuple(record.rate.tolist())))
    is_rgb = record.kind == "colours" and len(record.cloud) > 0
    labelled = not is_rgb and len(record.labels) > 0  # a named colour is seen
    return Film(
        identity,
        record.rows,
        record.columns,
        record.kind,
        frames,
        tuple(f"Epoch {significant(epoch)} of {epochs}" for epoch in record.epochs),
        tuple(series),
        atlas=record.atlas.tobytes(),
        atlas_columns=ATLAS_COLUMNS,
        tile=TILE,
        classes=tuple(zip(record.classes, itertools.cycle(theme.CLASS_COLOURS), strict=False)) if labelled else (),
        shares=shares(record.bmu, record.labels, record.rows * record.columns) if labelled else b"",
        lattice=record.lattice,
        toroid=record.toroid,
        cloud=cloud.tobytes(),
        cloud_types=record.cloud_labels.astype(np.uint8).tobytes(),
        depth=record.cloud.shape[1],
        note=" ".join(_notes(record)),
    )


def _drawn(record: SomRecord) -> tuple[tuple[bytes, ...], NDArray[Any]]:
    """Return the frames and the cloud as the player takes them: points as float32.

    Points in float64 are drawn from the middle of the cloud, where float32 has digits enough for them.
    """
    numbers = range(len(record.sizes))
    if record.kind != "net" or record.codebook.dtype == np.float32:
        return tuple(frame_bytes(record, number).tobytes() for number in numbers), record.cloud
    middle = (record.cloud.min(axis=0) + record.cloud.max(axis=0)) / 2
    frames = ((net(record, number) - middle).astype("<f4").tobytes() for number in numbers)
    return tuple(frames), (record.cloud - middle).astype("<f4")


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


def draw(run: runs.Run | None) -> None:
    """Draw the film of a run (None: the example), which grows while the run trains."""
    task = task_of(run)
    active = run is not None and run.status.active
    ending = run is not None and _ending(run)

    def panel() -> None:
        if ending and run is not None and not _ending(run):
            st.rerun()
        record = cache.film(run)
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
            f"{task.title}: the weights of every unit {place}, from before training to after. "
            f"Quantisation error {significant(record.quantization_error[-1])} at the last frame."
        )
        picked = player(film, key="som_player", alt=alt, height=HEIGHT, live=not record.complete and active)
        st.caption(
            f"At the end: quantisation error {significant(record.quantization_error[-1])}, topographic error "
            f"{percent(record.topographic_error[-1])}.",
            help=ERRORS,
        )
        not_shown(NET_LIMITS if film.kind == "net" else LIMITS)
        if picked is not None:
            unit.draw(record, task, *picked)
        if record.complete:
            export.draw(record, task, None if run is None else run.folder)

    if run is None:
        panel()
    elif ending:
        job_panel(run.id, key="som_job")
        while_active(True, panel)
    else:
        job_panel(run.id, key="som_job", below=panel)


def _ending(run: runs.Run) -> bool:
    """Whether the worker of a cancelled run, which hears of it a moment later, has yet to write the end of the film."""
    status = run.status
    if status.state != "cancelled" or status.started is None or time.time() - (status.finished or 0.0) > _END_S:
        return False
    record = cache.film(run)
    return record is None or not record.complete
