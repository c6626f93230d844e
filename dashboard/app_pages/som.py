"""A self-organising map: watch it take the shape of the data, read it, follow one step, and see it go wrong."""

import streamlit as st

from dashboard import state
from dashboard.views.som import (
    cache,
    controls,
    depth,
    failures,
    formulas,
    one_step,
    reading,
    rotation,
    watch,
    worked_example,
)
from dashboard.widgets.page import header, stage

header(
    "Self-organising map",
    "Each cell holds a prototype. Training makes neighbouring prototypes similar, so the grid becomes a map of the "
    "data.",
)
chosen = state.selection()
views = {
    "Read the map": lambda: reading.draw(chosen.owner),
    "One step": one_step.draw,
    "Worked example": worked_example.draw,
    "Depth": lambda: depth.draw(chosen),
    "Rotation": lambda: rotation.draw(chosen),
    "When it goes wrong": failures.draw,
}
view = st.segmented_control(
    "View",
    ["Watch", *views],
    default="Watch",
    key="som_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
with stage(f"som {view}"):
    if view in views:
        views[view]()
    else:
        settings, picture = st.columns([4, 11], gap="medium")
        with settings:
            controls.draw(chosen)
        with picture:
            run = watch.choose_map(chosen.owner)
            watch.draw(run)
        if (record := cache.film(run)) is not None:
            st.markdown("## What a step does")
            formulas.draw(watch.task_of(run).som, record.bmu.shape[1])
            st.caption(
                "T. Kohonen: Self-organized formation of topologically correct feature maps. "
                "Biological Cybernetics 43, 1982."
            )
