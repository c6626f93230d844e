"""Stage: the place of a page's views, cleared before another view begins.

Streamlit leaves what a script drew before where it stands until something new takes its place, one element after the
other. After a switch of the view that mixes the old view's columns with the new one's, greyed, and lets the page jump.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state


def stage(view: str, place: str = "view") -> DeltaGenerator:
    """Return a container for a page's view; it is empty when `view` is another than in the run before.

    It has two places, taken in turn: what a script does to one place in quick succession, Streamlit sends as one
    change, and a place that is emptied and filled at once would keep what it held.

    Args:
        view: The name of the view, different on every page.
        place: The name of the container, where a page has several.
    """
    key = f"ff_stage_{place}"
    before, turn = state.get(key, ("", 0))
    if before != view:
        turn = 1 - turn
    state.put(key, (view, turn))
    places = [st.container(key=f"stage_{place}_{side}") if side == turn else st.empty() for side in (0, 1)]
    return places[turn]
