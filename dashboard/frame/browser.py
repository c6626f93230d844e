"""Scripts in the browser: one entry in its history per gesture, and a cookie that remembers the visitor.

Streamlit pushes an entry for every message that changes the address, so that a preset would leave several, and replaces
it where a visitor changes a widget, so that this would leave none. The cookie holds a random id, so that a reload finds
the same runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import state

_HISTORY_SCRIPT: Final = f"<script>{Path(__file__).with_name('history.js').read_text('utf-8')}</script>"
_COOKIE_SCRIPT: Final = """
export default function(component) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const kept = "; path=/; max-age=1209600; SameSite=Strict" + secure;
  document.cookie = component.data.name + "=" + component.data.value + kept;
}
"""
_keeper = st.components.v2.component("freezeframe_visitor", html="<span></span>", js=_COOKIE_SCRIPT)


def one_entry_per_gesture() -> None:
    """Let whatever one click, key or drag changes in the address be one entry in the browser's history."""
    st.html(_HISTORY_SCRIPT, unsafe_allow_javascript=True)


def remember() -> None:
    """Set the cookie, in sessions whose browser has none yet."""
    if (owner := state.cookie_to_set()) is not None:
        _keeper(key="frame_visitor", data={"name": state.COOKIE, "value": owner}, height=1)
