"""What a long measurement gave: shipped, found again, on its way, or offered with its cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from dashboard import state
from dashboard.components.job_panel import job_panel
from dashboard.labels import safe_label
from models import engine, runs
from models.errors import FreezeframeError

SHIPPED = ":material/inventory_2: Measured beforehand, with these very settings."
Result = TypeVar("Result")


def job_answer(
    kind: str,
    spec: dict[str, Any],
    *,
    owner: str,
    title: str,
    cost: str,
    load: Callable[[str], Result | None],
    shipped: Result | None = None,
) -> Result | None:
    """Return the answer to `spec`; while there is none draw the button, or the progress and the cancel.

    Args:
        kind: Of the job, also the prefix of the keys.
        spec: What is asked for, JSON values.
        owner: The visitor.
        title: What the job is called.
        cost: What it costs, drawn beside the button.
        load: Reads the result of a run by its id.
        shipped: The answer, if the app brings it along.
    """
    if shipped is not None:
        return shipped
    mine = [run for run in runs.listing(owner, kind) if run.spec == spec]
    for run in mine:
        if run.status.state == "done" and (found := load(run.id)) is not None:
            return found
    if mine:
        job_panel(mine[0].id, key=f"som_{kind}_job")
    if not mine or not mine[0].status.active:
        st.button(
            "Measure",
            key=f"som_{kind}_start",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start,
            args=(kind, spec, owner, title),
        )
        st.caption(cost)
        if problem := state.get(f"som_{kind}_problem"):
            st.error(safe_label(problem, 400), icon=":material/error:")
    return None


def _start(kind: str, spec: dict[str, Any], owner: str, title: str) -> None:
    try:
        engine.submit(kind, spec, owner=owner, title=title)
        state.put(f"som_{kind}_problem", "")
    except FreezeframeError as error:
        state.put(f"som_{kind}_problem", str(error))
