"""How transferable is each layer? The experiment of Yosinski et al. in miniature, a live slice of it, and a probe."""

import streamlit as st

from dashboard import state
from dashboard.views.general.experiment import experiment
from dashboard.views.general.live_slice import live_slice
from dashboard.views.general.probe import probe
from dashboard.widgets.page import header, stage

EXPERIMENT, DIGITS, PROBE = "The experiment", "Live on digits", "Probe each layer"
header(
    "General or specific?",
    "Do the layers of a network also serve other tasks, or only the one on which they were trained?",
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
with stage(f"general {view}"):
    if view == EXPERIMENT:
        experiment()
    elif view == DIGITS:
        live_slice(chosen.owner)
    elif view == PROBE:
        probe(chosen)
