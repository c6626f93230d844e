"""Tables from strangers: a CSV file becomes numeric columns and candidates for labels, or a clear refusal.

The standard library's `csv` reads them: it guesses no types, reads no dates, opens no addresses and has no other format
to fall into. What a cell means is decided here and is said to the visitor.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

MAX_BYTES = 5_000_000  # of a file; its cells take up to thirty times as much while they are read
MAX_ROWS, MAX_COLUMNS = 100_000, 2_000
MAX_CLASSES = 30  # different values of a column that may still name the classes
SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
_LONGEST = 60  # signs of a name
_GLANCE = 50  # lines from which separator and header are told
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Table:
    """A parsed table: N rows, C numeric columns, L columns that may name the classes.

    Attributes:
        title: The name of the file.
        names: Of the numeric columns, all different.
        values: float64 (N, C), NaN where a number is missing.
        label_names: Of the columns that may serve as labels; a column of few whole numbers is in both lists.
        label_classes: Per such column its different values, in order.
        codes: int16 (N, L), the number of the row's value among them; -1 where it is missing.
        notes: Whole sentences on how the file was read, and on what was left out.
    """

    title: str
    names: tuple[str, ...]
    values: NDArray[np.float64]
    label_names: tuple[str, ...]
    label_classes: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int16]
    notes: tuple[str, ...]

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Return which numeric columns hold one number only, bool (C,): a map learns nothing from them."""
        known = np.isfinite(self.values)
        low = np.where(known, self.values, np.inf).min(axis=0)
        return np.asarray(low >= np.where(known, self.values, -np.inf).max(axis=0))


