"""A visitor's own table: upload a CSV file, choose its columns of numbers, its labels, and whether to standardise."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import state
from dashboard.labels import plain_label, safe_label
from dashboard.views.som import cache, table_as_read
from dashboard.views.som.table_as_read import ask, asked, read
from models.errors import FreezeframeError, InputError
from models.som import tables
from models.som.table_columns import MAX_CLASSES
from models.som.table_reading import Reading
from models.som.tables import Table
from models.wording import file_size, grouped

_PROBLEM = "som_table_problem"
_REFUSED = "som_table_refused"  # id and name of the file that was no table
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
        chosen = _choose(
            owner, mine, _told_apart({key: table.title for key, table in titles.items() if table is not None})
        )
        with st.popover(
            "Upload", icon=":material/upload:", key=f"som_table_popover_{len(mine)}_{(mine or [''])[0][:8]}"
        ):
            _upload(owner)
    table = titles.get(chosen) if chosen else None
    if not chosen or table is None:
        st.info("Upload a CSV file, or try the wines: each row becomes a sample, each column of numbers a feature.")
        return None
    with st.expander("As it was read", expanded=True, icon=":material/table_view:"):
        table_as_read.draw(chosen, table, owner)
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
            on_click=_remove,
            args=(chosen, owner),
        )
    _say(table, columns, label, standardise)
    if not columns:
        return None
    return {"table": chosen, "columns": columns, "label": label, "standardise": standardise}


def _read(table: str) -> Table | None:
    try:
        return cache.table(table)
    except InputError:
        return None


def _told_apart(titles: dict[str, str]) -> dict[str, str]:
    """Return titles, newest first, with "earlier" behind those that a newer table has too."""
    newer: list[str] = []
    found = {}
    for table, title in titles.items():
        count = newer.count(title)
        found[table] = f"{title} (earlier{f' {count}' * (count > 1)})" if count else title
        newer.append(title)
    return found


def _choose(owner: str, mine: tuple[str, ...], titles: dict[str, str]) -> str:
    """Draw the choice of a table; none is chosen while a refused file is what the visitor brought last."""
    if state.get("som_table") not in mine:
        state.put("som_table", mine[0] if mine and not state.get(_REFUSED) else None)
    found = st.selectbox(
        "Table",
        mine,
        format_func=lambda table: plain_label(titles[table]),
        key="som_table",
        placeholder="Choose a table" if mine else "No table yet",
        disabled=not mine,
        on_change=_refuse,
        args=("", owner),
        help="Tables you uploaded; nobody else sees them listed.",
    )
    return str(found or "")


def _columns(chosen: str, table: Table) -> tuple[str, ...]:
    """Draw the choice of columns; at first without labels, identifiers, and those that hold one number only."""
    varying = [name for name, constant in zip(table.names, table.constant, strict=True) if not constant]
    telling = [name for name in varying if name not in table.set_aside]
    if len(telling) > _CHOSEN_AT_FIRST and st.checkbox(
        f"All {grouped(len(telling))} columns that vary",
        True,
        key=f"som_all_columns_{chosen[:8]}",
        help="Without those that look like labels or identifiers." if len(telling) < len(varying) else None,
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
    """Draw the choice of labels; begins with the column that looks most like labels, if there is one."""
    words = [name for name in table.label_names if name not in table.names]
    first = table.label if table.read_with else next(iter(words), "")  # tables of 0.4 propose none
    options = ["", *table.label_names]
    return str(
        st.selectbox(
            "Labels",
            options,
            options.index(first),
            format_func=lambda name: plain_label(name) or "none",
            key=f"som_label_{chosen[:8]}",
            help="A column that names each row's class; it only colours what you read. Offered are columns of 2 to "
            f"{MAX_CLASSES} different values: texts, whole numbers, and other numbers that repeat. A column that is "
            "chosen above too is trained on as well.",
        )
    )


def _say(table: Table, columns: tuple[str, ...], label: str, standardise: bool) -> None:
    """Draw what will be left out, and what is trained on although it looks like something else."""
    places = [table.names.index(name) for name in columns]
    rows = int(tables.whole_rows(table, columns).sum()) if columns else 0
    line = f"{grouped(rows)} of {grouped(len(table.values))} rows have a number in every chosen column."
    if columns and table.constant[places].any():
        fate = "become 0" if standardise else "add nothing to any distance"
        line += f" {int(table.constant[places].sum())} chosen columns hold one number only: they {fate}."
    if unwanted := [name for name in columns if name in table.set_aside or name == label]:
        line += f" Trained on, although labels or identifiers: {', '.join(unwanted[:5])}."
    st.caption(safe_label(line, 600))


def _upload(owner: str) -> None:
    """Draw the upload; a new key empties the widget, so that nothing large stays in memory."""
    refused = state.get(_REFUSED)
    if refused and (problem := state.get(_PROBLEM)):
        st.error(safe_label(problem, 400), icon=":material/table:")
        if refused[0]:
            ask("refused", Reading())
            st.button("Read anew", key="som_read_refused", icon=":material/refresh:", on_click=_again, args=(owner,))
    key = f"som_table_upload_{state.get('som_table_turn', 0)}"
    st.file_uploader(
        "Upload a table",
        type=["csv", "tsv", "txt"],
        max_upload_size=tables.MAX_BYTES // 10**6,
        key=key,
        on_change=_take,
        args=(key, owner),
        help=f"CSV, at most {file_size(tables.MAX_BYTES)}: comma, semicolon, tab, bar or space between cells, with "
        "or without names in the first row, decimal point or comma.",
    )
    st.button("Try the wines", key="som_table_wine", icon=":material/wine_bar:", on_click=_take_wine, args=(owner,))
    st.caption("13 measurements of 178 wines. What you upload is kept on this server for two weeks at most.")


def _take(key: str, owner: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    state.put("som_table_turn", state.get("som_table_turn", 0) + 1)
    if file.size > tables.MAX_BYTES:
        large = f"Expected a table of at most {file_size(tables.MAX_BYTES)}. Received {file_size(file.size)}."
        _refuse(large, owner)
        return
    _keep(file.getvalue(), file.name, owner, Reading())


def _take_wine(owner: str) -> None:
    _keep(tables.wine(), "Wines", owner, Reading())


def _keep(data: bytes, title: str, owner: str, reading: Reading) -> None:
    """Keep a file, read it and keep the table, or remember why that is not possible."""
    name = ""
    try:
        name = tables.keep(data, owner)
        tables.store(read(name, title, reading, len(data)), owner, name)
    except FreezeframeError as error:
        _refuse(str(error), owner, name, title)
        return
    _refuse("", owner)
    state.put("som_table", name)


def _refuse(problem: str, owner: str, name: str = "", title: str = "") -> None:
    """Remember why a file is no table, and the file, which may be read otherwise; forget the one before."""
    before = state.get(_REFUSED)
    if before and before[0] not in ("", name):
        tables.forget(before[0], owner)
    state.put(_PROBLEM, problem)
    state.put(_REFUSED, (name, title) if problem else None)
    if problem:  # what came of an earlier table does not stand below this refusal
        state.put("som_table", None)


def _remove(table: str, owner: str) -> None:
    """Delete a table, and what was said of a file that was no table."""
    tables.forget(table, owner)
    _refuse("", owner)


def _again(owner: str) -> None:
    """Read the refused file with what was chosen below the refusal."""
    name, title = state.get(_REFUSED)
    try:
        data = tables.source(name)
    except InputError as error:
        _refuse(str(error), owner)
        return
    _keep(data, title, owner, asked("refused"))
