"""Trainings side by side: accuracy with a paired interval, curves on one axis, drift of every layer, recipes."""

import streamlit as st

from dashboard import state
from dashboard.views.compare import panel
from dashboard.views.compare.cka import cka_panel
from dashboard.widgets.page import header

header("Compare", "Finished trainings side by side: their accuracy, their curves, and how their recipes differ.")
compared = panel.read(panel.choose_runs())
if len(compared) == 1:
    st.info(
        "You need a second run to compare. Train one on the Train page, for example with another preset.",
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
