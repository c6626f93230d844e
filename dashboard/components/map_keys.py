"""A network's diagram without a mouse: an unseen button over every block, and a drawing wide enough for its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.figures.architecture import block_places, least_width
from dashboard.labels import safe_label
from models.layer_tables import LayerTable
from models.training_specs import HeadSpec


def stage(name: str, table: LayerTable, head: HeadSpec | None) -> DeltaGenerator:
    """Return the place for a network's diagram: where it would be too narrow for its words, it scrolls sideways.

    Args:
        name: Begins the keys of all that stands in it; one for every diagram of the app.
        table: The backbone's layers.
        head: The new layers drawn behind them.
    """
    st.html(f"<style>.st-key-{name}_map_stage {{ min-width: {least_width(table, head)}px; }}</style>")
    return st.container(key=f"{name}_map_scroll").container(key=f"{name}_map_stage", gap=None)


def map_keys(
    name: str, table: LayerTable, head: HeadSpec | None, words: Mapping[str, str], press: Callable[[str], None]
) -> None:
    """Lay the buttons over the diagram above them; a mouse goes through them to the diagram.

    Args:
        name: That of their stage.
        table: The backbone's layers.
        head: The new layers drawn behind them.
        words: What the button of every block says to a screen reader.
        press: What pressing the button of a block does.
    """
    places = block_places(table, head)
    rules = (
        f".st-key-{name}_map_key_{block} {{ left: {left:.3%}; width: {width:.3%} !important; }}"
        for block, left, width in places
    )
    st.html(f"<style>{' '.join(rules)}</style>")
    with st.container(key=f"{name}_map_keys", gap=None):
        for block, *_ in places:
            st.button(
                safe_label(words[block]),
                key=f"{name}_map_key_{block}",
                type="tertiary",
                on_click=press,
                args=(block,),
            )
