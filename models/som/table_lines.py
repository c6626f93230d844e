"""The lines of a table's file: bytes become text, text becomes rows of cells, each with the number of its line.

The separator is the one that cuts the first lines into rows of equal length, as R's vroom and DuckDB choose it; among
equals the one that makes most cells numbers, as CleverCSV does (van den Burg et al. 2019, "Wrangling messy CSV files by
detecting row and type patterns"). `csv` of the standard library reads what is quoted.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from models.errors import InputError
from models.som import table_cells as cells_
from models.wording import grouped

SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "space"}
GLANCE = 100  # lines from which separator and header are recognised
_JOINED = 50  # lines of one cell
_EMPTY = 5  # times as many lines as rows may be
_STRAY = 100  # quotation marks that never end; with more it is no table
_SEP_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # the first line of files that Excel is to open


@dataclass(frozen=True)
class Lines:
    """A file cut into cells.

    Attributes:
        rows: The cells of each row that is not empty.
        numbers: The line on which each of them begins; the file's first is 1.
        separator: One of SEPARATORS.
        notes: Whole sentences on lines that are no rows, and on quotation marks.
    """

    rows: list[list[str]]
    numbers: list[int]
    separator: str
    notes: tuple[str, ...]


def decoded(data: bytes) -> tuple[str, str, bool]:
    """Return a file's text, the name of its encoding, and whether that is guessed.

    Raises:
        InputError: The bytes are no text.
    """
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not wide and (place := data.find(b"\0")) >= 0:
        raise InputError(
            f"Expected a text file (CSV). Received a byte 0 in line {data.count(10, 0, place) + 1}; "
            "save a spreadsheet as CSV first."
        )
    for encoding, name in (("utf-16", "UTF-16"),) if wide else (("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            return data.decode(encoding), name, name == "Windows-1252"
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
    if wide:
        raise InputError(f"Expected a text file (CSV). Received bytes that are no text in line {line}.")
    return data.decode("latin-1"), "Latin-1", True


def cut(text: str, separator: str, most: int) -> Lines:
    """Cut a text into rows of cells.

    Args:
        text: Of the whole file.
        separator: One of SEPARATORS, or "" to find it.
        most: Rows; one more is returned where there are more.

    Raises:
        InputError: There is no row, far too many lines, or many quotation marks that never end.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > _EMPTY * most:
        raise InputError(f"Expected at most {grouped(most)} rows. Received {grouped(len(lines))} lines.")
    notes = []
    said = _SEP_LINE.fullmatch(lines[0].strip("\ufeff ") or "\t")
    if said:
        lines[0] = ""
        notes.append(f"Line 1 names the separator: {SEPARATORS.get(said[1], 'another sign')}.")
    if not separator:
        separator = said[1] if said and said[1] in SEPARATORS else _separator(lines)
    width = _widths(_glance(lines, separator)).most_common(1)[0][0]
    rows, numbers, stray = [], [], []
    for line, cells, is_stray in _records(lines, separator, width):
        stray += [line] * is_stray
        if any(cell.strip() for cell in cells):
            rows.append(cells)
            numbers.append(line)
        if len(rows) > most or len(stray) > _STRAY:
            break
    if len(stray) > _STRAY:
        raise InputError(f"Expected a table. Received quotation marks that never end, the first in line {stray[0]}.")
    if stray:
        notes.append(f"A quotation mark never ends: left out ({listed(stray)}).")
    return _without_remarks(Lines(rows, numbers, separator, tuple(notes)), width)


def listed(lines: list[int]) -> str:
    """Return the numbers of lines in words, three at most."""
    few = ", ".join(grouped(line) for line in lines[:3])
    more = f" and {grouped(len(lines) - 3)} more" if len(lines) > 3 else ""
    return f"line{'s' * (len(lines) > 1)} {few}{more}"


