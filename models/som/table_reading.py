"""A CSV file becomes a table: its lines, its names, and what each column of it means.

Everything that is guessed is said in a sentence, and every guess can be overruled (`Reading`). A cell is a number,
missing, or a text; nothing is taken for a date, a formula or an address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som import table_cells, table_columns, table_lines
from models.som.table_cells import LONGEST, POINT, Meaning, is_number, plain
from models.som.table_columns import Column
from models.som.table_lines import GLANCE, SEPARATORS, Lines
from models.som.tables import MAX_BYTES, Table
from models.storage.specs import PlainSpec
from models.wording import file_size, grouped

MAX_ROWS, MAX_COLUMNS = 100_000, 2_000
HEAD = 5  # rows shown as they stand in the file
_SAID = 5  # columns that a page names one by one
_MOSTLY = 0.8  # numbers among the cells of a column under its name
_YEARS = range(1500, 2201)


@dataclass(frozen=True)
class Reading(PlainSpec):
    """How a file is to be read; "" leaves it to the file.

    Attributes:
        separator: One of SEPARATORS.
        decimal: The decimal sign of every column.
        header: Whether the first row holds names.
    """

    separator: Literal["", "\t", ";", "|", ",", " "] = ""
    decimal: Literal["", ".", ","] = ""
    header: Literal["", "yes", "no"] = ""


def parse(data: bytes, title: str, reading: Reading = Reading()) -> Table:
    """Read a CSV file.

    Args:
        data: The bytes of the file.
        title: Its name.
        reading: What the visitor has decided.

    Raises:
        InputError: Too large, not text, fewer than two rows, or without any column of numbers.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"Expected a table of at most {file_size(MAX_BYTES)}. Received {file_size(len(data))}.")
    text, encoding, guessed = table_lines.decoded(data)
    lines = table_lines.cut(text, reading.separator, MAX_ROWS)
    widest = max(range(len(lines.rows)), key=lambda place: len(lines.rows[place]))
    if len(lines.rows) > MAX_ROWS or len(lines.rows[widest]) > MAX_COLUMNS:
        raise InputError(
            f"Expected at most {grouped(MAX_ROWS)} rows and {grouped(MAX_COLUMNS)} columns. "
            f"Received {grouped(len(lines.rows))} and {grouped(len(lines.rows[widest]))} (line "
            f"{grouped(lines.numbers[widest])})."
        )
    sheet = _Sheet.of(lines, reading)
    notes = []
    if guessed:
        notes.append(f"The file is not UTF-8: {encoding} is a guess. Look at its letters (ä, é, ø) in the rows below.")
    table = _table(plain(title) or "table", sheet, lines.separator, reading, [*notes, *lines.notes, *sheet.notes])
    sign = "point" if table.read_with[1] == POINT else "comma"
    how = f"separated by {SEPARATORS[lines.separator]}, {'with' if sheet.header else 'without'} names, decimal {sign}"
    return replace(table, notes=(f"Read as {encoding}, {how}.", *table.notes))


