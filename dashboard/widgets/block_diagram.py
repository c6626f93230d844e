"""A network's diagram on a page: a click, a key or a finger presses a block, and it is wide enough for its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import plotly.graph_objects as go
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.architecture import block_places, clicked_block, least_width
from dashboard.labels import safe_label
from models.backbones.tables import LayerTable
from models.training.spec import HeadSpec


def block_diagram(
    name: str,
    table: LayerTable,
    head: HeadSpec | None,
    figure: go.Figure,
    *,
    alt: str,
    words: Mapping[str, str],
    press: Callable[[str], None],
) -> None:
    """Draw the diagram, in a frame that scrolls sideways where it is narrower than the words, and its unseen keys.

    A mouse goes through the keys to the diagram, which says more when pointed at.

    Args:
        name: Begins the keys of its widgets; one for every diagram of the app.
        table: The backbone's layers.
        head: The new layers drawn behind them.
        figure: What `figures.architecture.architecture` gives for both.
        alt: The figure in words.
        words: What the key of every block says to a screen reader.
        press: What pressing a block does, for `on_click`.
    """
    chart = f"{name}_map"

    def clicked() -> None:
        if block := clicked_block(state.get(chart)):
            press(block)

    rules = [f".st-key-{chart}_stage {{ min-width: {least_width(table, head)}px; }}"]
    places = block_places(table, head)
    for block, left, width in places:
        rules.append(
            f".st-key-{chart}_key_{block} "
            f"{{ left: {round(100 * left, 3)}%; width: {round(100 * width, 3)}% !important; }}"
        )
    st.html(f"<style>{' '.join(rules)}</style>")
    with st.container(key=f"{chart}_scroll").container(key=f"{chart}_stage", gap=None):
        st.plotly_chart(figure, key=chart, on_select=clicked, selection_mode="points", config=theme.CONFIG, alt=alt)
        with st.container(key=f"{chart}_keys", gap=None):
            for block, *_ in places:
                st.button(
                    safe_label(words[block]), key=f"{chart}_key_{block}", type="tertiary", on_click=press, args=(block,)
                )
