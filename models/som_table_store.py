"""Where visitors' tables are kept: each under a secret id, found by its owner, never listed to anybody else."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import answers, runs
from models.errors import InputError
from models.som_measures import Floats
from models.som_tables import Table

MOST = 8  # tables of one visitor; the oldest go first
MOST_BYTES = 512 * 1024**2  # of all visitors together
OLDEST_DAYS = 14
ID = re.compile(r"[0-9a-f]{32}")
GONE = "This table is no longer kept. Please upload it again."


def store(table: Table, owner: str) -> str:
    """Keep a visitor's table and return its id, 128 random bits; clears what is old or too much.

    Raises:
        StorageUnavailable: It cannot be written.
    """
    name = secrets.token_hex(16)
    with runs.saving():
        runs.write_atomically(_folder() / f"{_signature(owner)}.{name}.npz", answers.encode(table))
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
            found = answers.decode(path.read_bytes(), Table)
            return replace(found, label_classes=tuple(map(tuple, found.label_classes)))
    raise InputError(GONE)


def samples(
    table: Table, columns: Sequence[str], label: str, standardise: bool
) -> tuple[Floats, NDArray[np.int64], tuple[str, ...]]:
    """Return what a map is trained on: features float32 (N, D), classes int64 (N,) and their names (empty: no label).

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
        return values.astype(np.float32), np.empty(0, np.int64), ()
    place = table.label_names.index(label)
    codes, classes = table.codes[whole, place].astype(np.int64), table.label_classes[place]
    if (codes < 0).any():
        codes[codes < 0] = len(classes)
        classes = (*classes, "none")
    return values.astype(np.float32), codes, classes


def _folder() -> Path:
    folder = runs.home() / "tables"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


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
