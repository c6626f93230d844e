"""The view "What it looks for" of the Features page."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components.backward_panel import backward
from dashboard.components.maximisation_controls import settings
from dashboard.components.maximisation_panel import maximisation
from dashboard.components.maximisation_tiles import sheet
from dashboard.components.patches_panel import begin_with
from dashboard.components.picture_picker import picture_picker
from dashboard.components.subject import say_random
from dashboard.components.unit_picker import unit_picker
from models.maximisation_switches import SWITCHES

_REFERENCES = (
    "D. Erhan et al. 2009: Visualizing higher-layer features of a deep network. J. Yosinski et al. 2015: Understanding "
    "neural networks through deep visualization. C. Olah et al. 2017: Feature visualization, Distill."
)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view: the unit's pickers, its film, its block's pictures, and its answer to the chosen picture."""
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        picture = picture_picker("features")
        unit = unit_picker("features", network, lambda layer: begin_with(chosen, network, layer))
        say_random(network)
    with main:
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        spec = settings(network, unit, row)
        maximisation(unit, spec, chosen.owner, row)
        sheet(unit, spec, network)
        backward(unit, network, picture)
        with st.expander("What each switch does", key="features_switch_words"):
            for switch in SWITCHES.values():
                st.markdown(f"**{switch.title}.** {switch.does} Without it, {switch.without} ({switch.source}).")
        st.caption(_REFERENCES)
