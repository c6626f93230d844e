"""One entry in the browser's history per page, so that its back button leads to the page before.

Streamlit pushes an entry for every change of the address. Going back to one of them runs the script, which completes
the address and so pushes the visitor forward again: without this, nobody gets back to the page before.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

_SCRIPT: Final = """
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


def one_entry_per_page() -> None:
    """Let a change of the address on the same page replace the entry in the browser's history."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
