"""Tiles to choose from by a click or with the arrow keys: pictures with words, channel maps, rows of pictures.

Each widget has HTML, style and script in the folder `tiles`, a view's own beside the view. Their scripts know what is
in `tiles/tiles.js`; all of it is fixed text, everything that varies arrives as data.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import state
from dashboard.figures.activations import Grid
from dashboard.widgets import cache

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
_grid = component("freezeframe_channel_grid", FOLDER, "channel_grid")
_rows = component("freezeframe_thumbnails", FOLDER, "thumbnails")


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


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a title with its colour (an empty title takes no room), picture ids, and a text for each of them."""

    title: str
    colour: str
    pictures: tuple[str, ...]
    titles: tuple[str, ...]


def thumbnails(
    rows: Sequence[Row], *, selected: str, key: str, side: int, alt: str, scroll: bool = False, outlined: bool = False
) -> None:
    """Draw rows of pictures; a click chooses that picture everywhere.

    Args:
        rows: What to show; a row that is wider than its place is cut after a whole picture, or can be scrolled.
        selected: The picture id that is marked.
        key: The widget key.
        side: Width and height of every picture on the page in px.
        alt: What the rows show, for those who cannot see them.
        scroll: Scroll a long row sideways instead of cutting it.
        outlined: Draw the outline of the object into pictures whose data set has masks.
    """

    def choose() -> None:
        if (picture := st.session_state[key].picture) in pictures:  # a browser may send anything
            state.choose(picture=picture)

    pictures = tuple(picture for row in rows for picture in row.pictures)
    data = {
        "rows": [{"title": r.title, "colour": r.colour, "pictures": r.pictures, "titles": r.titles} for r in rows],
        "sprite": cache.sprite(pictures, outlined),
        "selected": selected,
        "side": side,
        "alt": alt,
        "scroll": scroll,
    }
    _rows(key=key, data=data, on_picture_change=choose)