def _without_remarks(lines: Lines, width: int) -> Lines:
    """Return the lines without remarks and titles: those that begin with #, and texts that stand alone above the rest.

    Raises:
        InputError: There is no row.
    """
    if not lines.rows:
        raise InputError("Expected a table with numbers. Received an empty file.")
    kept: list[int] = []
    gone: list[int] = []
    above = True
    for place, row in enumerate(lines.rows):
        alone = not any(cell.strip() for cell in row[1:])
        marked = row[0].startswith("#") and not cells_.is_missing(row[0]) and (alone or len(row) != width)
        title = above and alone and (width > 2 or (width == 2 and len(row) == 1 and " " in row[0].strip()))
        (gone if marked or title else kept).append(place)
        above = above and (marked or title)
    if not kept:
        return lines
    rows = [lines.rows[place] for place in kept]
    if rows[0][0].startswith("#") and not cells_.is_missing(rows[0][0]):
        rows[0][0] = rows[0][0].lstrip("# ")  # names behind a #, as astronomers write them
    if not gone:
        return lines
    first = cells_.plain(" ".join(lines.rows[gone[0]]))
    note = f"Left out as a remark: {listed([lines.numbers[place] for place in gone])}, “{first}”."
    return Lines(rows, [lines.numbers[place] for place in kept], lines.separator, (*lines.notes, note))


def _records(lines: list[str], separator: str, width: int = 0) -> Iterator[tuple[int, list[str], bool]]:
    """Yield the line on which each record begins, its cells, and whether a quotation mark was left out.

    A cell may go over several lines only if its row then has `width` cells, where that is known.
    """
    place = 0
    while place < len(lines):
        cells, used, stray = _record(lines, place, separator, width)
        yield place + 1, cells, stray
        place += used


def _record(lines: list[str], place: int, separator: str, width: int) -> tuple[list[str], int, bool]:
    """Return the cells of the record that begins at a line, how many lines it has, and whether a mark was left out."""
    line = lines[place]
    if '"' not in line:
        return (line.split() if separator == " " else line.split(separator)), 1, False
    for used in range(1, min(_JOINED, len(lines) - place) + 1):
        if used > 1 and '"' not in lines[place + used - 1]:
            continue  # not yet closed
        try:
            cells = _quoted("\n".join(lines[place : place + used]), separator, strict=True)
        except csv.Error as error:
            if "unexpected end" in str(error):
                continue
            break
        if used == 1 or width in (0, len(cells)):
            return cells, used, False
        break
    stray = line.count('"') % 2 == 1
    try:
        return _quoted(line.replace('"', "") if stray else line, separator, strict=False), 1, stray
    except csv.Error as error:
        raise InputError(f"Expected a table. Received a cell without end in line {place + 1}.") from error


def _quoted(text: str, separator: str, *, strict: bool) -> list[str]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=strict)
    return next(reader, [])


def _glance(lines: list[str], separator: str) -> list[list[str]]:
    """Return the first rows with this separator, without lines that are empty or begin with # and have no others."""
    rows = [cells for _, cells, _ in _records(lines[:GLANCE], separator) if any(cell.strip() for cell in cells)]
    return [row for row in rows if not (row[0].startswith("#") and len(row) == 1)] or rows or [[""]]


def _widths(rows: list[list[str]]) -> Counter[int]:
    return Counter(map(len, rows))


def _separator(lines: list[str]) -> str:
    """Return the separator of the first lines; where none separates, a comma."""

    def merit(separator: str) -> tuple[bool, float, float, bool]:
        rows = _glance(lines, separator)
        [(width, count)] = _widths(rows).most_common(1)
        first = len(rows[0])
        fits = first == width or 2 <= first == width - 1  # R gives the names of rows no name
        share = sum(map(cells_.is_number, (c for row in rows for c in row))) / sum(map(len, rows))
        return fits, count / len(rows), share, separator == ","

    able = [sign for sign in SEPARATORS if _widths(_glance(lines, sign)).most_common(1)[0][0] > 1]
    best = max([sign for sign in able if sign != " "] or able, key=merit, default=",")
    if best == "," and able and not merit(best)[0]:  # one column of numbers with a decimal comma?
        _, *below = (line for line in lines[:GLANCE] if line.strip())
        if below and all(map(cells_.is_number, below)):
            return ";"
    return best
