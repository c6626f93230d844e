"""Rows of small, crisp pictures to choose from, by a click or with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.widgets import cache
from dashboard.widgets.tiles import FOLDER, component

_rows = component("freezeframe_thumbnails", FOLDER, "thumbnails")


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
