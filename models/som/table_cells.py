"""What a cell of a table means: a number in one of two ways of writing, a marker of a missing one, or text.

The decimal sign belongs to a column, not to a file or a cell: "1,000" is a thousand beside "2,500.5" and one beside
"0,125". A column that both signs would fit is decided by the others, and the page says so.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

POINT, COMMA = ".", ","
LONGEST = 60  # signs of a name
NO_LABEL = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?", ".", "#n/a", "n.d.", "n.a.", "k.a.", "<na>"})
# Of spreadsheets (with their errors), R, SAS, SPSS and laboratories.
MISSING = NO_LABEL | {
    "nd", "n/d", "n. d.", "n. a.", "k. a.", "--", "---", "..", "...", "…", "*", "missing", "(null)", "\\n", "unknown",
    "lod", "loq", "bdl", "bql", "#na", "#n/v", "#nv", "#value!", "#wert!", "#div/0!", "#ref!", "#bezug!", "#num!",
    "#zahl!", "#name?", "#null!",
}  # fmt: skip
_BEYOND = re.compile(r"[<>]=?\s*(?:lod|loq|mdl|dl|[\d.,]+)", re.IGNORECASE)  # below or above what could be measured
_MINUS = str.maketrans(dict.fromkeys("\u2212\u2013\u2012\ufe63\uff0d", "-"))  # as typesetters and Word write it
_SWAPPED = str.maketrans(".,", ",.")
_SPACES = " \u00a0\u202f\u2009'\u2019"  # between thousands
_SPACED = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:[{_SPACES}]\d{{3}})+(?:\.\d*)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_LARGEST = float(np.finfo(np.float32).max)


def plain(text: str) -> str:
    """Return a name without control signs, spaces in a row made one, at most 60 signs; not yet safe as Markdown."""
    kept = "".join(" " if sign.isspace() else sign for sign in text[:1000] if _shown(sign))
    return " ".join(kept.split())[:LONGEST]


def _shown(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] != "C"


def tidy(cell: str) -> str:
    """Return a cell without spaces around it, and with one sign for minus."""
    text = cell.strip()
    return text if text.isascii() else text.translate(_MINUS)


def is_missing(cell: str) -> bool:
    """Whether a cell of a column of numbers stands for a missing one: empty, a marker, or "<LOD" and "<0.05"."""
    text = tidy(cell).lower()
    return text in MISSING or (text[0] in "<>" and _BEYOND.fullmatch(text) is not None)


def number(cell: str, decimal: str) -> float | None:
    """Return the number in a cell, NaN for a missing or infinite one, None for text.

    Args:
        cell: As it stands in the file.
        decimal: POINT or COMMA. The other one, a space or an apostrophe may stand between thousands, if groups are
            of three digits.
    """
    text = tidy(cell)
    if is_missing(text):
        return math.nan
    if decimal == COMMA:
        text = text.translate(_SWAPPED)
    if any(sign in text for sign in _SPACES):
        if not _SPACED.fullmatch(text):
            return None
        text = "".join(sign for sign in text if sign not in _SPACES)
    if "," in text:
        if not _GROUPED.fullmatch(text):
            return None
        text = text.replace(",", "")
    try:
        value = float(text) if "_" not in text else None  # Python would read 1_000
    except ValueError:
        return None
    return math.nan if value is not None and not abs(value) <= _LARGEST else value


def is_number(cell: str) -> bool:
    """Whether a cell holds a number in either way of writing; a marker of a missing one is none."""
    return not is_missing(cell) and any(number(cell, decimal) is not None for decimal in (POINT, COMMA))


@dataclass(frozen=True)
class Meaning:
    """What the different cells of one column mean.

    Attributes:
        point, comma: The number in each cell with that decimal sign, NaN where it is missing; None where some cell is
            text then, or where all are missing.
    """

    point: dict[str, float] | None
    comma: dict[str, float] | None

    @classmethod
    def of(cls, cells: Iterable[str]) -> Meaning:
        """Return what the different `cells` of a column mean."""
        different = set(cells)
        point = _numbers(different, POINT)
        if point is not None and not any(sign in cell for cell in different for sign in ".,"):
            return cls(point, point)
        return cls(point, _numbers(different, COMMA))

    @property
    def sign(self) -> str:
        """The only decimal sign that this column may have; "" where both do, or none."""
        if (self.point is None) == (self.comma is None):
            return ""
        return POINT if self.comma is None else COMMA

    def read(self, decimal: str) -> dict[str, float] | None:
        """Return the numbers with that decimal sign, or with the only one that fits; None for text."""
        first, second = (self.point, self.comma) if decimal == POINT else (self.comma, self.point)
        return second if first is None else first

    @property
    def doubtful(self) -> str:
        """A cell that is another number with the other decimal sign; "" where there is none."""
        if self.point is None or self.comma is None or self.point is self.comma:
            return ""
        other = self.comma
        return next((c for c, v in sorted(self.point.items()) if v != other[c] and not math.isnan(v)), "")


def _numbers(different: set[str], decimal: str) -> dict[str, float] | None:
    read: dict[str, float] = {}
    for cell in different:
        value = number(cell, decimal)
        if value is None:
            return None
        read[cell] = value
    return None if all(map(math.isnan, read.values())) else read


def decimal_of(columns: Iterable[Meaning], separator: str) -> str:
    """Return the decimal sign of columns that both would fit: that of most others; else what the separator suggests.

    Where semicolons separate, commas are seldom between thousands (spreadsheets of countries with a decimal comma write
    them); a point alone, as in "1.234", is a decimal point.
    """
    known = list(columns)
    votes = [meaning.sign for meaning in known]
    if votes.count(POINT) != votes.count(COMMA):
        return POINT if votes.count(POINT) > votes.count(COMMA) else COMMA
    commas = any("," in meaning.doubtful for meaning in known)
    return COMMA if separator == ";" and commas else POINT
