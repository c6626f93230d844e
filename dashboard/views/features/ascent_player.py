"""Films of activation maximisation side by side, on one clock, with the unit's answers as curves.

The films travel as bytes, once per step of their growth; playing, stepping and scrubbing happen in the browser.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.labels import NUMBERS_SCRIPT
from models.features.maximisation import Film

_FOLDER = Path(__file__).with_name("ascent_player")
_HTML, _STYLE, _SCRIPT = ((_FOLDER / f"player.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
_component = st.components.v2.component(
    "freezeframe_ascent_player", html=_HTML, css=_STYLE, js=NUMBERS_SCRIPT + _SCRIPT
)
SIDE: Final = 256  # px of a picture at most


@dataclass(frozen=True, slots=True)
class Shown:
    """A film with its words, or the place kept for it.

    Attributes:
        identity: Stays the same while the film grows.
        title, words: Above and below it.
        alt: What it shows, for those who cannot see it.
        film: None while there is none.
    """

    identity: str
    title: str
    words: str
    alt: str
    film: Film | None


def pack(films: Sequence[Shown], *, live: bool, note: str) -> bytes:
    """Return the message to the browser: the header's length as uint32, the header as JSON, all frames in order."""
    made = [shown.film for shown in films if shown.film is not None]
    height, width, total = made[0].height, made[0].width, max(film.total for film in made)
    entries = [
        {
            "identity": shown.identity,
            "title": shown.title,
            "words": shown.words,
            "alt": shown.alt,
            "steps": shown.film.steps.tolist() if shown.film else [],
            "values": shown.film.values.tolist() if shown.film else [],
            "sizes": shown.film.sizes.tolist() if shown.film else [],
        }
        for shown in films
    ]
    header = {
        "films": entries,
        "live": live,
        "note": note,
        "height": height,
        "width": width,
        "total": total,
        "side": max(1, SIDE // width) * width,  # a whole multiple keeps pixels alike
    }
    text = json.dumps(header, allow_nan=False).encode()
    return b"".join((struct.pack("<I", len(text)), text, *(film.data.tobytes() for film in made)))


def ascent_player(films: Sequence[Shown], *, key: str, live: bool, note: str = "") -> None:
    """Draw films side by side.

    Args:
        films: Of one unit, one of them made at least; the first is the chosen setting.
        key: Of the component, fixed on its page, so that it stays while a film grows.
        live: Whether more frames will follow; the player then waits for them at the end.
        note: What the viewer should know about the curves.
    """
    _component(key=key, data=pack(films, live=live, note=note))
