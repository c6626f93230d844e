"""The last card of the tour: what the visitor saw, with its figures, three things to do next, and how to share it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.frame.tour import answers, stops
from dashboard.labels import safe_label
from dashboard.pages import PAGES
from models.storage import runs

_NEXT: Final = (
    ("train", "Let the last block learn, too, and compare"),
    ("sweeps", "How few pictures are enough?"),
    ("traps", "Six mistakes, and how to notice them"),
)


def card() -> None:
    """Draw the card."""
    run = answers.finished()
    with st.container(border=True, key="tour_card"):
        st.markdown("## :material/flag: What you saw")
        st.markdown("\n".join(f"{number}. {text}" for number, text in enumerate(answers.everything(), start=1)))
        if run is not None:
            name = "the example run" if run.id == runs.EXAMPLE else f"your own run, {safe_label(run.title, 80)}"
            st.caption(f"The figures are those of {name}.")
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="tour_next"):
            st.markdown("**Next**", width="content")
            for page, words in _NEXT:
                st.page_link(PAGES[page].script, label=words, icon=PAGES[page].icon)
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="tour_share"):
            st.caption(
                "To share this card, copy its link or show its QR code: both buttons are above.", width="stretch"
            )
            st.button("End tour", key="tour_end", on_click=stops.leave, type="tertiary")
