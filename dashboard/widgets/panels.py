"""Figures drawn in the browser: the message that carries them there, and the script that all of them share."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.labels import NUMBERS_SCRIPT

_SHARED: Final = Path(__file__).with_name("panels") / "panels.js"


def component(name: str, folder: Path, stem: str, before: Sequence[str] = ()) -> Any:
    """Return the component called `name`, made of `stem`.html, .css and .js in `folder` and of the shared scripts.

    Args:
        name: Of the component.
        folder: Where its files lie.
        stem: Of its files.
        before: Stems of further scripts in the folder, which `stem`.js knows.
    """
    html, style = ((folder / f"{stem}.{kind}").read_text("utf-8") for kind in ("html", "css"))
    scripts = [(folder / f"{part}.js").read_text("utf-8") for part in (*before, stem)]
    script = "\n".join([NUMBERS_SCRIPT, _SHARED.read_text("utf-8"), *scripts])
    return st.components.v2.component(name, html=html, css=style, js=script)


def pack(header: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """Return the message to the browser: the length of the header as uint32, the header as JSON, then the parts."""
    sizes = [[name, len(part)] for name, part in parts.items()]
    text = json.dumps({**header, "parts": sizes}, allow_nan=False).encode()
    return b"".join((struct.pack("<I", len(text)), text, *parts.values()))
