"""The way back from a picture's activations or occlusion map to where the picture was found."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import state

_PICTURE, _LABEL, _PAGE = "trail_picture", "trail_label", "trail_page"


def lead_on(picture: str, to: str, *, label: str, page: str, also: Mapping[str, str] | None = None) -> None:
    """Choose a picture and go to the page `to`; call it while a button is handled.

    Args:
        picture: Picture id.
        to: The page that shows more of it ("occlusion").
        label: What the way back is called; safe text.
        page: The page it leads back to ("evaluate").
        also: Values of widgets of `to` that are bound to the address.
    """
    state.put(_PICTURE, picture)
    state.put(_LABEL, label)
    state.put(_PAGE, page)
    state.choose(picture=picture)
    state.go(to, also)


def breadcrumb() -> None:
    """Draw the way back, as long as the page shows the picture somebody came with."""
    if state.get(_PICTURE) == state.selection().picture:
        st.page_link(f"app_pages/{state.get(_PAGE)}.py", label=state.get(_LABEL), icon=":material/arrow_back:")
