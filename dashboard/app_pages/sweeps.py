"""The same training for several values of one choice and several seeds: how much is frozen, pictures, regularisers."""

import streamlit as st

from dashboard import state
from dashboard.views.sweeps import controls as sweeps_controls
from dashboard.views.sweeps import result
from dashboard.widgets.page import header, stage

header(
    "Sweeps",
    "The same training with several values of one choice and several seeds: which differences are more than luck?",
)
chosen = state.selection()
controls, main = st.columns([4, 11], gap="medium")
with controls:
    choice = sweeps_controls.choice_control()
    sweep = sweeps_controls.sweep_controls(choice, chosen)
    sweeps_controls.start_button(sweep, chosen.owner)
with main, stage(f"sweeps {choice}"):
    result.result(result.choose(choice, chosen.owner), choice)
