"""What the columns of a table are for: numbers to train on, labels, identifiers, or names of the rows.

Nothing here is more than a proposal: the page says each in a sentence, and the visitor may choose otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.som.table_cells import NO_LABEL, plain
from models.wording import grouped

MAX_CLASSES = 30  # different values of a column that may still name the classes
_FEW = 10  # different whole numbers that look like labels without a name that says so
_ROWS = 20  # with fewer, numbers that repeat mean little
_COUNTED = 5  # rows from which a first column that counts is taken for their numbers
_EXACT = 2**53  # whole numbers beyond it lose digits as float64
_LABEL_NAME = re.compile(
    r"(?:.*[\s_.-])?(?:labels?|class|classes|klassen?|target|categor(?:y|ies)|kategorie|groups?|gruppe|cluster|"
    r"species|spezies|kinds?|types?|typ)",
    re.IGNORECASE,
)
_ID_NAME = re.compile(
    r"(?:.*[\s_.-])?(?:id|ids|idx|uuid|guid)|index|nr\.?|no\.?|row|rows|row[ _.-]?(?:names?|numbers?)|key|obs|"
    r"lfd\.? ?nr\.?|unnamed: 0",
    re.IGNORECASE,
)
_ID_END = re.compile(r".*[a-z](?:ID|Id)")


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Attributes:
        name: Of the column.
        cells: As they stand in the file, N texts.
        numbers: float64 (N,), NaN where one is missing; empty for a column of texts.
        named: Whether the file names it.
    """

    name: str
    cells: Sequence[str]
    numbers: NDArray[np.float64]
    named: bool = True

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers only."""
        return self.numbers.size > 0

    @cached_property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers only."""
        known = self.numbers[np.isfinite(self.numbers)]
        return known.size > 0 and bool((known == np.floor(known)).all())

    @cached_property
    def _counts(self) -> Counter[str]:
        """How often each different cell stands in it."""
        return Counter(self.cells)

    @cached_property
    def is_unique(self) -> bool:
        """Whether no cell is empty and no two are the same."""
        return len(self._counts) == len(self.cells) and "" not in map(str.strip, self._counts)

    @cached_property
    def _named_values(self) -> tuple[str, ...]:
        return tuple(sorted({value for cell in self._counts if (value := plain(cell)).lower() not in NO_LABEL}))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that it could name, sorted; none where they are too few, too many or measurements."""
        if len(self._counts) > 2 * MAX_CLASSES or not 2 <= len(self._named_values) <= MAX_CLASSES:
            return ()
        rows_each = len(self.cells) / len(self._named_values)
        counts = all(value.isdecimal() for value in self._named_values)
        usable = not self.is_numeric or counts or rows_each >= (2 if self.is_whole else 3)
        return self._named_values if usable else ()

    @cached_property
    def repeats(self) -> bool:
        """Whether it has classes, and at least one of two rows; of numbers, two each on the average."""
        if not self.classes:
            return False
        named = sum(count for cell, count in self._counts.items() if plain(cell).lower() not in NO_LABEL)
        return named >= 2 * len(self.classes) if self.is_numeric else named > len(self.classes)

    @property
    def codes(self) -> NDArray[np.int16]:
        """The number of each row's class, int16 (N,); -1 where it is missing."""
        place = {value: i for i, value in enumerate(self.classes)}
        known = {cell: place.get(plain(cell), -1) for cell in self._counts}
        return np.array([known[cell] for cell in self.cells], np.int16)

    @property
    def why_no_classes(self) -> str:
        """Why it names no classes, in a sentence."""
        found = self._named_values
        if len(found) < 2:
            return f"“{self.name}” cannot be labels: it {f'holds “{found[0]}” only' if found else 'is empty'}."
        return (
            f"“{self.name}” cannot be labels: it holds {grouped(len(found))} different values, "
            f"{MAX_CLASSES} are the most."
        )


def set_aside(columns: Sequence[Column]) -> dict[str, str]:
    """Return which columns of numbers are not to be trained on unawares, each with the reason in words.

    A table of such columns only is taken whole.
    """
    numeric = [column for column in columns if column.is_numeric]
    found = {}
    for column in numeric:
        if why := _identifier(column, first=column is columns[0]) or _label(column):
            found[column.name] = why
    few = [column for column in numeric if column.is_whole and column.repeats and len(column.classes) <= _FEW]
    words = any(not column.is_numeric and column.repeats for column in columns)
    at_an_end = len(few) == 1 and few[0] in (columns[0], columns[-1])
    if at_an_end and not words and not found and len(few[0].cells) >= _ROWS:
        found[few[0].name] = f"holds {len(few[0].classes)} different whole numbers, as labels do"
    return found if len(found) < len(numeric) else {}


def _identifier(column: Column, *, first: bool) -> str:
    """Return why a column of numbers looks like identifiers; "" where it does not."""
    known = column.numbers[np.isfinite(column.numbers)]
    if not column.is_whole:
        return ""
    if abs(known).max() >= _EXACT:
        return "holds whole numbers of more than 15 digits, which cannot all be kept"
    counts = len(known) == len(column.numbers) >= _COUNTED and bool((np.diff(known) == 1).all())
    if first and counts and known[0] in (0, 1):
        return "counts the rows"
    if any(len(cell) > 1 and cell[0] == "0" and cell.isdecimal() for cell in set(map(str.strip, column.cells))):
        return "holds codes that begin with 0"
    if _ID_NAME.fullmatch(column.name) or _ID_END.fullmatch(column.name):
        return "is named as identifiers are"
    return "" if column.named or not (first and column.is_unique) else "stands in front without a name, as row names do"


def _label(column: Column) -> str:
    """Return why a column of numbers looks like labels by its name; "" where it does not."""
    if _LABEL_NAME.fullmatch(column.name) and column.classes:
        return f"is named as labels are and holds {len(column.classes)} different numbers"
    return ""


def label(columns: Sequence[Column], aside: dict[str, str]) -> str:
    """Return the column to begin with as labels: one named so, else texts that repeat, else numbers like labels."""
    able = [column for column in columns if column.repeats]
    named = [column.name for column in able if _LABEL_NAME.fullmatch(column.name)]
    texts = [column.name for column in able if not column.is_numeric]
    numbers = [column.name for column in able if "labels" in aside.get(column.name, "")]
    return next(iter([*named, *texts, *numbers]), "")


def names_of_rows(columns: Sequence[Column], aside: dict[str, str]) -> int:
    """Return the place of the column that names the rows, -1 for none: in front without a name, texts, identifiers."""
    unique = [place for place, column in enumerate(columns) if column.is_unique]
    front = [place for place in unique if place == 0 < len(columns) - 1 and not columns[0].named]
    texts = [place for place in unique if not columns[place].is_numeric]
    others = [place for place in unique if columns[place].name in aside]
    front = [place for place in front if place in texts or place in others]
    return next(iter([*front, *texts, *others]), -1)
