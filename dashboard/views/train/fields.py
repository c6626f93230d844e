"""Single input fields of the Train page, bound to the address under `train_<name>`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def number(label: str, name: str, low: int, high: int, default: int, explanation: str) -> int:
    """Draw a whole number's input and return it."""
    key = f"train_{name}"
    return int(st.number_input(label, low, high, default, 1, key=key, bind="query-params", help=explanation))


def rate(label: str, name: str, default: float, explanation: str) -> float:
    """Draw a learning rate's input and return it; 0 is possible, and refused by `validate`."""
    return float(
        st.number_input(
            label,
            min_value=0.0,
            value=default,
            step=1e-4,
            format="%g",
            key=f"train_{name}",
            bind="query-params",
            help=explanation,
        )
    )


def choice(
    label: str,
    name: str,
    options: tuple[T, ...],
    default: T,
    titles: Callable[[T], str],
    explanation: str,
) -> T:
    """Draw a picker of one option and return the option."""
    return st.selectbox(
        label,
        options,
        index=options.index(default),
        format_func=titles,
        key=f"train_{name}",
        bind="query-params",
        help=explanation,
    )


def share(label: str, name: str, largest: float, default: float, explanation: str) -> float:
    """Draw a slider of a share from 0 and return it."""
    key = f"train_{name}"
    return float(
        st.slider(label, 0.0, largest, default, 0.05, format="percent", key=key, bind="query-params", help=explanation)
    )
