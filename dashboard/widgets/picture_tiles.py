"""Small pictures with a line of words under each, to choose from by a click or with the arrow keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.widgets.tiles import FOLDER, component, data_url

_tiles = component("freezeframe_picture_tiles", FOLDER, "picture_tiles")


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture as the bytes of a WebP file, the words under it, and the longer ones of its tooltip."""

    picture: bytes
    words: str
    alt: str


def picture_tiles(
    tiles: Sequence[Tile], *, selected: int | None, key: str, side: int, alt: str, on_choose: Callable[[int], None]
) -> None:
    """Draw the tiles, enlarged by nearest neighbour, as many in a row as fit.

    Args:
        tiles: What to draw.
        selected: The number of the framed one, if any.
        key: Of the component.
        side: Of a tile at least, in px.
        alt: What the tiles are, for screen readers.
        on_choose: Called with the number of the tile that was clicked, before the page runs again.
    """

    def choose() -> None:
        number = st.session_state[key]["tile"]
        if isinstance(number, int) and 0 <= number < len(tiles):  # a browser may send anything
            on_choose(number)

    drawn = [{"source": data_url(tile.picture), "words": tile.words, "alt": tile.alt} for tile in tiles]
    data = {"tiles": drawn, "selected": -1 if selected is None else selected, "side": side, "alt": alt}
    _tiles(key=key, data=data, on_tile_change=choose)
