"""How many training pictures a linear model is fitted on: both amounts are computed, one of them is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from models.representations.probe import FEW

_AMOUNTS: Final = {"all": "All", "few": f"{FEW} a class"}


def probe_amount(key: str) -> str:
    """Draw the choice and return it, for `budget_of`.

    Args:
        key: Of the widget; bound to the address.
    """
    return str(
        st.segmented_control(
            "Training pictures",
            list(_AMOUNTS),
            default="all",
            required=True,
            format_func=_AMOUNTS.__getitem__,
            key=key,
            bind="query-params",
            help="On how many pictures the logistic regression (a linear model of the classes) is fitted. Both were "
            "computed.",
        )
    )


def budget_of(amount: str, budgets: Sequence[int]) -> int:
    """Return the training pictures a class that a choice stands for, of those computed, the smaller first."""
    return budgets[0 if amount == "few" else -1]
