"""Texts as pages show them: those from outside, made safe, and the time of day where the visitor is.

Numbers and durations are written by `models.wording`.

Streamlit renders Markdown, pictures included, in most of its widgets.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from models.storage import runs
from models.wording import MINUS

EXAMPLE_RUN = "Example run (shipped)"  # as pickers and figures name it
SHIPPED_RUNS = {runs.EXAMPLE: EXAMPLE_RUN, runs.FINE_TUNED: "Example, last block fine-tuned (shipped)"}
LONGEST = 60
NUMBERS_SCRIPT: Final = (Path(__file__).parent / "numbers.js").read_text("utf-8")  # `models.wording` in the browser
_MONTHS: Final = (  # not `%B`, which is in the language of the server
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_JOINER = "\u2060"  # no width, and no line may break there
# Streamlit makes links of bare addresses and icons of :material/…: even where their signs are escaped.
_ADDRESS = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_\[\]()!$:<>#|~{}+\-=&])")


def plain_label(text: str, longest: int = LONGEST) -> str:
    """Return `text` without control signs, cut to `longest`: for select boxes and tables, which show it as it is."""
    plain = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C").strip()
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def safe_label(text: str, longest: int = LONGEST) -> str:
    """Return `text` so that it is shown literally wherever Markdown is rendered."""
    return _MARKDOWN.sub(r"\\\1", _ADDRESS.sub(_JOINER, plain_label(text, longest)))


def zone() -> tzinfo:
    """Return the zone of the visitor's browser; UTC where it is unknown, as outside of a page."""
    name, offset = st.context.timezone, st.context.timezone_offset
    if name:
        with suppress(ValueError, OSError, KeyError):  # no zone has this name, which is from outside
            return ZoneInfo(name)
    if offset is not None and abs(offset) < 24 * 60:  # minutes that the browser's clock is behind UTC
        return timezone(timedelta(minutes=-offset))
    return UTC


def moment(seconds: float) -> datetime:
    """Return a time of the server's clock, in seconds since 1970, in the zone of the visitor."""
    return datetime.fromtimestamp(seconds, zone())


def clock(seconds: float) -> str:
    """Return a time of the server's clock in words, in the zone of the visitor: "3 July 2026, 14:05 CEST"."""
    at = moment(seconds)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at.hour:02}:{at.minute:02} {_zone_name(at)}"


def day(text: str) -> str:
    """Return a day as the core writes it, in UTC ("2026-11-25"), in words: "25 November 2026 (UTC)"."""
    at = date.fromisoformat(text)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} (UTC)"


def _zone_name(at: datetime) -> str:
    """Return what people call the zone: "CEST", "UTC", "UTC+5:30" where it has no letters of its own."""
    name = at.tzname() or ""
    if name.isalpha():
        return name
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{MINUS if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"
