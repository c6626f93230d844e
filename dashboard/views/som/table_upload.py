"""A visitor's own table: upload a CSV file, choose its columns of numbers, its labels, and whether to standardise."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.labels import plain_label, safe_label
from dashboard.views.som import cache
from models.errors import InputError, StorageUnavailable
from models.som import tables
from models.som.tables import Table

_CHOSEN_AT_FIRST = 30  # columns; more make a list nobody reads
_STANDARDISE_HELP = (
    "Takes each column's mean away and divides by its standard deviation: z = (x − mean) / sd. A map compares by "
    "Euclidean distance; without this, a column in thousands decides alone and one in hundredths does not count. Leave "
    "it off where all columns have the same unit and their spread means something."
)


def table_fields(owner: str) -> dict[str, Any] | None:
    """Draw the upload and the choices; return the fields of a SomTask, or None while there is nothing to train on."""
    mine = tables.mine(owner)
    titles = {table: _read(table) for table in mine}
    mine = tuple(table for table in mine if titles[table] is not None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        chosen = _choose(mine, {key: table.title for key, table in titles.items() if table is not None})
        with st.popover(
            "Upload", icon=":material/upload:", key=f"som_table_popover_{len(mine)}_{(mine or [''])[0][:8]}"
        ):
            _upload(owner)
    table = titles.get(chosen) if chosen else None
    if not chosen or table is None:
        st.info("Upload a CSV file, or try the wines: each row becomes a sample, each column of numbers a feature.")
        return None
    with st.expander("Columns and labels", icon=":material/view_column:"):
        columns = _columns(chosen, table)
        label = _label(chosen, table)
        standardise = st.toggle("Standardise", True, key=f"som_standardise_{chosen[:8]}", help=_STANDARDISE_HELP)
        st.button(
            "Remove this table",
            key="som_table_remove",
            icon=":material/delete:",
            type="tertiary",
            help="Deletes this table from the server; maps already trained on it stay.",
            on_click=tables.forget,
            args=(chosen, owner),
        )
    _say(table, columns, standardise)
    if not columns:
        return None
    return {"table": chosen, "columns": columns, "label": label, "standardise": standardise}


def _read(table: str) -> Table | None:
    try:
        return cache.table(table)
    except InputError:
        return None


def _choose(mine: tuple[str, ...], titles: dict[str, str]) -> str:
    if state.get("som_table") not in mine:
        state.put("som_table", mine[0] if mine else None)
    found = st.selectbox(
        "Table",
        mine,
        format_func=lambda table: plain_label(titles[table]),
        key="som_table",
        placeholder="No table yet",
        disabled=not mine,
        help="Tables you uploaded; nobody else sees them listed.",
    )
    return str(found or "")


def _columns(chosen: str, table: Table) -> tuple[str, ...]:
    """Draw the choice of columns; those that hold one number only are not chosen at first."""
    telling = [name for name, constant in zip(table.names, table.constant, strict=True) if not constant]
    if len(telling) > _CHOSEN_AT_FIRST and st.checkbox(
        f"All {len(telling):,} columns that vary", True, key=f"som_all_columns_{chosen[:8]}"
    ):
        return tuple(telling)
    picked = st.multiselect(
        "Columns",
        table.names,
        telling[:_CHOSEN_AT_FIRST],
        key=f"som_columns_{chosen[:8]}",
        format_func=plain_label,
        help="Columns of numbers. Each becomes one weight of every unit.",
    )
    return tuple(str(name) for name in picked)


def _label(chosen: str, table: Table) -> str:
    """Draw the choice of labels; begins with a column of words, if there is one."""
    words = [name for name in table.label_names if name not in table.names]
    return str(
        st.selectbox(
            "Labels",
            ["", *table.label_names],
            1 + table.label_names.index(words[0]) if words else 0,
            format_func=lambda name: plain_label(name) or "none",
            key=f"som_label_{chosen[:8]}",
            help="A column that names each row's class. The map never sees it; it only colours what you read.",
        )
    )


def _say(table: Table, columns: tuple[str, ...], standardise: bool) -> None:
    """Draw how the file was read, and what will be left out."""
    places = [table.names.index(name) for name in columns]
    rows = int(np.isfinite(table.values[:, places]).all(axis=1).sum()) if columns else 0
    line = f"{rows:,} of {len(table.values):,} rows have a number in every chosen column."
    if columns and table.constant[places].any():
        fate = "become 0" if standardise else "add nothing to any distance"
        line += f" {int(table.constant[places].sum())} chosen columns hold one number only: they {fate}."
    st.caption(line, help="\n\n".join(safe_label(note, 300) for note in table.notes))


def _upload(owner: str) -> None:
    """Draw the upload; a new key empties the widget, so that nothing large stays in memory."""
    if problem := state.get("som_table_problem"):
        st.error(safe_label(problem, 400), icon=":material/table:")
    key = f"som_table_upload_{state.get('som_table_turn', 0)}"
    st.file_uploader(
        "Upload a table",
        type=["csv", "tsv", "txt"],
        max_upload_size=tables.MAX_BYTES // 10**6,
        key=key,
        on_change=_take,
        args=(key, owner),
        help=f"CSV, at most {tables.MAX_BYTES / 1e6:.0f} MB: comma, semicolon, tab or bar between cells, with or "
        "without names in the first row, decimal point or comma.",
    )
    st.button("Try the wines", key="som_table_wine", icon=":material/wine_bar:", on_click=_take_wine, args=(owner,))
    st.caption("13 measurements of 178 wines. What you upload is kept on this server for two weeks at most.")


def _take(key: str, owner: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    state.put("som_table_turn", state.get("som_table_turn", 0) + 1)
    if file.size > tables.MAX_BYTES:
        large = f"Expected a table of at most {tables.MAX_BYTES / 1e6:.0f} MB. Received {file.size / 1e6:.1f} MB."
        state.put("som_table_problem", large)
        return
    _keep(file.getvalue(), file.name, owner)


def _take_wine(owner: str) -> None:
    _keep(tables.wine(), "Wines", owner)


def _keep(data: bytes, title: str, owner: str) -> None:
    """Parse and store, or remember why that is not possible."""
    try:
        state.put("som_table", tables.store(tables.parse(data, title), owner))
        state.put("som_table_problem", "")
    except (InputError, StorageUnavailable) as error:
        state.put("som_table_problem", str(error))
