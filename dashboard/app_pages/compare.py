"""Trainings side by side: accuracy with a paired interval, curves on one axis, drift of every layer, recipes."""

import streamlit as st

from dashboard import state
from dashboard.components import comparison_panel
from dashboard.components.likeness_panel import likeness_panel
from dashboard.components.page import header

header(
    "Compare", "Finished trainings side by side: how accurate, how they got there, and in what their recipes differ."
)
compared = comparison_panel.read(comparison_panel.choose_runs())
if len(compared) == 1:
    st.info(
        "One run has nothing to be compared with. Train another on the Train page, by another preset for example.",
        icon=":material/compare_arrows:",
    )
if compared:
    left, right = st.columns(2, gap="medium")
    with left:
        comparison_panel.accuracies(compared)
    with right:
        comparison_panel.recipes_table(compared)
        comparison_panel.lead_on(compared)
    comparison_panel.curves_and_drift(compared)
    likeness_panel(compared, state.selection().owner)
