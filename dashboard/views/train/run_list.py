"""The table of the visitor's training runs; choosing a row shows the run on every page."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC

import streamlit as st

from dashboard import state
from dashboard.labels import SHIPPED_RUNS, moment, zone
from dashboard.widgets.formatted import formatted
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.training.spec import TRAINING
from models.wording import percent

ENDS = {"done": "finished", "cancelled": "cancelled", "failed": "stopped", "queued": "waiting", "running": "training"}


def run_list(shown: runs.Run | None) -> None:
    """Draw the visitor's training runs, newest first, the shipped example last; choosing one shows it everywhere."""
    listed = state.training_runs()
    if not listed:
        return
    st.markdown("## Your runs")
    st.dataframe(
        formatted([_row(run, shown) for run in listed], {"Test accuracy": percent}),
        hide_index=True,
        on_select=lambda: _choose(listed),
        selection_mode="single-row",
        key="train_runs",
        placeholder="",
        column_config={
            "": st.column_config.TextColumn(width=28),
            "Run": st.column_config.TextColumn(width=300),
            "Test accuracy": st.column_config.NumberColumn(help="On pictures never trained on."),
            "When": st.column_config.DatetimeColumn("When, UTC" if zone() is UTC else "When", format="D MMM, HH:mm"),
        },
        alt="Your training runs with data, backbone, test accuracy and time",
    )
    st.caption("Click the box in front of a run to show it on every page.")


def _row(run: runs.Run, shown: runs.Run | None) -> dict[str, object]:
    """Return the cells of one run; what a visitor wrote is shown literally in a table."""
    recipe: dict[str, object] = {"Data": "of another version", "Backbone": "", "Trainable layers": None}
    with suppress(FreezeframeError):
        spec = TRAINING.spec_of(run)
        recipe = {
            "Data": DATASETS[spec.dataset].title,
            "Backbone": BACKBONES[spec.backbone].title,
            "Trainable layers": len(spec.learning),
        }
    return {
        "": "▸" if shown is not None and run.id == shown.id else "",
        "Run": SHIPPED_RUNS.get(run.id, run.title),
        **recipe,
        "State": ENDS[run.status.state],
        "Test accuracy": _accuracy(run),
        "When": moment(run.created),
    }


def _accuracy(run: runs.Run) -> float | None:
    """Return the test accuracy of a finished run, in 0..1."""
    try:
        return float(json.loads(run.path("summary.json").read_bytes())["accuracy"])
    except (OSError, ValueError, KeyError):
        return None


def _choose(listed: list[runs.Run]) -> None:
    """Show the run whose row was clicked."""
    rows = state.get("train_runs")["selection"]["rows"]
    if rows:
        state.choose(run=listed[rows[0]].id)
