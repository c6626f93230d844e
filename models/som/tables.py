"""Visitors' tables, kept under a secret id: columns of numbers, candidates for labels, and the file they came from.

`table_reading` makes them. Tables are found by their owner, and never listed to anybody else.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Task
from models.som.samples import SomData, standardised
from models.storage import files
from models.wording import file_size

MAX_BYTES = 5_000_000  # of a file; its cells take up to thirty times as much while they are read
AT_ONCE = 500_000  # bytes of a file that a page reads itself; a worker reads larger ones
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
        lines: int32 (N,), the line of the file on which each row begins; the first is 1. Empty in tables of 0.4.
        row_names_of: Name of the column that names the rows, or "".
        row_names: N texts, or none.
        set_aside: Names of numeric columns that are not to be trained on unawares: labels and identifiers.
        label: Name of the column to begin with as labels, or "".
        columns: Names of all columns.
        head: The first rows as they stand in the file.
        read_with: Separator, decimal sign and "yes" or "no" for names, as they were found or chosen; () in 0.4.
        chosen: The three fields of the `Reading`, "" where the file decided; () in 0.4.
    """

    title: str
    names: tuple[str, ...]
    values: NDArray[np.float64]
    label_names: tuple[str, ...]
    label_classes: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int16]
    notes: tuple[str, ...]
    lines: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    row_names_of: str = ""
    row_names: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    label: str = ""
    columns: tuple[str, ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    read_with: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Return which numeric columns hold one number only, bool (C,): a map learns nothing from them."""
        known = np.isfinite(self.values)
        low = np.where(known, self.values, np.inf).min(axis=0)
        return np.asarray(low >= np.where(known, self.values, -np.inf).max(axis=0))


READ_TABLE = Task("read_table", "models.som.worker.tables:read", Table)


def keep(data: bytes, owner: str) -> str:
    """Keep the file of a visitor's table before it is read, and return its id, 128 random bits.

    Raises:
        InputError: It is too large.
        StorageUnavailable: It cannot be written.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"Expected a table of at most {file_size(MAX_BYTES)}. Received {file_size(len(data))}.")
    name = secrets.token_hex(16)
    with files.saving():
        files.write_atomically(_folder() / f"{_signature(owner)}.{name}.gz", gzip.compress(data, 1))
    _clear(owner)
    return name


def source(table: str) -> bytes:
    """Return the file of the table with this id.

    Raises:
        InputError: The id is malformed, or the file is not kept: tables of 0.4 have none.
    """
    for path in _found(table, "gz"):
        with suppress(OSError, EOFError):
            return gzip.decompress(path.read_bytes())
    raise InputError(GONE)


def store(table: Table, owner: str, name: str = "") -> str:
    """Keep a visitor's table and return its id; clears what is old or too much.

    Args:
        table: As it was read.
        owner: Of the table.
        name: The id under which its file is kept; "" for a table without.

    Raises:
        StorageUnavailable: It cannot be written.
    """
    name = name or secrets.token_hex(16)
    with files.saving():
        files.write_atomically(_folder() / f"{_signature(owner)}.{name}.npz", files.pack(table))
    _clear(owner)
    return name


def _clear(owner: str) -> None:
    """Delete the oldest tables and files: of one visitor beyond MOST, and of all beyond MOST_BYTES and OLDEST_DAYS."""
    for ending in ("npz", "gz"):
        for _, old in _newest_first(f"{_signature(owner)}.*.{ending}")[MOST:]:
            old.unlink(missing_ok=True)
    total = 0
    for written, path in _newest_first("*.npz") + _newest_first("*.gz"):
        with suppress(FileNotFoundError):  # another process clears, too
            total += path.stat().st_size
            if total > MOST_BYTES or time.time() - written > OLDEST_DAYS * 86400:
                path.unlink(missing_ok=True)


def mine(owner: str) -> tuple[str, ...]:
    """Return the ids of a visitor's tables, newest first."""
    return tuple(path.name.split(".")[1] for _, path in _newest_first(f"{_signature(owner)}.*.npz"))


def forget(table: str, owner: str) -> None:
    """Delete a visitor's table and its file; somebody else's stays."""
    if ID.fullmatch(table):
        for ending in ("npz", "gz"):
            (_folder() / f"{_signature(owner)}.{table}.{ending}").unlink(missing_ok=True)


def load(table: str) -> Table:
    """Return the table with this id; who knows it may see it, as with runs.

    Raises:
        InputError: The id is malformed, or the table is no longer kept.
    """
    for path in _found(table, "npz"):
        with suppress(OSError, ValueError):
            found = files.unpack(path.read_bytes(), Table)
            classes, head = tuple(map(tuple, found.label_classes)), tuple(map(tuple, found.head))
            return replace(found, label_classes=classes, head=head)
    raise InputError(GONE)


def _found(table: str, ending: str) -> list[Path]:
    if not ID.fullmatch(table):
        raise InputError("Expected the id of a table: 32 characters out of 0-9 and a-f. Received another text.")
    return list(_folder().glob(f"*.{table}.{ending}"))


def whole_rows(table: Table, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows have a number in every one of these columns, bool (N,): those that a map trains on."""
    places = [table.names.index(name) for name in columns]
    return np.asarray(np.isfinite(table.values[:, places]).all(axis=1))


def rows_of_samples(table: Table, columns: Sequence[str]) -> dict[str, list[str]]:
    """Return what tells which rows the samples of `samples` are: "line" of the file, and "name"; both may be missing.

    Raises:
        InputError: The table has no such column.
    """
    if unknown := [name for name in columns if name not in table.names]:
        raise InputError(f"Expected columns of the table. Received others: {unknown[0]}")
    places = np.flatnonzero(whole_rows(table, columns)).tolist()
    found = {"line": [str(table.lines[place]) for place in places]} if table.lines.size else {}
    return found | ({"name": [table.row_names[place] for place in places]} if table.row_names else {})


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
    whole = whole_rows(table, columns)
    if not whole.any():
        raise InputError("Expected rows with a number in every chosen column. Received none; choose fewer columns.")
    values = values[whole]
    if standardise:
        values = standardised(values)
    if not label:
        return SomData.unlabelled(values)
    place = table.label_names.index(label)
    codes, classes = table.codes[whole, place].astype(np.int64), table.label_classes[place]
    if (codes < 0).any():
        codes[codes < 0] = len(classes)
        classes = (*classes, "none")
    return SomData(values, codes, classes)


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
