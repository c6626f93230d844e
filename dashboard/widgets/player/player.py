"""The film player: a lattice of units that changes over time, on one canvas, with its numbers beside it.

Everything a film needs travels once, as bytes; playing, stepping and scrubbing happen in the browser without a rerun. A
film that grows keeps its `identity`: frames already decoded stay, and so does the place where the viewer is.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import state
from dashboard.labels import NUMBERS_SCRIPT

_FOLDER = Path(__file__).parent
_PARTS = ("film", "layouts", "lattice", "net", "curves", "player")  # one module; each part knows those before it
HTML: Final = (_FOLDER / "player.html").read_text("utf-8")
STYLE: Final = (_FOLDER / "player.css").read_text("utf-8")
SCRIPT: Final = "\n".join([NUMBERS_SCRIPT, *((_FOLDER / f"{part}.js").read_text("utf-8") for part in _PARTS)])
_component = st.components.v2.component("freezeframe_player", html=HTML, css=STYLE, js=SCRIPT)


@dataclass(frozen=True, slots=True)
class Series:
    """One number per frame, drawn as a small curve with a marker at the frame shown."""

    name: str
    values: tuple[float, ...]
    percent: bool = False  # values in 0..1, shown as percentages


@dataclass(frozen=True, slots=True)
class Film:
    """What the player shows.

    Attributes:
        identity: Names the film; the same for all lengths of a film that grows.
        rows, columns, lattice, toroid: The lattice, "rectangular" or "hexagonal"; the edges of a toroid touch.
        kind: "colours" (a frame is rows x columns raw RGB pixels), "pictures" (a frame is an encoded picture of the
            whole lattice), "nearest" (a frame is, per unit, the number of a tile, little-endian uint16) or "net" (a
            frame is, per unit, its place in the data's space, two or three little-endian float32).
        frames: Bytes of each frame.
        captions: Where in the training each frame stands.
        series: Numbers with one value per frame.
        atlas: For "nearest": an encoded picture of all tiles, `atlas_columns` a row, `tile` pixels each side.
        classes: Names and CSS colours of classes, if samples have any.
        shares: uint8 (F, rows * columns, 2): the most frequent class of each unit's samples and its share of
            them, 1..255; a share of 0 is a unit without samples. Empty without classes.
        cloud: Points of the data's space that a net unfolds over, float32 (n, `depth`), little-endian. A film of RGB
            colours that has some can be shown as a net, too.
        cloud_types: The class of each of them, uint8 (n,), or empty.
        depth: Dimensions of that space, 2 or 3.
        note: What the viewer should know about the film, below its numbers.
        rate: Frames a second to begin with: 1, 5, 10, 20, 40 or 60.
        unit: What one place of the lattice is called, with its number; without it, its row and column are named.
    """

    identity: str
    rows: int
    columns: int
    kind: Literal["colours", "pictures", "nearest", "net"]
    frames: tuple[bytes, ...]
    captions: tuple[str, ...]
    series: tuple[Series, ...]
    atlas: bytes = b""
    atlas_columns: int = 1
    tile: int = 1
    classes: tuple[tuple[str, str], ...] = ()
    shares: bytes = b""
    lattice: str = "rectangular"
    toroid: bool = False
    cloud: bytes = b""
    cloud_types: bytes = b""
    depth: int = 3
    note: str = ""
    rate: int = 20
    unit: str = ""


def shares(bmu: NDArray[Any], labels: NDArray[np.int64], units: int) -> bytes:
    """Return `Film.shares` for BMUs (F, N) and the classes (N,) of the samples."""
    classes = int(labels.max()) + 1
    found = np.empty((len(bmu), units, 2), np.uint8)
    for frame, best in zip(found, bmu.astype(np.int64), strict=True):
        counts = np.bincount(best * classes + labels, minlength=units * classes).reshape(units, classes)
        frame[:, 0] = counts.argmax(axis=1)
        frame[:, 1] = np.ceil(255 * counts.max(axis=1) / np.maximum(counts.sum(axis=1), 1))
    return found.tobytes()


def pack(film: Film, *, height: int, alt: str, live: bool, picked: Sequence[int] | None) -> bytes:
    """Return the message to the browser.

    It is the length of the header as uint32, the header as JSON, then atlas, cloud and its classes, frames, shares.
    """
    header = {
        "identity": film.identity,
        "rows": film.rows,
        "columns": film.columns,
        "lattice": film.lattice,
        "toroid": film.toroid,
        "kind": film.kind,
        "sizes": [len(frame) for frame in film.frames],
        "captions": film.captions,
        "series": [asdict(series) for series in film.series],
        "atlas": len(film.atlas),
        "cloud": len(film.cloud),
        "cloudTypes": len(film.cloud_types),
        "depth": film.depth,
        "note": film.note,
        "rate": film.rate,
        "unit": film.unit,
        "atlasColumns": film.atlas_columns,
        "tile": film.tile,
        "classes": film.classes,
        "shares": len(film.shares),
        "height": height,
        "alt": alt,
        "live": live,
        "picked": None if picked is None else list(picked),
    }
    text = json.dumps(header, allow_nan=False).encode()
    body = (film.atlas, film.cloud, film.cloud_types, *film.frames, film.shares)
    return b"".join((struct.pack("<I", len(text)), text, *body))


def player(film: Film, *, key: str, alt: str, height: int = 420, live: bool = False) -> tuple[int, int, int] | None:
    """Draw a film and return (row, column, frame) of the unit the viewer chose last in it, else None.

    Args:
        film: What to show.
        key: The widget key, fixed on its page, so that the player stays while the film grows.
        alt: What the film shows, for who cannot see it.
        height: Of the lattice at most, in px.
        live: Whether more frames will follow; the player then waits at the end for them.
    """

    def keep() -> None:
        row, column, frame = state.get(key)["pick"]
        state.put(f"{key}_picked", (film.identity, int(row), int(column), int(frame)))

    identity, row, column, frame = state.get(f"{key}_picked") or ("", 0, 0, 0)
    there = 0 <= row < film.rows and 0 <= column < film.columns and frame >= 0  # a browser may send anything
    picked = (row, column, frame) if identity == film.identity and there else None
    message = pack(film, height=height, alt=alt, live=live, picked=picked[:2] if picked else None)
    _component(key=key, data=message, on_pick_change=keep)
    return picked
