"""Scripts in the browser: one entry in its history per page, and a cookie that remembers the visitor.

Streamlit pushes an entry for every change of the address. Going back to one of them runs the script, which completes
the address and so pushes the visitor forward again: without this, nobody gets back to the page before.
The cookie holds a random id, so that a reload finds the same runs.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import state

_HISTORY_SCRIPT: Final = """
<script>
if (!window.freezeframeHistory) {
  window.freezeframeHistory = true;
  const push = history.pushState.bind(history);
  history.pushState = (data, unused, url) => {
    const samePage = new URL(url, location.href).pathname === location.pathname;
    return samePage ? history.replaceState(data, unused, url) : push(data, unused, url);
  };
}
</script>
"""
_COOKIE_SCRIPT: Final = """
export default function(component) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const kept = "; path=/; max-age=1209600; SameSite=Strict" + secure;
  document.cookie = component.data.name + "=" + component.data.value + kept;
}
"""
_keeper = st.components.v2.component("freezeframe_visitor", html="<span></span>", js=_COOKIE_SCRIPT)


def one_entry_per_page() -> None:
    """Let a change of the address on the same page replace the entry in the browser's history."""
    st.html(_HISTORY_SCRIPT, unsafe_allow_javascript=True)


def remember() -> None:
    """Set the cookie, in sessions whose browser has none yet."""
    if (owner := state.cookie_to_set()) is not None:
        _keeper(key="frame_visitor", data={"name": state.COOKIE, "value": owner}, height=1)
