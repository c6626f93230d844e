"""Trainings side by side: accuracy with a paired interval, curves on one axis, drift of every layer, recipes."""

import streamlit as st

from dashboard import state
from dashboard.views.compare import panel
from dashboard.views.compare.cka import cka_panel
from dashboard.widgets.page import header

header(
    "Compare", "Finished trainings side by side: how accurate, how they got there, and in what their recipes differ."
)
compared = panel.read(panel.choose_runs())
if len(compared) == 1:
    st.info(
        "One run has nothing to be compared with. Train another on the Train page, by another preset for example.",
        icon=":material/compare_arrows:",
    )
if compared:
    left, right = st.columns(2, gap="medium")
    with left:
        panel.accuracies(compared)
    with right:
        panel.recipes_table(compared)
        panel.open_buttons(compared)
    panel.curves_and_drift(compared)
    cka_panel(compared, state.selection().owner)
