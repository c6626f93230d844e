"""The view "Can I trust it?": three tests of attribution maps, each with what it cannot tell."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components import trust_curves_panel, trust_random_panel, trust_truth_panel
from dashboard.components.subject import refuse
from models.errors import FreezeframeError

_TESTS = {
    "Take away, put back": trust_curves_panel.draw,
    "Against the truth": trust_truth_panel.draw,
    "Random weights": trust_random_panel.draw,
}


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the chosen test for a trained classifier."""
    test = st.segmented_control(
        "Test",
        list(_TESTS),
        default="Take away, put back",
        required=True,
        key="occlusion_trust",
        bind="query-params",
        label_visibility="collapsed",
    )
    try:
        _TESTS[test](chosen, network)
    except FreezeframeError as error:
        refuse(error)
