"""Tiles to choose from by a click or with the arrow keys: what all widgets of them share, and pictures with words.

Each widget has HTML, style and script in the folder `tiles`, a view's own beside the view. Their scripts know what is
in `tiles/tiles.js`; all of it is fixed text, everything that varies arrives as data.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

FOLDER: Final = Path(__file__).with_name("tiles")


def component(name: str, folder: Path, stem: str) -> Any:
    """Return the component called `name`, made of `stem`.html, .css and .js in `folder` and of the shared script."""
    html, style, script = ((folder / f"{stem}.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    shared = (FOLDER / "tiles.js").read_text("utf-8")
    return st.components.v2.component(name, html=html, css=style, js=f"{shared}\n{script}")


def data_url(picture: bytes) -> str:
    """Return a PNG or WebP file as text that a browser takes for an address."""
    kind = "png" if picture.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


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
