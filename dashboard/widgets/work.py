"""Long work as a page offers it: its result where it is shipped or was found, else how far it is, or its price.

A view makes one call, `answer`, and draws what it returns. Where price and progress stand apart, or several views share
one result, it calls `find`, `offer` and `progress` itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.widgets import cache
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from models.jobs import engine
from models.jobs.job import Job, PricedSpec
from models.storage import runs
from models.wording import duration

SHIPPED = ":material/inventory_2: Precomputed with these settings."
Result = TypeVar("Result")
Spec = TypeVar("Spec", bound=PricedSpec)


@dataclass(frozen=True, slots=True)
class Found(Generic[Result]):
    """What there is for one question.

    Attributes:
        result: None where there is none that can be read.
        run: The visitor's run that the result is from; without a result his newest run for the question, if any.
        shipped: Whether the result comes with the app.
    """

    result: Result | None
    run: runs.Run | None = None
    shipped: bool = False


def find(job: Job[Spec, Result], spec: Spec, owner: str, *, own_first: bool = False) -> Found[Result]:
    """Return the shipped result of `spec`, else that of the visitor's newest run that has one.

    With `own_first` the visitor's own comes before the shipped one: where the machine is part of what is measured.
    """
    shipped = cache.shipped(job, spec)
    if shipped is not None and not own_first:
        return Found(shipped, shipped=True)
    mine = job.mine(spec, owner)
    for run in mine:
        if run.status.state == "done" and (result := cache.result(job, run)) is not None:
            return Found(result, run)
    return Found(shipped, mine[0] if mine else None, shipped=shipped is not None)


def answer(
    job: Job[Spec, Result],
    spec: Spec,
    *,
    owner: str,
    what: str,
    button: str,
    key: str,
    beside: DeltaGenerator | None = None,
) -> Result | None:
    """Return the result for `spec`; while there is none, draw what it costs and the button, or how far it is.

    Args:
        job: The kind of work.
        spec: The question; it knows its `seconds`.
        owner: The visitor.
        what: What would be computed, in a few words; a time is put behind it.
        button: Words on the button.
        key: Prefix of the widgets' keys.
        beside: Where price and button are drawn, the controls' column for example; progress is drawn here.
    """
    found = find(job, spec, owner)
    if found.result is None:
        offer(job, spec, found.run, owner=owner, what=what, button=button, key=key, beside=beside)
        progress(found.run, key)
    return found.result


def offer(
    job: Job[Spec, Any],
    spec: Spec,
    run: runs.Run | None,
    *,
    owner: str,
    what: str,
    button: str,
    key: str,
    beside: DeltaGenerator | None = None,
) -> None:
    """Draw what work without a result costs and, unless `run` is at it, the button that starts it."""
    place = beside or st.container()
    place.caption(f":material/timer: {what}: about {duration(spec.seconds)}")
    if run is not None and run.status.active:
        return

    def begin() -> None:
        with refusal_kept(f"{key}_problem"):
            engine.submit(job, spec, owner=owner)

    place.button(
        button, key=f"{key}_start", icon=":material/play_arrow:", type="primary", width="stretch", on_click=begin
    )
    refusal(f"{key}_problem", place)


def progress(run: runs.Run | None, key: str) -> None:
    """Draw how far a run without a result is, or how it ended."""
    if run is None:
        return
    if run.status.state == "done":
        st.warning("This result cannot be read by this version. Start it again.", icon=":material/restart_alt:")
    else:
        job_panel(run.id, key=key)
