"""The warning on a run that was made wrong on purpose, for every page that shows its results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st


def mistakes(spec: Mapping[str, Any]) -> list[str]:
    """Return, a sentence each, what was made wrong on purpose in a run of this recipe (as JSON)."""
    said = []
    if spec.get("preprocessing", "own") != "own":
        said.append("its pictures are divided by 255 before a network that scales them itself.")
    if leaked := spec.get("leaked", 0.0):
        said.append(
            f"copies of {leaked:.0%} of the test pictures lie among its training pictures, so that its test accuracy "
            "and everything made of test pictures say too much."
        )
    if noise := spec.get("label_noise", 0.0):
        said.append(
            f"{noise:.0%} of its training pictures have the label of another class. Validation and test labels are "
            "right."
        )
    return said


def made_wrong(spec: Mapping[str, Any]) -> None:
    """Draw what was made wrong on purpose in a run of this recipe (as JSON); nothing where nothing was."""
    for sentence in mistakes(spec):
        st.warning(f"**This run was made wrong on purpose:** {sentence}", icon=":material/warning:")
