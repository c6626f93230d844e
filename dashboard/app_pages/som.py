"""A self-organising map: watch a lattice of units take the shape of the data."""

import streamlit as st

from dashboard import cache, state
from dashboard.components.page import header
from dashboard.components.som_controls import som_controls
from dashboard.components.som_panel import choose_map, formulas, measures, som_panel
from models.som_record import version

header(
    "Self-organising map",
    "Every cell is a unit with weights of its own; training makes neighbours alike, until they map the data.",
)
chosen = state.selection()
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
    st.markdown("##### The map at its last frame")
    measures(record)
    st.caption(
        "T. Kohonen: Self-organized formation of topologically correct feature maps. Biological Cybernetics 43, 1982."
    )
