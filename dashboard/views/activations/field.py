"""Activation maps beside the picture: point at a value, and the pixels it can depend on are boxed. No rerun."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from dashboard.figures.activations import Scale, palette
from dashboard.labels import NUMBERS_SCRIPT
from dashboard.widgets.picture_picker import picture_title
from models.networks.layers import LayerChoice
from models.pictures import images

_FOLDER: Final = Path(__file__).with_name("field_canvas")
_SHOW_NUMBERS = 10  # maps up to this side get their values written into the cells
_view = st.components.v2.component(
    "freezeframe_field_view",
    html=(_FOLDER / "view.html").read_text("utf-8"),
    css=(_FOLDER / "view.css").read_text("utf-8"),
    js=NUMBERS_SCRIPT + (_FOLDER / "view.js").read_text("utf-8"),
)


@dataclass(frozen=True, slots=True)
class Map:
    """One map (H, W) with its colour scale and, where there are several, its title."""

    values: np.ndarray
    scale: Scale
    title: str = ""


def message(maps: Sequence[Map], layer: LayerChoice, picture: str, side: int, alt: str) -> dict[str, Any]:
    """Return what the browser gets; arrays travel as base64 of little-endian float32."""
    rows, cols = maps[-1].values.shape
    field = layer.field
    decisive = maps[-1].values if len(maps) == 1 else np.abs(maps[-1].values)
    if not decisive.any():  # nothing differs: the strongest of the map before it
        decisive = maps[max(len(maps) - 2, 0)].values
    strongest = np.unravel_index(int(np.nan_to_num(decisive, nan=-np.inf).argmax()), decisive.shape)
    seen = images.resize(images.load_picture(picture), side, side)
    return {
        "identity": f"{layer.name} {rows} {cols} {picture}",
        "rows": rows,
        "cols": cols,
        "maps": [
            {
                "title": one.title,
                "values": _text(one.values.astype("<f4").tobytes()),
                "low": one.scale.low,
                "high": one.scale.high,
                "palette": _text(palette(one.scale.signed).tobytes()),
            }
            for one in maps
        ],
        "numbers": max(rows, cols) <= _SHOW_NUMBERS,
        "strongest": [int(at) for at in strongest],
        "rowWindows": None if field is None else [field.window(row) for row in range(rows)],
        "colWindows": None if field is None else [field.window(col) for col in range(cols)],
        "side": side,
        "picture": f"data:image/png;base64,{_text(images.png(seen))}",
        "pictureAlt": f"{picture_title(picture).capitalize()}, with what the chosen value can depend on",
        "alt": f"{alt}. Arrow keys choose a value; Home goes to the strongest.",
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def field_view(maps: Sequence[Map], layer: LayerChoice, picture: str, side: int, *, key: str, alt: str) -> None:
    """Draw the maps and, below, the picture as the network sees it with the theoretical receptive field of a value.

    The value is the one under the pointer; else the one that was clicked or reached with the arrow keys; else the
    strongest of the last map, which for a difference is the largest in either direction.

    Args:
        maps: One or more of one layer, of the same shape (H, W).
        layer: Theirs.
        picture: Picture id.
        side: In pixels of the square the network takes.
        key: Of the component.
        alt: What the maps show, for screen readers.
    """
    _view(key=key, data=message(maps, layer, picture, side, alt))
    image = images.load_picture(picture)
    if image.shape[0] != image.shape[1]:
        st.caption(f"Resized to {side} × {side} px: this is what the network sees.")
