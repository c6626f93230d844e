"""A self-organising map: watch it take the shape of the data, read it, and see why it comes out as it does."""

import streamlit as st

from dashboard import cache, state
from dashboard.components import som_step_panel, som_worked_panel
from dashboard.components.page import header
from dashboard.components.som_controls import som_controls
from dashboard.components.som_formulas import formulas
from dashboard.components.som_panel import choose_map, som_panel
from dashboard.components.som_reading_panel import measures
from models.som_record import version

WATCH, READ, STEP, WORKED = "Watch", "Read the map", "One step", "Worked example"

header(
    "Self-organising map",
    "Every cell is a unit with weights of its own; training makes neighbours alike, until they map the data.",
)
chosen = state.selection()
view = st.segmented_control(
    "View",
    [WATCH, READ, STEP, WORKED],
    default=WATCH,
    key="som_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
if view == WATCH:
    controls, picture = st.columns([4, 11], gap="medium")
    with controls:
        som_controls(chosen)
    with picture:
        run = choose_map(chosen.owner)
        task = som_panel(run)
    record = cache.som_example() if run is None else cache.som_film(run.id, version(run))
    if record is not None:
        st.markdown("##### One step")
        formulas(task, record.bmu.shape[1])
        st.caption(
            "T. Kohonen: Self-organized formation of topologically correct feature maps. "
            "Biological Cybernetics 43, 1982."
        )
elif view == READ:
    run = choose_map(chosen.owner)
    record = cache.som_example() if run is None else cache.som_film(run.id, version(run))
    if record is None:
        st.info("Nothing was recorded. Train this map again.")
    else:
        measures(record)
elif view == STEP:
    som_step_panel.draw()
elif view == WORKED:
    som_worked_panel.draw()
