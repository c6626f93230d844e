"""A map that trains or has trained: its film, the unit chosen in it, its formulas, its U-matrix and hits."""

from __future__ import annotations

import itertools

import numpy as np
import streamlit as st

from dashboard import cache, state
from dashboard.components.job_panel import job_panel
from dashboard.components.player import Film, Series, player, shares
from dashboard.components.som_controls import title
from dashboard.figures import som as figures
from dashboard.figures import theme
from models import images, runs
from models.som_data import SomTask, sample_pictures
from models.som_measures import hit_map
from models.som_record import ATLAS_COLUMNS, TILE, SomRecord, unit_picture, version

EXAMPLE = "example"
HEIGHT = 420  # px of the lattice
LIMITS = (
    "The map does not show distances: neighbouring units may be far apart in the data (see the U-matrix below), and "
    "groups that lie apart in the data can lie side by side here."
)
_POLL_S = 0.8


def choose_map(owner: str) -> runs.Run | None:
    """Draw the choice among the visitor's maps and return the run; None is the example."""
    shown = state.som_run()
    mine = {run.id: run for run in [*runs.listing(owner, "som"), *([shown] if shown else [])]}
    names = {"": f"Example: {title(SomTask())}"} | {key: run.title for key, run in mine.items()}
    state.put("som_map", shown.id if shown else "")
    chosen = st.selectbox(
        "Map",
        list(names),
        format_func=lambda key: names[key],
        key="som_map",
        label_visibility="collapsed",
        on_change=lambda: state.put("ff_map", state.get("som_map")),
    )
    return mine.get(chosen)


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
    units = record.rows * record.columns
    labelled = record.kind != "colours" and len(record.labels) > 0
    return Film(
        identity,
        record.rows,
        record.columns,
        "colours" if record.kind == "colours" else "pictures" if record.kind == "pictures" else "nearest",
        frames,
        tuple(f"Epoch {epoch:.3g} of {epochs}" for epoch in record.epochs),
        tuple(series),
        record.atlas.tobytes(),
        ATLAS_COLUMNS,
        TILE,
        tuple(zip(record.classes, itertools.cycle(theme.CLASS_COLOURS), strict=False)) if labelled else (),
        shares(record.bmu, record.labels, units) if labelled else b"",
    )


def som_panel(run: runs.Run | None) -> SomTask:
    """Draw the film of a run (None: the example), which grows while the run trains; return the task behind it."""
    task = SomTask() if run is None else SomTask.from_json(run.spec)
    active = run is not None and run.status.active
    if run is not None:
        job_panel(run.id, key="som_job")

    @st.fragment(run_every=_POLL_S if active else None)
    def panel() -> None:
        record = cache.som_example() if run is None else cache.som_film(run.id, version(run))
        if record is None:
            st.skeleton(height=HEIGHT + 80) if active else st.info("Nothing was recorded. Train this map again.")
            return
        film = film_of(record, EXAMPLE if run is None else run.id, task.som.epochs)
        alt = (
            f"{title(task)}: the weights of every unit at its place on the lattice, from before training to after. "
            f"Quantization error {record.quantization_error[-1]:.3g} at the last frame."
        )
        picked = player(film, key="som_player", alt=alt, height=HEIGHT, live=not record.complete and active)
        st.caption(LIMITS)
        if picked is not None:
            unit_panel(record, task, *picked)

    panel()
    return task


def unit_panel(record: SomRecord, task: SomTask, row: int, column: int, frame: int) -> None:
    """Draw one unit's weights at a frame, and the samples whose BMU it is."""
    frame = min(frame, len(record.sizes) - 1)
    members = np.flatnonzero(record.bmu[frame] == row * record.columns + column)
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


def formulas(task: SomTask, samples: int) -> None:
    """Typeset what a step does, with the values of this map filled in."""
    som = task.som
    steps = som.steps(samples)
    constant = rf"s_n = \tfrac{{{steps}}}{{{som.decay:g}}}" + (
        rf" = {steps / som.decay:.4g}" if som.decay else r" = \infty"
    )
    theta = r"\theta_i(s) = \exp\!\left(-\frac{\lVert r_i - r_{\mathrm{BMU}}\rVert^2}{2\,\sigma(s)^2}\right)"
    sigma = rf"\sigma(s) = {som.radius0:g}\,e^{{-s/s_n}}"
    if som.method == "online":
        st.latex(rf"W_i \leftarrow W_i + LR(s)\,\theta_i(s)\,(x - W_i) \qquad {theta}")
        st.latex(rf"LR(s) = {som.rate0:g}\,e^{{-s/s_n}} \qquad {sigma} \qquad {constant}")
    else:
        st.latex(rf"W_i \leftarrow \frac{{\sum_x \theta_i(s)\,x}}{{\sum_x \theta_i(s)}} \qquad {theta}")
        st.latex(rf"{sigma} \qquad {constant}")
    st.caption(
        "s counts steps, r is a place on the lattice, W are weights, x is a sample. The neighbourhood θ is measured on "
        "the lattice and squared; measured between weights instead, the map would lose its order."
    )


def measures(record: SomRecord) -> None:
    """Draw the U-matrix and the hits of the last frame side by side."""
    left, right = st.columns(2, gap="medium")
    hits = hit_map(record.bmu[-1].astype(np.int64), record.rows, record.columns)
    with left:
        st.markdown(
            "**U-matrix**", help="Mean distance of a unit's weights to its neighbours': bright ridges part groups."
        )
        st.plotly_chart(
            figures.lattice(record.u_matrix, "distance"),
            key="som_umatrix",
            config=theme.CONFIG,
            alt=figures.describe(record.u_matrix, "U-matrix"),
        )
    with right:
        st.markdown("**Hits**", help="How many samples have the unit as their BMU, the best-matching unit.")
        st.plotly_chart(
            figures.lattice(hits, "samples"), key="som_hits", config=theme.CONFIG, alt=figures.describe(hits, "Hits")
        )
