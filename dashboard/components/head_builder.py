"""The head builder: what stands on top of the backbone and always learns."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from models.training_specs import HeadSpec, Pooling

WIDTHS = (0, 16, 32, 64, 128, 256, 512, 1024)
DROPOUT_HELP = "Share of the values set to 0 at random in every training step, before every dense layer."
BATCH_NORM_HELP = (
    "Brings every value that enters the head to mean 0 and variance 1, then scales and shifts it by two learnt "
    "numbers: (x − mean) / √(variance + ε) · γ + β."
)
DECAY_HELP = "Adds λ times the sum of the squared weights of the head to the loss. 0 is off."
MAX_NORM_HELP = "After every step, weights into one unit longer than this are scaled back to this length. 0 is off."
POOLING_TITLES: dict[Pooling, str] = {
    "average": "average",
    "max": "maximum",
    "average+max": "both",
    "flatten": "none: flatten",
}


def head_builder(default: HeadSpec) -> HeadSpec:
    """Draw the controls of the head and return what they say; `default` is what they start from."""
    pooling = st.segmented_control(
        "Pooling",
        get_args(Pooling),
        default=default.pooling,
        required=True,
        format_func=lambda name: POOLING_TITLES[name],
        key="train_pooling",
        bind="query-params",
        help="How the backbone's last activation maps become one vector. Average and maximum keep one number per "
        "channel and forget where it was; flatten keeps every position and needs many more weights.",
    )
    first, second, third = st.columns(3)
    widths = (*default.widths, 0, 0)
    with first:
        hidden1 = _hidden("First hidden layer", 1, widths[0])
        batch_norm = _batch_norm(default.batch_norm)
    with second:
        hidden2 = _hidden("Second hidden layer", 2, widths[1])
        decay = _penalty("Weight decay λ", "train_decay", default.weight_decay, 1e-4, DECAY_HELP)
    with third:
        dropout = st.slider(
            "Dropout", 0.0, 0.9, default.dropout, 0.05, key="train_dropout", bind="query-params", help=DROPOUT_HELP
        )
        norm = _penalty("Max-norm", "train_max_norm", default.max_norm, 0.5, MAX_NORM_HELP)
    return HeadSpec(
        pooling=pooling,
        widths=tuple(width for width in (hidden1, hidden2) if width),
        dropout=dropout,
        batch_norm=batch_norm,
        weight_decay=decay,
        max_norm=norm,
    )


def _hidden(label: str, number: int, default: int) -> int:
    """Draw the choice of a hidden layer's width and return it; 0 stands for no layer."""
    return st.selectbox(
        label,
        WIDTHS,
        index=WIDTHS.index(default),
        format_func=lambda width: f"{width} units" if width else "none",
        key=f"train_hidden{number}",
        bind="query-params",
        help="Units of a dense layer with ReLU between the pooled features and the softmax over the classes.",
    )


def _batch_norm(default: bool) -> bool:
    """Draw the switch of the head's own BatchNorm and return it."""
    st.space("small")  # as high as the labels beside it
    return st.toggle("BatchNorm", default, key="train_head_bn", bind="query-params", help=BATCH_NORM_HELP)


def _penalty(label: str, key: str, default: float, step: float, explanation: str) -> float:
    """Draw the strength of a brake on large weights and return it."""
    return float(
        st.number_input(
            label, min_value=0.0, value=default, step=step, format="%g", key=key, bind="query-params", help=explanation
        )
    )


def choices(head: HeadSpec) -> dict[str, object]:
    """Return the widget values that stand for `head`, by key."""
    first, second, *_ = (*head.widths, 0, 0)
    return {
        "train_pooling": head.pooling,
        "train_hidden1": first,
        "train_hidden2": second,
        "train_dropout": head.dropout,
        "train_head_bn": head.batch_norm,
        "train_decay": head.weight_decay,
        "train_max_norm": head.max_norm,
    }


def summary(head: HeadSpec, n_classes: int) -> str:
    """Return the head in a few signs, from pooling to softmax: "average → 256 → 5"."""
    return " → ".join([head.pooling, *map(str, head.widths), str(n_classes)])
