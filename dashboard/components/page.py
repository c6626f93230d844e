"""What every page begins with, and how it says that something is missing."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st


def header(title: str, sentence: str) -> None:
    """Draw the page's title and the one sentence that says what you see."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.subheader(title, anchor=False, width="content")
        st.caption(sentence, width="stretch")


def empty(sentence: str, action: str, page: str, icon: str) -> NoReturn:
    """Say what to do next, offer to go there, and end the page."""
    with st.container(border=True):
        st.markdown(sentence)
        st.page_link(f"app_pages/{page}.py", label=action, icon=icon)
    st.stop()
