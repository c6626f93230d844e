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
    first, second = st.columns(2)
    widths = (*default.widths, 0, 0)
    hidden = tuple(
        column.selectbox(
            label,
            WIDTHS,
            index=WIDTHS.index(widths[number]),
            format_func=_units,
            key=f"train_hidden{number + 1}",
            bind="query-params",
            help="Units of a dense layer with ReLU between the pooled features and the softmax over the classes.",
        )
        for number, (column, label) in enumerate(((first, "First hidden layer"), (second, "Second hidden layer")))
    )
    left, right = st.columns(2, vertical_alignment="center")
    dropout = left.slider(
        "Dropout", 0.0, 0.9, default.dropout, 0.05, key="train_dropout", bind="query-params", help=DROPOUT_HELP
    )
    batch_norm = right.toggle(
        "Batch normalisation", default.batch_norm, key="train_head_bn", bind="query-params", help=BATCH_NORM_HELP
    )
    decay, norm = _penalties(default)
    return HeadSpec(
        pooling=pooling,
        widths=tuple(width for width in hidden if width),
        dropout=dropout,
        batch_norm=batch_norm,
        weight_decay=decay,
        max_norm=norm,
    )


def _penalties(default: HeadSpec) -> tuple[float, float]:
    """Draw the two penalties on large weights; return (weight decay, max-norm)."""
    left, right = st.columns(2)
    decay = left.number_input(
        "Weight decay λ",
        min_value=0.0,
        value=default.weight_decay,
        step=1e-4,
        format="%g",
        key="train_decay",
        bind="query-params",
        help="Adds λ times the sum of the squared weights of the head to the loss. 0 is off.",
    )
    norm = right.number_input(
        "Max-norm",
        min_value=0.0,
        value=default.max_norm,
        step=0.5,
        format="%g",
        key="train_max_norm",
        bind="query-params",
        help="After every step, weights into one unit longer than this are scaled back to this length. 0 is off.",
    )
    return float(decay), float(norm)


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
    return " → ".join([POOLING_TITLES[head.pooling].split(":")[-1].strip(), *map(str, head.widths), str(n_classes)])


def _units(width: int) -> str:
    return f"{width} units" if width else "none"
