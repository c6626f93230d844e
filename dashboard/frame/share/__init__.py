"""The address of what is seen, copied or as a QR code, and the view for a hall.

    share.html, share.css, share.js  the buttons, the code, the keys, and how large a hall sees the page
    hall.css                         what a hall does not see, and where title and sentence stand

`draw` puts the buttons into the experiment bar; while the visitor presents it is the code beside the lower third.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import segno
import streamlit as st

from dashboard import state

_FOLDER: Final = Path(__file__).parent
_LONGEST: Final = 2_000  # signs of an address; a QR code holds 2,331 bytes at its second lowest level
_ADDRESS: Final = re.compile(r"https?://[!-~]+")
_HTML, _STYLE, _SCRIPT = ((_FOLDER / f"share.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
_component = st.components.v2.component("freezeframe_share", html=_HTML, css=_STYLE, js=_SCRIPT)


@lru_cache(maxsize=256)
def qr_code(address: str) -> str:
    """Return the QR code of an address as SVG; "" where it is none, or too long for one."""
    if len(address) > _LONGEST or not _ADDRESS.fullmatch(address):
        return ""
    return str(segno.make(address, error="l", micro=False).svg_inline(border=3, omitsize=True, dark="#000000"))


@st.fragment
def draw() -> None:
    """Draw the buttons, or the code while the visitor presents."""
    address = str(st.session_state.get("ff_address", ""))
    data = {"presenting": state.presenting(), "address": address, "code": qr_code(address)}
    with st.container(key="share"):
        sent = _component(
            key="ff_share", data=data, on_address_change=lambda: None, on_present_change=lambda: None, height="content"
        )
    if isinstance(sent.address, str):
        state.put("ff_address", sent.address)
        st.rerun(scope="fragment")
    if sent.present in ("on", "off"):
        state.present(sent.present == "on")
        st.rerun()


def hall() -> None:
    """Make the page large and leave out what stands around it, while the visitor presents."""
    if state.presenting():
        st.html(_FOLDER / "hall.css")