@dataclass(frozen=True)
class _Sheet:
    """Rows of equal length under names: N rows, W columns.

    Attributes:
        names: W names, all different.
        named: Which of them the file gives.
        columns: W times N cells.
        numbers: The line of each row.
        header: Whether the names are the file's.
        notes: Whole sentences.
    """

    names: tuple[str, ...]
    named: tuple[bool, ...]
    columns: tuple[tuple[str, ...], ...]
    numbers: list[int]
    header: bool
    notes: tuple[str, ...]

    @classmethod
    def of(cls, lines: Lines, reading: Reading) -> _Sheet:
        rows, numbers, notes = lines.rows, lines.numbers, []
        short = len(rows) > 2 and all(len(row) == len(rows[0]) + 1 for row in rows[1:])
        header = reading.header == "yes" if reading.header else short or _has_header(rows[:GLANCE])
        first = ["", *rows[0]] if header and short else rows[0]
        if header and short:
            notes.append("The first column has no name: taken for names of the rows, as R writes them.")
        start = int(header)
        if header and _are_units(rows[start:GLANCE]):
            notes.append(f"Line {numbers[start]} was taken for units, not for a row: {_some(rows[start])}.")
            start += 1
        body, numbers = rows[start:], numbers[start:]
        if len(body) < 2:
            names = f"; line {lines.numbers[0]} was taken for names" if header else ""
            raise InputError(f"Expected a table of at least 2 rows of numbers. Received {len(body)}{names}.")
        width = len(first) if header else max(map(len, body))
        wrong = [number for row, number in zip(body, numbers, strict=True) if len(row) != width]
        if wrong:
            notes.append(
                f"{grouped(len(wrong))} rows are longer or shorter than the first ({table_lines.listed(wrong)}): "
                "cut, or filled with missing values."
            )
        columns = tuple(zip(*([*row[:width], *[""] * (width - len(row))] for row in body), strict=True))
        given = first if header else []
        named = tuple(place < len(given) and plain(given[place]) != "" for place in range(width))
        return cls(_names(given, width), named, columns, numbers, header, tuple(notes))


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: a text above numbers, or numbers that are no values of their columns."""
    first, *below = rows
    below = below[1:] if _are_units(below) else below
    columns = list(zip(first, *below, strict=False))
    numeric = [cells for cells in columns if _numeric(cells[1:])]
    if any(not is_number(top) and not table_cells.is_missing(top) for top, *_ in numeric):
        return True
    tops = [int(top) for top, *_ in numeric if top.strip().isdecimal()]
    repeated = any(top in cells for top, *cells in columns if not _numeric(cells))
    if repeated or not tops or len(set(tops)) < len(numeric):
        return False
    values = [[cell.strip().lstrip("+-") for cell in cells if is_number(cell)] for _, *cells in numeric]
    if all(top in _YEARS for top in tops):
        return not any(cell.isdecimal() and int(cell) in _YEARS for cells in values for cell in cells)
    steps = {later - earlier for earlier, later in pairwise(tops)}
    return len(steps) == 1 and all(any(not cell.isdecimal() for cell in cells) for cells in values)


def _numeric(cells: Sequence[str]) -> bool:
    known = [cell for cell in cells if not table_cells.is_missing(cell)]
    return bool(known) and sum(map(is_number, known)) >= _MOSTLY * len(known)


def _are_units(rows: list[list[str]]) -> bool:
    """Whether the first of these rows, under the names, holds units: no number, and texts above numbers."""
    if len(rows) < 3 or any(map(is_number, rows[0])):
        return False
    columns = [cells for cells in zip(*rows, strict=False) if _numeric(cells[1:])]
    return any(not table_cells.is_missing(top) for top, *_ in columns)


def _names(first: Sequence[str], width: int) -> tuple[str, ...]:
    """Return a different name for each column."""
    names: dict[str, None] = {}
    for place in range(width):
        name = plain(first[place]) if place < len(first) else ""
        name = unique = name or f"column {place + 1}"
        count = 1
        while unique in names:
            count += 1
            unique = f"{name[: LONGEST - 8]} ({count})"
        names[unique] = None
    return tuple(names)


def _table(title: str, sheet: _Sheet, separator: str, reading: Reading, notes: list[str]) -> Table:
    meanings = [Meaning.of(cells) for cells in sheet.columns]
    decimal = reading.decimal or table_cells.decimal_of(meanings, separator)
    columns = []
    for name, cells, meaning, named in zip(sheet.names, sheet.columns, meanings, sheet.named, strict=True):
        read = meaning.read(decimal) or {}
        columns.append(Column(name, cells, np.array([read[cell] for cell in cells] if read else [], np.float64), named))
    numeric = [column for column in columns if column.is_numeric]
    if not numeric:
        places = "; ".join(_first_text(column, sheet.numbers) for column in columns[:3])
        raise InputError(f"Expected a table with at least one column that holds numbers only. Received none: {places}.")
    values = np.column_stack([column.numbers for column in numeric])
    aside = table_columns.set_aside(columns)
    able = [column for column in columns if column.classes]
    names_of = table_columns.names_of_rows(columns, aside)
    notes += _on_numbers(columns, meanings, decimal, sheet.numbers)
    notes += _on_gaps(numeric, values)
    notes += [f"“{name}” {why}: not trained on unless you choose it." for name, why in aside.items()]
    notes += [column.why_no_classes for column in columns if not column.is_numeric and not column.classes][:_SAID]
    return Table(
        title,
        tuple(column.name for column in numeric),
        values,
        tuple(column.name for column in able),
        tuple(column.classes for column in able),
        np.column_stack([column.codes for column in able]) if able else np.empty((len(values), 0), np.int16),
        tuple(notes),
        np.array(sheet.numbers, np.int32),
        columns[names_of].name if names_of >= 0 else "",
        tuple(map(plain, columns[names_of].cells)) if names_of >= 0 else (),
        tuple(aside),
        table_columns.label(columns, aside),
        sheet.names,
        tuple(tuple(map(plain, row)) for row in zip(*(cells[:HEAD] for cells in sheet.columns), strict=True)),
        (separator, decimal, "yes" if sheet.header else "no"),
        (reading.separator, reading.decimal, reading.header),
    )


def _first_text(column: Column, numbers: list[int]) -> str:
    """Return where a column of texts holds the first one that is no number, in words."""
    for cell, line in zip(column.cells, numbers, strict=True):
        if not table_cells.is_missing(cell) and not is_number(cell):
            return f"line {grouped(line)} of “{column.name}” holds “{plain(cell)}”"
    for cell, line in zip(column.cells, numbers, strict=True):
        if table_cells.number(cell, POINT) is None:
            return f"line {grouped(line)} of “{column.name}” holds “{plain(cell)}” beside numbers with a decimal point"
    return f"“{column.name}” is empty"


def _on_numbers(columns: list[Column], meanings: list[Meaning], decimal: str, numbers: list[int]) -> list[str]:
    """Return what should be known of how numbers were told from texts, and of signs between thousands."""
    notes, texts = [], [column for column in columns if not column.is_numeric]
    nearly = [column for column in texts if _numeric(column.cells[:GLANCE])]
    notes += [f"“{c.name}” is no column of numbers: {_first_text(c, numbers)}." for c in nearly[:_SAID]]
    if others := [column.name for column in texts if column not in nearly]:
        count = f"{len(others)} of {len(columns)} columns"
        notes.append(f"No numbers, so they cannot shape a map ({count}): {_some(others)}.")
    for column, meaning in zip(columns, meanings, strict=True):
        read, cell = meaning.read(decimal), meaning.doubtful
        if not cell or read is None or len(notes) > 2 * _SAID:
            continue
        other = "comma" if read is meaning.point else "point"
        with_other = (meaning.comma if read is meaning.point else meaning.point) or {}
        notes.append(
            f"“{cell}” in “{column.name}” is read as {read[cell]:.15g}; "
            f"with a decimal {other} it would be {with_other[cell]:.15g}."
        )
    return notes


def _on_gaps(numeric: list[Column], values: NDArray[np.float64]) -> list[str]:
    """Return how many rows lack a number, and what was taken for a missing one."""
    if not (missing := int(np.isnan(values).any(axis=1).sum())):
        return []
    markers: Counter[str] = Counter()
    for column in numeric:
        gaps = np.flatnonzero(np.isnan(column.numbers)).tolist()
        markers.update(plain(column.cells[place]) for place in gaps)
    said = ", ".join(
        f"{f'“{cell}”' if cell else 'empty'} ({grouped(count)})" for cell, count in markers.most_common(_SAID)
    )
    return [f"{grouped(missing)} of {grouped(len(values))} rows lack a number somewhere. Taken as missing: {said}."]


def _some(cells: Sequence[str]) -> str:
    return ", ".join(plain(cell) or "–" for cell in cells[:_SAID]) + (", …" if len(cells) > _SAID else "")
