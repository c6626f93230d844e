"""A table as it was read: its first rows, what was guessed, the controls that overrule it; and samples as its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard import state
from dashboard.labels import plain_label, safe_label
from dashboard.views.som import cache
from models.errors import FreezeframeError
from models.jobs import engine
from models.som import table_reading, tables
from models.som.data import SomTask
from models.som.export import plain
from models.som.film import SOM
from models.som.samples import SomData
from models.som.table_lines import SEPARATORS
from models.som.table_reading import Reading
from models.som.tables import READ_TABLE, Table
from models.storage import runs
from models.wording import grouped

MOST_COLUMNS = 50  # of the rows shown
_PROBLEM = "som_table_anew_problem"  # of which table, and what
_FIELDS = ("separator", "decimal", "header")
_SIGNS = {".": "point: 1,234.5", ",": "comma: 1.234,5"}
_HEADER = {"yes": "first row", "no": "none"}


def read(table: str, title: str, reading: Reading, size: int) -> Table:
    """Read the kept file of a table: here where it is small, else on a worker.

    Args:
        table: Its id.
        title: The name of the file.
        reading: What the visitor has decided.
        size: Bytes of the file.

    Raises:
        FreezeframeError: It is no table, or no worker answered.
    """
    if size <= tables.AT_ONCE:
        return table_reading.parse(tables.source(table), title, reading)
    return engine.call(READ_TABLE, table=table, title=title, reading=reading)


def draw(chosen: str, table: Table, owner: str) -> None:
    """Draw how a table was read, its first rows, and the controls that read it anew."""
    st.caption("\n".join(f"- {safe_label(note, 300)}" for note in table.notes))
    if table.head:
        shown = first_rows(table)
        numbers = {name: st.column_config.NumberColumn(format="plain") for name in shown if name in table.names}
        st.dataframe(shown, key=f"som_table_head_{chosen[:8]}", height="content", column_config=numbers)
        of_columns = (
            f", {MOST_COLUMNS} of {grouped(len(table.columns))} columns" if len(table.columns) > MOST_COLUMNS else ""
        )
        st.caption(f"As read: {len(shown)} of {grouped(len(table.values))} rows{of_columns}. Numbers on the right.")
    if table.read_with:
        of, problem = state.get(_PROBLEM) or ("", "")
        if of == chosen:
            st.error(safe_label(problem, 400), icon=":material/table:")
        with st.popover("Read it otherwise", icon=":material/tune:", key=f"som_otherwise_{chosen[:8]}"):
            ask(chosen[:8], _reading(table.chosen), table.read_with)
            st.button(
                "Read anew",
                key=f"som_anew_{chosen[:8]}",
                icon=":material/refresh:",
                help="Reads the file again with these choices. Maps trained on it before keep the table as it was.",
                on_click=_read_anew,
                args=(chosen, table.title, owner),
            )


def first_rows(table: Table) -> pd.DataFrame:
    """Return the first rows of a table as they were read, under the names of its columns and the lines of the file."""
    shown: dict[str, object] = {}
    for place, name in enumerate(table.columns[:MOST_COLUMNS]):
        if name in table.names:
            shown[name] = table.values[: len(table.head), table.names.index(name)]
        else:
            shown[name] = [plain_label(row[place]) for row in table.head]
    return pd.DataFrame(shown, index=pd.Index(table.lines[: len(table.head)], name="line"))


def samples_as_rows(
    task: SomTask, data: SomData, few: NDArray[np.int64], names: Sequence[str], *, classes: bool = True
) -> pd.DataFrame:
    """Return the samples with these numbers as rows; those of a table tell their line and name, which no map sees.

    The browser offers the rows as a file for spreadsheets as they are: texts from outside are none of their formulas.

    Args:
        task: What a map was trained on.
        data: Its samples.
        few: Numbers of some of them.
        names: Of their values.
        classes: Whether to name their classes, where they have some.
    """
    rows = pd.DataFrame(data.features[few], index=pd.Index(few, name="sample"), columns=list(names))
    told = {title: [plain(texts[place]) for place in few] for title, texts in cache.rows_of(task).items()}
    if classes and len(data.labels):
        told["class"] = [plain(data.classes[label]) for label in data.labels[few]]
    for place, (title, values) in enumerate(told.items()):
        rows.insert(place, title if title not in rows else f"{title} of the row", values)
    return rows


def ask(key: str, reading: Reading, found: tuple[str, ...] = ()) -> None:
    """Draw the choice of separator, decimal sign and names; "" leaves each to the file.

    Args:
        key: Ends the keys of the widgets.
        reading: What was chosen before.
        found: What the file was read with, in the same order; () where it could not be read.
    """
    before = (reading.separator, reading.decimal, reading.header)
    meanings: tuple[dict[str, str], ...] = (SEPARATORS, _SIGNS, _HEADER)
    kinds = zip(_FIELDS, ("Between cells", "Decimal sign", "Names"), meanings, before, strict=True)
    with st.container(horizontal=True, gap="xsmall"):
        for place, (name, title, words, chosen) in enumerate(kinds):
            guess = f"found: {words[found[place]].split(':')[0]}" if found else "find it"
            options = ["", *words]

            def worded(sign: str, words: dict[str, str] = words, guess: str = guess) -> str:
                return words.get(sign, guess)

            st.selectbox(
                title,
                options,
                options.index(str(chosen)),
                format_func=worded,
                key=f"som_read_{name}_{key}",
                width=150,
            )


def asked(key: str) -> Reading:
    """Return what is chosen in the widgets of `ask`."""
    return _reading([str(st.session_state.get(f"som_read_{name}_{key}") or "") for name in _FIELDS])


def _reading(values: Sequence[str]) -> Reading:
    return Reading.from_json(dict(zip(_FIELDS, values, strict=True)))


def _read_anew(chosen: str, title: str, owner: str) -> None:
    """Read a table again as a new one; the old one goes unless a map was trained on it."""
    try:
        data = tables.source(chosen)
        name = tables.keep(data, owner)
        try:
            table = read(name, title, asked(chosen[:8]), len(data))
            tables.store(table, owner, name)
        except FreezeframeError:
            tables.forget(name, owner)
            raise
    except FreezeframeError as error:
        state.put(_PROBLEM, (chosen, str(error)))
        return
    state.put(_PROBLEM, None)
    state.put("som_table", name)
    if not any(run.spec.get("table") == chosen for run in runs.listing(owner, SOM.kind)):
        tables.forget(chosen, owner)
