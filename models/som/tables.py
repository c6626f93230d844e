"""Visitors' tables: a CSV file becomes columns of numbers and candidates for labels, kept under a secret id.

The standard library's `csv` reads them: it guesses no types, reads no dates, opens no addresses and has no other format
to fall into. What a cell means is decided here, and shown to the visitor. Tables are found by their owner, and never
listed to anybody else.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import secrets
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som.samples import SomData
from models.storage import files

MAX_BYTES = 5_000_000  # of a file; its cells take up to thirty times as much while they are read
MAX_ROWS, MAX_COLUMNS = 100_000, 2_000
MAX_CLASSES = 30  # different values of a column that may still name the classes
SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
_LONGEST = 60  # signs of a name
_GLANCE = 50  # lines from which separator and header are recognised
_LARGEST = float(np.finfo(np.float32).max)
MOST = 8  # tables of one visitor; the oldest go first
MOST_BYTES = 512 * 1024**2  # of all visitors together
OLDEST_DAYS = 14
ID = re.compile(r"[0-9a-f]{32}")
GONE = "This table is no longer kept. Please upload it again."


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


def store(table: Table, owner: str) -> str:
    """Keep a visitor's table and return its id, 128 random bits; clears what is old or too much.

    Raises:
        StorageUnavailable: It cannot be written.
    """
    name = secrets.token_hex(16)
    with files.saving():
        files.write_atomically(_folder() / f"{_signature(owner)}.{name}.npz", files.pack(table))
    for _, old in _newest_first(f"{_signature(owner)}.*.npz")[MOST:]:
        old.unlink(missing_ok=True)
    total = 0
    for written, path in _newest_first("*.npz"):
        with suppress(FileNotFoundError):  # another process clears, too
            total += path.stat().st_size
            if total > MOST_BYTES or time.time() - written > OLDEST_DAYS * 86400:
                path.unlink(missing_ok=True)
    return name


def mine(owner: str) -> tuple[str, ...]:
    """Return the ids of a visitor's tables, newest first."""
    return tuple(path.name.split(".")[1] for _, path in _newest_first(f"{_signature(owner)}.*.npz"))


def forget(table: str, owner: str) -> None:
    """Delete a visitor's table; somebody else's stays."""
    if ID.fullmatch(table):
        (_folder() / f"{_signature(owner)}.{table}.npz").unlink(missing_ok=True)


def load(table: str) -> Table:
    """Return the table with this id; who knows it may see it, as with runs.

    Raises:
        InputError: The id is malformed, or the table is no longer kept.
    """
    if not ID.fullmatch(table):
        raise InputError("Expected the id of a table: 32 characters out of 0-9 and a-f. Received another text.")
    for path in _folder().glob(f"*.{table}.npz"):
        with suppress(OSError, ValueError):
            found = files.unpack(path.read_bytes(), Table)
            return replace(found, label_classes=tuple(map(tuple, found.label_classes)))
    raise InputError(GONE)


def samples(table: Table, columns: Sequence[str], label: str, standardise: bool) -> SomData:
    """Return the rows of a table as samples, with classes where a column names them.

    Rows that lack one of the numbers are left out; a missing label becomes the class "none".

    Args:
        table: The table.
        columns: Names of numeric columns, at least one.
        label: Name of a column for the classes, or "".
        standardise: Take each column's mean away and divide by its standard deviation; a constant one becomes 0.

    Raises:
        InputError: No such column, or no row with all the numbers.
    """
    unknown = [name for name in columns if name not in table.names]
    if unknown or not columns or (label and label not in table.label_names):
        raise InputError("Expected columns of the table, at least one of them numeric. Received others.")
    values = table.values[:, [table.names.index(name) for name in columns]]
    whole = np.isfinite(values).all(axis=1)
    if not whole.any():
        raise InputError("Expected rows with a number in every chosen column. Received none; choose fewer columns.")
    values = values[whole]
    if standardise:
        # Scaled first: the square of a large number would be infinite.
        values = values / np.maximum(abs(values).max(axis=0), np.finfo(np.float64).tiny)
        values = values - values.mean(axis=0)
        spread = values.std(axis=0)
        values = np.divide(values, spread, out=np.zeros_like(values), where=spread > 1e-12)
    if not label:
        return SomData.unlabelled(values.astype(np.float32))
    place = table.label_names.index(label)
    codes, classes = table.codes[whole, place].astype(np.int64), table.label_classes[place]
    if (codes < 0).any():
        codes[codes < 0] = len(classes)
        classes = (*classes, "none")
    return SomData(values.astype(np.float32), codes, classes)


def _folder() -> Path:
    return files.private_folder("tables")


def _signature(owner: str) -> str:
    """Return the owner as file names show it: nobody becomes the owner by reading one."""
    return hashlib.blake2b(owner.encode(), digest_size=16).hexdigest()


def _newest_first(pattern: str) -> list[tuple[float, Path]]:
    found = []
    for path in _folder().glob(pattern):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    return sorted(found, reverse=True)


def wine() -> bytes:
    """Return a table to try, as CSV: 13 measurements of 178 Italian wines from three growers (Forina et al. 1988).

    Their scales differ by a factor of a thousand, so that standardisation shows.
    """
    from sklearn.datasets import load_wine

    bunch = load_wine()
    head = [*bunch.feature_names, "grower"]
    rows = [
        [*map(repr, row), f"grower {target + 1}"] for row, target in zip(bunch.data.tolist(), bunch.target, strict=True)
    ]
    return "\n".join(",".join(row) for row in [head, *rows]).encode()
