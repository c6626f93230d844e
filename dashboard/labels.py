"""Texts from outside, made safe to show: Streamlit renders Markdown, pictures included, in most of its widgets."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
_MARKDOWN = re.compile(r"([\\`*_\[\]()!$:<>#|~{}+\-=&])")


def safe_label(text: str, longest: int = LONGEST) -> str:
    """Return `text` so that it is shown literally: no Markdown, no control signs, at most `longest` signs."""
    plain = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C").strip()
    if len(plain) > longest:
        plain = plain[: longest - 1] + "…"
    return _MARKDOWN.sub(r"\\\1", plain)
