"""Show the Keras: the recipe the controls say, as the plain code it stands for."""

from __future__ import annotations

import streamlit as st

from models import keras_script
from models.datasets import DATASETS
from models.training_specs import TrainingSpec

_HEIGHT = 420  # px


def toggle() -> bool:
    """Draw the switch and return whether the code is wanted."""
    return st.toggle(
        "Show the Keras",
        key="train_keras",
        bind="query-params",
        help="The whole training as plain Keras code; it follows every control.",
    )


def code(spec: TrainingSpec) -> None:
    """Draw the code of a recipe, with a button that copies it."""
    st.code(
        keras_script.script(spec, len(DATASETS[spec.dataset].classes)),
        language="python",
        height=_HEIGHT,
        wrap_lines=True,
    )
    st.caption(
        f"Press Train, then take the run along as a ZIP: `{keras_script.SCRIPT}` with the `{keras_script.DATA}` and "
        f"`{keras_script.BACKBONE}` that it reads."
    )
