"""Reads large tables, so that no page stands still while it happens."""

from __future__ import annotations

from models.som import tables
from models.som.table_reading import Reading, parse
from models.som.tables import Table


def read(table: str, title: str, reading: Reading) -> Table:
    """Read the file that is kept under the id `table`; `title` is its name.

    Raises:
        InputError: It is no longer kept, or no table.
    """
    return parse(tables.source(table), title, reading)
