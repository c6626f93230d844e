"""Tiles to choose from by a click or with the arrow keys: what the widgets that draw them have in common.

    thumbnails       rows of a data set's pictures
    picture_tiles    pictures with words under them
    channel_grid     maps of channels, with their colour scales

Each has its HTML, style and script in the folder `tiles`, and so has a view with tiles of its own beside itself. Their
scripts know what is in `tiles/tiles.js`; all text is fixed, everything that varies arrives as data.
"""

from __future__ import annotations

import base64
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