def parse(data: bytes, title: str) -> Table:
    """Read a CSV file.

    Comma, semicolon, tab or bar separate; numbers may have a decimal comma where no comma separates; the first row is
    taken for names where it has a text above numbers. NaN, infinite numbers and empty cells count as missing.

    Raises:
        InputError: Too large, not text, fewer than two rows, or without any column of numbers.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"Expected a table of at most {MAX_BYTES / 1e6:.0f} MB. Received {len(data) / 1e6:.1f} MB.")
    text, encoding = _decoded(data)
    separator = _separator(text)
    rows = _rows(text, separator)
    if len(rows) > MAX_ROWS or max(map(len, rows), default=0) > MAX_COLUMNS:
        raise InputError(
            f"Expected at most {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns. "
            f"Received {len(rows):,} and {max(map(len, rows)):,}."
        )
    comma = separator != ","
    header = _has_header(rows[:_GLANCE], comma)
    body = rows[header:]
    if len(body) < 2:
        raise InputError(f"Expected a table of at least 2 rows of numbers. Received {len(body)}.")
    width = len(rows[0]) if header else max(map(len, body))
    ragged = sum(len(row) != width for row in body)
    names = _names(rows[0] if header else [], width)
    columns = list(zip(*([*row[:width], *[""] * (width - len(row))] for row in body), strict=True))
    del rows, body
    notes = [f"Read as {encoding}, separated by {SEPARATORS[separator]}, {'with' if header else 'without'} names."]
    if ragged:
        notes.append(f"{ragged:,} rows are longer or shorter than the first: cut, or filled with missing values.")
    return _table(plain(title) or "table", names, columns, comma, notes)


def plain(text: str) -> str:
    """Return a name without control signs, spaces in a row made one, at most 60 signs; not yet safe as Markdown."""
    kept = "".join(" " if sign.isspace() else sign for sign in text[:1000] if _shown(sign))
    return " ".join(kept.split())[:_LONGEST]


def _shown(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] != "C"


def _decoded(data: bytes) -> tuple[str, str]:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not wide and b"\0" in data:
        raise InputError("Expected a text file (CSV). Received other bytes; save a spreadsheet as CSV first.")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return data.decode(encoding), encoding.removesuffix("-sig").upper()
        except UnicodeDecodeError:
            continue
    raise InputError("Expected a text file (CSV). Received bytes that are no text.")


def _rows(text: str, separator: str, most: int | None = None) -> list[list[str]]:
    """Return the rows that are not empty, at most `most`, and one more than allowed at the most."""
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True):
            if any(cell.strip() for cell in row):
                found.append(row)
            if len(found) > (MAX_ROWS + 1 if most is None else most):
                break
    except csv.Error as error:
        raise InputError("Expected a table. Received a cell that never ends; is a quotation mark missing?") from error
    if not found:
        raise InputError("Expected a table with numbers. Received an empty file.")
    return found


def _separator(text: str) -> str:
    """Return the separator that makes most cells of the first lines numbers; among equals the first of the list."""

    def share(separator: str) -> float:
        rows = _rows(text, separator, _GLANCE)
        cells = [cell for row in rows for cell in row]
        if len(cells) == len(rows):
            return -1.0  # it separates nothing
        return sum(number(cell, separator != ",") is not None for cell in cells) / len(cells)

    return max(SEPARATORS, key=lambda separator: (share(separator), separator == ","))


def number(cell: str, comma: bool) -> float | None:
    """Return the number in a cell, NaN for a missing or infinite one, None for text; `comma` allows 1.234,5."""
    text = cell.strip()
    if text.lower() in MISSING:
        return math.nan
    if comma and "," in text:
        dotted = text.replace(".", "") if text.rfind(",") > text.rfind(".") else text
        text = dotted.replace(",", ".")
    try:
        value = float(text) if "_" not in text else None  # Python would read 1_000
    except ValueError:
        return None
    return math.nan if value is not None and not abs(value) <= _LARGEST else value


def _has_header(rows: list[list[str]], comma: bool) -> bool:
    """Whether the first row names the columns: it has a text above a column that holds numbers only."""
    for cells in zip(*rows, strict=False):
        first, *rest = (number(cell, comma) for cell in cells)
        if first is None and None not in rest and not all(math.isnan(value) for value in rest if value is not None):
            return True
    return False


def _names(first: Sequence[str], width: int) -> tuple[str, ...]:
    """Return a different name for each column."""
    names: dict[str, None] = {}
    for place in range(width):
        name = plain(first[place]) if place < len(first) else ""
        name = unique = name or f"column {place + 1}"
        count = 1
        while unique in names:
            count += 1
            unique = f"{name[: _LONGEST - 8]} ({count})"
        names[unique] = None
    return tuple(names)


def _classes(cells: set[str], text: bool) -> tuple[str, ...]:
    """Return the classes that a column of these cells could name; none where they are too many or not whole numbers."""
    found = tuple(sorted({value for cell in cells if (value := plain(cell)).lower() not in MISSING}))
    usable = 2 <= len(found) <= MAX_CLASSES and (text or all(value.isdecimal() for value in found))
    return found if usable else ()


def _table(title: str, names: tuple[str, ...], columns: list[tuple[str, ...]], comma: bool, notes: list[str]) -> Table:
    numeric: dict[str, NDArray[np.float64]] = {}
    labels: dict[str, tuple[tuple[str, ...], NDArray[np.int16]]] = {}
    texts = []
    for name, cells in zip(names, columns, strict=True):
        different = set(cells)
        meaning = {cell: number(cell, comma) for cell in different}
        read = [meaning[cell] for cell in cells]
        if None not in read and not all(math.isnan(value) for value in read if value is not None):
            numeric[name] = np.array(read, np.float64)
        else:
            texts.append(name)
        if len(different) <= 2 * MAX_CLASSES and (found := _classes(different, name in texts)):
            place = {value: i for i, value in enumerate(found)}
            labels[name] = found, np.array([place.get(plain(cell), -1) for cell in cells], np.int16)
    if not numeric:
        raise InputError("Expected a table with at least one column that holds numbers only. Received none.")
    values = np.column_stack(list(numeric.values()))
    if texts:
        notes.append(f"{len(texts)} of {len(names)} columns hold no numbers only: they cannot shape a map.")
    if missing := int(np.isnan(values).any(axis=1).sum()):
        notes.append(f"{missing:,} of {len(values):,} rows lack a number (empty, NaN or infinite) somewhere.")
    codes = np.column_stack([code for _, code in labels.values()]) if labels else np.empty((len(values), 0), np.int16)
    label_classes = tuple(classes for classes, _ in labels.values())
    return Table(title, tuple(numeric), values, tuple(labels), label_classes, codes, tuple(notes))
