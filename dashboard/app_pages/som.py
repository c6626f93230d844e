"""A self-organising map: watch it take the shape of the data, read it, follow one step, and see it go wrong."""

import streamlit as st

from dashboard import state
from dashboard.views.som import cache as som_cache
from dashboard.views.som import depth, failures, one_step, reading, rotation, worked_example
from dashboard.views.som.controls import som_controls
from dashboard.views.som.formulas import formulas
from dashboard.views.som.watch import choose_map, som_panel
from dashboard.widgets.page import header
from models.som.film import version

header(
    "Self-organising map",
    "Every cell is a unit with weights of its own; training makes neighbours alike, until they map the data.",
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
if view in views:
    views[view]()
else:
    controls, picture = st.columns([4, 11], gap="medium")
    with controls:
        som_controls(chosen)
    with picture:
        run = choose_map(chosen.owner)
        task = som_panel(run)
    record = som_cache.som_example() if run is None else som_cache.som_film(run.id, version(run))
    if record is not None:
        st.markdown("##### What a step does")
        formulas(task, record.bmu.shape[1])
        st.caption(
            "T. Kohonen: Self-organized formation of topologically correct feature maps. "
            "Biological Cybernetics 43, 1982."
        )
