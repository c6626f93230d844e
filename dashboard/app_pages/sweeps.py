"""The same training for several values of one choice and several seeds: how much is frozen, pictures, regularisers."""

import streamlit as st

from dashboard import state
from dashboard.components import sweep_controls, sweep_result
from dashboard.components.page import header

header("Sweeps", "One choice, several values, several seeds: which differences are more than luck?")
chosen = state.selection()
controls, main = st.columns([4, 11], gap="medium")
with controls:
    choice = sweep_controls.choose_kind()
    sweep = sweep_controls.sweep_controls(choice, chosen)
    sweep_controls.start_button(sweep, chosen.owner)
with main:
    sweep_result.result(sweep_result.choose(choice, chosen.owner), choice)
