"""The film of a layer through the epochs: play, step, scrub; no rerun."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.figures.epoch_film import EpochFilm

_FOLDER: Final = Path(__file__).with_name("epoch_player")
_film = st.components.v2.component(
    "freezeframe_epoch_film",
    html=(_FOLDER / "film.html").read_text("utf-8"),
    css=(_FOLDER / "film.css").read_text("utf-8"),
    js=(_FOLDER / "film.js").read_text("utf-8"),
)


def epoch_film(
    film: EpochFilm, selected: int, *, key: str, identity: str, alt: str, on_choose: Callable[[int], None]
) -> None:
    """Draw the film, beginning at the best epoch.

    Args:
        film: What to show.
        selected: The channel shown large.
        key: Of the component.
        identity: Names run, layer and picture: the place in the film stays as long as it stays.
        alt: What the film shows, for screen readers.
        on_choose: Called with the channel that was clicked, before the page runs again.
    """

    def choose() -> None:
        if (channel := st.session_state[key]["channel"]) in film.channels:  # a browser may send anything
            on_choose(int(channel))

    fields = {name: value for name, value in asdict(film).items() if name not in ("frames", "palette")}
    coded = {name: base64.b64encode(getattr(film, name)).decode() for name in ("frames", "palette")}
    first = film.epochs.index(film.best) if film.best in film.epochs else len(film.epochs) - 1
    more = {"selected": selected, "identity": identity, "alt": alt, "first": first}
    _film(key=key, data={**fields, **coded, **more}, on_channel_change=choose)
