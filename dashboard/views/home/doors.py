"""Three ways on from Home: the tour, a picture of one's own, and a lesson."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.frame.tour import stops
from dashboard.pages import PAGES
from dashboard.widgets.picture_picker import own_picture
from models.pictures import datasets


def doors(chosen: state.Selection) -> None:
    """Draw the three doors side by side."""
    first, second, third = st.columns(3, gap="medium")
    with first.container(border=True, height="stretch"):
        st.markdown(
            f"**Take the tour** (3 min): train a head on {datasets.DATASETS[chosen.dataset].title}, "
            "and see what it learned."
        )
        st.button(
            "Take the tour",
            key="home_tour",
            type="primary",
            icon=":material/play_arrow:",
            on_click=stops.begin,
            help="Trains a head on the frozen network with the defaults and leads you through the results.",
        )
    with second.container(border=True, height="stretch"):
        st.markdown("**Bring your own picture:** drop a file or use the camera, and watch it flow through the network.")
        own_picture("home")
    with third.container(border=True, height="stretch"):
        st.markdown("**Teach with it:** copy the address of a page, and your class sees what you chose there.")
        st.page_link(PAGES["traps"].script, label="Six mistakes and their cures", icon=PAGES["traps"].icon)
