"""Figures drawn in the browser: the message that carries them there, and the script that all of them share."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.labels import NUMBERS_SCRIPT

_SHARED: Final = Path(__file__).with_name("panels") / "panels.js"


def component(name: str, folder: Path, stem: str) -> Any:
    """Return the component called `name`, made of `stem`.html, .css and .js in `folder` and of the shared scripts."""
    html, style, script = ((folder / f"{stem}.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    shared = f"{NUMBERS_SCRIPT}\n{_SHARED.read_text('utf-8')}"
    return st.components.v2.component(name, html=html, css=style, js=f"{shared}\n{script}")


def pack(header: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """Return the message to the browser: the length of the header as uint32, the header as JSON, then the parts."""
    sizes = [[name, len(part)] for name, part in parts.items()]
    text = json.dumps({**header, "parts": sizes}, allow_nan=False).encode()
    return b"".join((struct.pack("<I", len(text)), text, *parts.values()))
