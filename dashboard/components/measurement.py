"""Work that may take long: its price, the button that starts it, its progress, and the newest job for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components.job_panel import job_panel, refusal, refusal_kept
from models import engine, runs


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


def duration(seconds: float) -> str:
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
    beside.caption(f":material/timer: {what}: about {duration(work.seconds)}")
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
