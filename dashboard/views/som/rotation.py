"""The plain map and the one that ignores rotations, side by side, with the purity of both."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.views.som import figures_classes
from dashboard.views.som.depth import PURITY_HELP
from dashboard.widgets import work
from dashboard.widgets.page import not_shown
from models.pictures import datasets
from models.som.rotation import ROTATION, SIDE, TURNS, RotationResult, RotationTask
from models.wording import fixed, grouped, percent

TITLES = ("Plain map", "Rotation-invariant map")
_KEY = "som_rotation"
_HELP = (
    "For each unit the picture is turned and mirrored until it fits best; the smallest of these distances chooses the "
    "BMU, and the unit learns the picture in that pose."
)


def draw(chosen: state.Selection) -> None:
    """Draw both maps on the pictures of the chosen data."""
    data = datasets.get(chosen.dataset)
    controls, maps = st.columns([3, 11], gap="medium")
    with controls:
        task = _task(chosen.dataset)
        found = work.find(ROTATION, task, chosen.owner)
        if found.shipped:
            st.caption(work.SHIPPED)
    with maps:
        st.markdown(
            "Galaxies have no upper side: a plain map spends its units on angles, the other one on shapes."
            if data.id == "galaxies"
            else f"{data.title}, each picture as it is, and each turned and mirrored until it fits.",
            help=_HELP,
        )
        if found.result is not None:
            _both(found.result, task)
            return
        what = (
            f"{2 * task.seeds} maps of {task.rows} × {task.columns} units, {task.n_poses} poses of each of "
            f"{grouped(data.size)} pictures"
        )
        work.offer(
            ROTATION, task, found.run, owner=chosen.owner, what=what, button="Measure", key=_KEY, beside=controls
        )
        work.progress(found.run, _KEY)


def _task(dataset: str) -> RotationTask:
    usual = RotationTask(dataset)
    turns = st.segmented_control(
        "Turns",
        TURNS,
        default=usual.turns,
        key="som_rotation_turns",
        bind="query-params",
        required=True,
        width="stretch",
        help="Poses in a full turn: quarter turns move pixels exactly, finer ones mix neighbouring pixels.",
    )
    mirror = st.toggle(
        "Mirrored, too", usual.mirror, key="som_rotation_mirror", bind="query-params", help="Twice as many poses."
    )
    side = st.number_input(
        "Rows and columns", 2, 16, usual.rows, 1, key="som_rotation_side", bind="query-params", help="Of both maps."
    )
    seeds = st.number_input(
        "Seeds", 1, 10, usual.seeds, 1, key="som_rotation_seeds", bind="query-params",
        help="Maps of each kind: a difference smaller than their spread means nothing.",
    )  # fmt: skip
    return RotationTask(dataset, int(side), int(side), turns=int(turns or usual.turns), mirror=mirror, seeds=int(seeds))


def _both(result: RotationResult, task: RotationTask) -> None:
    classes = datasets.get(task.dataset).classes
    for kind, column in enumerate(st.columns(2, gap="medium")):
        with column:
            st.markdown(f"**{TITLES[kind]}: {percent(result.purity[kind].mean())} pure**", help=PURITY_HELP)
            st.caption(spread(result, kind))
            st.plotly_chart(
                figures_classes.units(
                    result.mosaics[kind],
                    (task.rows, task.columns),
                    result.unit_classes[kind],
                    result.unit_shares[kind],
                    classes,
                ),
                key=f"som_rotation_map_{kind}",
                config=theme.CONFIG,
                alt=f"{TITLES[kind]}: the weights of {task.rows} × {task.columns} units as pictures, framed in the "
                f"colour of the unit's class; purity {percent(result.purity[kind].mean())}.",
            )
    st.caption(
        f"± is one standard deviation. Pictures are grey, {SIDE} × {SIDE} pixels, sky at zero, all equally bright. You "
        "see the maps of the first seed; frames show the most frequent class. K. Polsterer et al.: PINK, 2015. T. "
        "Galvin et al.: Radio Galaxy Zoo, PASP 131, 2019."
    )
    not_shown("What happens where orientation carries meaning: a 6 turned upside down is a 9.")


def spread(result: RotationResult, kind: int) -> str:
    """Return the purity of one kind of map with its spread over the seeds."""
    values = result.purity[kind]
    if len(values) == 1:
        return f"1 seed; n = {grouped(result.n_test)} unseen pictures"
    return (
        f"± {fixed(100 * np.std(values, ddof=1), 1)} points over {len(values)} seeds; "
        f"n = {grouped(result.n_test)} unseen pictures"
    )
