"""A self-organising map: watch it take the shape of the data, read it, follow one step, and see it go wrong."""

import streamlit as st

from dashboard import cache, state
from dashboard.components import (
    som_depth_panel,
    som_failures_panel,
    som_reading_panel,
    som_rotation_panel,
    som_step_panel,
    som_worked_panel,
)
from dashboard.components.page import header
from dashboard.components.som_controls import som_controls
from dashboard.components.som_formulas import formulas
from dashboard.components.som_panel import choose_map, som_panel
from models.som_record import version

header(
    "Self-organising map",
    "Every cell is a unit with weights of its own; training makes neighbours alike, until they map the data.",
)
chosen = state.selection()
views = {
    "Read the map": lambda: som_reading_panel.draw(chosen.owner),
    "One step": som_step_panel.draw,
    "Worked example": som_worked_panel.draw,
    "Depth": lambda: som_depth_panel.draw(chosen),
    "Rotation": lambda: som_rotation_panel.draw(chosen),
    "When it goes wrong": som_failures_panel.draw,
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
    record = cache.som_example() if run is None else cache.som_film(run.id, version(run))
    if record is not None:
        st.markdown("##### What a step does")
        formulas(task, record.bmu.shape[1])
        st.caption(
            "T. Kohonen: Self-organized formation of topologically correct feature maps. "
            "Biological Cybernetics 43, 1982."
        )
