"""Lets the browser remember who the visitor is: a random id in a cookie, so that a reload finds the same runs."""

from __future__ import annotations

import streamlit as st

from dashboard import state

_SCRIPT = """
export default function(component) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const kept = "; path=/; max-age=1209600; SameSite=Strict" + secure;
  document.cookie = component.data.name + "=" + component.data.value + kept;
}
"""
_keeper = st.components.v2.component("freezeframe_visitor", html="<span></span>", js=_SCRIPT)


def remember() -> None:
    """Set the cookie, in sessions whose browser has none yet."""
    if (owner := state.cookie_to_set()) is not None:
        _keeper(key="frame_visitor", data={"name": state.COOKIE, "value": owner}, height=1)
