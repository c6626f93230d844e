"""The freeze map without a mouse: an unseen button over every block, and a drawing wide enough for its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.figures.architecture import block_places, least_width, state_words
from dashboard.labels import safe_label
from models.layer_tables import LayerTable
from models.training_specs import HeadSpec, TrainingSpec


def stage(table: LayerTable, head: HeadSpec | None) -> DeltaGenerator:
    """Return the place for a network's diagram: where it would be too narrow for its words, it scrolls sideways."""
    st.html(f"<style>.st-key-map_stage {{ min-width: {least_width(table, head)}px; }}</style>")
    return st.container(key="map_scroll").container(key="map_stage", gap=None)


def map_keys(table: LayerTable, spec: TrainingSpec, norms: Mapping[str, str], press: Callable[[str], None]) -> None:
    """Lay the buttons over the diagram above them; a mouse goes through them to the diagram.

    Args:
        table: The backbone's layers.
        spec: Says which of them are chosen to learn, and the head behind them.
        norms: What BatchNorm does in blocks that learn.
        press: What pressing the button of a block does.
    """
    places = block_places(table, spec.head)
    rules = (
        f".st-key-train_block_{name} {{ left: {left:.3%}; width: {width:.3%} !important; }}"
        for name, left, width in places
    )
    st.html(f"<style>{' '.join(rules)}</style>")
    with st.container(key="train_blocks", gap=None):
        for name, *_ in places:
            st.button(
                safe_label(f"{name}, {state_words(table, name, spec.trainable, norms)}"),
                key=f"train_block_{name}",
                type="tertiary",
                on_click=press,
                args=(name,),
            )
