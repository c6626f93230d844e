"""The grid of channel maps: crisp tiles that can be clicked, or walked through with the arrow keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import streamlit as st

from dashboard.figures.activations import Grid
from dashboard.widgets.tiles import FOLDER, component, data_url

_grid = component("freezeframe_channel_grid", FOLDER, "channel_grid")


def channel_grid(grid: Grid, selected: int, *, key: str, alt: str, on_choose: Callable[[int], None]) -> None:
    """Draw the tiles, enlarged by nearest neighbour, its caption under each, and the colour scales below.

    Args:
        grid: What to draw.
        selected: The channel that is framed.
        key: Of the component.
        alt: What the grid shows, for screen readers.
        on_choose: Called with the channel that was clicked, before the page runs again.
    """

    def choose() -> None:
        if (channel := st.session_state[key]["channel"]) in grid.channels:  # a browser may send anything
            on_choose(int(channel))

    fields = {name: value for name, value in asdict(grid).items() if name != "sprite"}
    _grid(
        key=key,
        data={**fields, "sprite": data_url(grid.sprite), "selected": selected, "alt": alt},
        on_channel_change=choose,
    )
