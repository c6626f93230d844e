"""The view "Can I trust it?": three tests of attribution maps, each with what it cannot tell."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.views.occlusion import trust_curves, trust_random, trust_truth
from dashboard.widgets.page import refuse
from models.errors import FreezeframeError

_TESTS = {
    "Take away, put back": trust_curves.draw,
    "Against the truth": trust_truth.draw,
    "Random weights": trust_random.draw,
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
