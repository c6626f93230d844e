"""What a long measurement gave: shipped, found again, on its way, or offered with its cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import safe_label
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from models.errors import FreezeframeError
from models.jobs import engine
from models.storage import runs

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


# FOLDED dashboard/views/general/live_slice.py: The live slice: choose five digits, watch all networks of the
# experiment train, and read their curves.


def _slice_duration(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.1f} min"


# FOLDED dashboard/widgets/work.py: Work that may take long: its price, the button that starts it, its progress, and
# the newest job for it.


@dataclass(frozen=True, slots=True)
class Work:
    """One question to a job: its kind and spec, what it is called, and about how long it takes."""

    kind: str
    spec: Mapping[str, Any]
    title: str
    seconds: float

    def newest(self, owner: str) -> runs.Run | None:
        """Return the visitor's newest job for this very question, however it ended."""
        return next((run for run in runs.listing(owner, self.kind) if run.spec == dict(self.spec)), None)


def measurement_duration(seconds: float) -> str:
    """Return a time as it is spoken of."""
    return (
        f"{max(seconds, 0.1):.1f} s"
        if seconds < 2
        else f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
    )


def price(
    work: Work, run: runs.Run | None, owner: str, *, what: str, button: str, key: str, beside: DeltaGenerator
) -> None:
    """Draw `beside` what work without a result costs and, unless it is going on, the button that starts it."""
    beside.caption(f":material/timer: {what}: about {measurement_duration(work.seconds)}")
    if run is not None and run.status.active:
        return

    def begin() -> None:
        with refusal_kept(f"{key}_problem"):
            engine.submit(work.kind, work.spec, owner=owner, title=work.title)

    beside.button(
        button, key=f"{key}_start", icon=":material/play_arrow:", type="primary", width="stretch", on_click=begin
    )
    refusal(f"{key}_problem", beside)


def progress(run: runs.Run | None, key: str, unreadable: str) -> None:
    """Draw how far a job is or how it ended, where there is one without a result that can be read."""
    if run is None:
        return
    if run.status.state == "done":
        st.warning(unreadable, icon=":material/restart_alt:")
    else:
        job_panel(run.id, key=key)


# FOLDED dashboard/views/occlusion/question.py: What is hidden, and every class's scores that come of it: at once,
# or as jobs that go from coarse to fine.


def _occlusion_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


# FOLDED dashboard/views/general/probe.py: A linear probe of every block: which network, what it costs, and how
# accuracy grows with depth.


def _probe_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


# FOLDED dashboard/views/som/controls.py: What to train a map on, and how, what that will cost, and the button that
# starts it.


def som_duration(seconds: float) -> str:
    """Return a time as people say it."""
    for limit, size, unit in ((1, 0, ""), (90, 1, "s"), (5400, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}" if size else "a second"
    return f"{seconds / 86400:.0f} days"


# FOLDED dashboard/views/train/start.py: The train panel: head, recipe, data, augmentation, what a run will cost,
# and the button that starts it.


def duration(seconds: float) -> str:
    """Return seconds in words: "8 s", "3 min"."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
