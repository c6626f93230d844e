"""Trainings side by side: accuracy with a paired interval, curves on one axis, drift of every layer, recipes."""

import streamlit as st

from dashboard import state
from dashboard.views.compare.cka import cka_panel
from dashboard.widgets import compared as widgets_compared
from dashboard.widgets.page import header

header(
    "Compare", "Finished trainings side by side: how accurate, how they got there, and in what their recipes differ."
)
compared = widgets_compared.read(widgets_compared.choose_runs())
if len(compared) == 1:
    st.info(
        "One run has nothing to be compared with. Train another on the Train page, by another preset for example.",
        icon=":material/compare_arrows:",
    )
if compared:
    left, right = st.columns(2, gap="medium")
    with left:
        widgets_compared.accuracies(compared)
    with right:
        widgets_compared.recipes_table(compared)
        widgets_compared.lead_on(compared)
    widgets_compared.curves_and_drift(compared)
    cka_panel(compared, state.selection().owner)
