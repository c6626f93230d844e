"""How transferable is each layer? The experiment of Yosinski et al. in miniature, a live slice of it, and a probe."""

import streamlit as st

from dashboard import state
from dashboard.components.general_experiment import experiment
from dashboard.components.live_slice_panel import live_slice
from dashboard.components.page import header
from dashboard.components.probe_panel import probe

EXPERIMENT, DIGITS, PROBE = "The experiment", "Live on digits", "Probe each layer"

header(
    "General or specific?",
    "Do the layers of a network serve other tasks too, or only the one they were trained on? Layer by layer, measured.",
)
view = st.segmented_control(
    "View",
    [EXPERIMENT, DIGITS, PROBE],
    default=EXPERIMENT,
    key="general_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
chosen = state.selection()
if view == EXPERIMENT:
    experiment()
elif view == DIGITS:
    live_slice(chosen.owner)
elif view == PROBE:
    probe(chosen)
