"""Texts as pages show them: those from outside, made safe, and times in words.

Streamlit renders Markdown, pictures included, in most of its widgets.
"""

from __future__ import annotations

import re
import unicodedata

EXAMPLE_RUN = "Example run (shipped)"  # as pickers and figures name it
LONGEST = 60
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


def duration(seconds: float) -> str:
    """Return a time in words, rounded as one would say it: "8 s", "3 min", "2 h", "4 days"."""
    for limit, size, unit in ((90, 1, "s"), (90 * 60, 60, "min"), (36 * 3600, 3600, "h")):
        if seconds < limit:
            return f"{max(round(seconds / size), 1)} {unit}"
    return f"{round(seconds / 86400)} days"
