"""The visitor's training runs: one row each; choosing one shows it on every page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import state
from models.backbones.registry import BACKBONES
from models.pictures.datasets import DATASETS
from models.storage import runs

ENDS = {"done": "finished", "cancelled": "cancelled", "failed": "stopped", "queued": "waiting", "running": "training"}


def run_list(shown: runs.Run | None) -> None:
    """Draw the visitor's training runs, newest first, the shipped example last; choosing one shows it everywhere."""
    listed = state.training_runs()
    if not listed:
        return
    st.markdown("##### Your runs")
    st.dataframe(
        [_row(run, shown) for run in listed],
        hide_index=True,
        on_select=lambda: _choose(listed),
        selection_mode="single-row",
        key="train_runs",
        placeholder="",
        column_config={
            "": st.column_config.TextColumn(width=28),
            "Run": st.column_config.TextColumn(width=300),
            "Test accuracy": st.column_config.NumberColumn(format="percent", help="On pictures never trained on."),
            "When": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
        },
        alt="Your training runs with data, backbone, test accuracy and time",
    )
    st.caption("Click the box in front of a run to show it on every page.")


def _row(run: runs.Run, shown: runs.Run | None) -> dict[str, object]:
    """Return what the list says about one run; titles are shown literally in a table's cells."""
    spec, status = run.spec, run.status
    return {
        "": "▸" if shown is not None and run.id == shown.id else "",
        "Run": "Example run, shipped" if run.id == runs.EXAMPLE else run.title,
        "Data": _title(DATASETS, spec.get("dataset")),
        "Backbone": _title(BACKBONES, spec.get("backbone")),
        "Trainable layers": len(spec.get("trainable", ())),
        "State": ENDS[status.state],
        "Test accuracy": _accuracy(run),
        "When": datetime.fromtimestamp(run.created, UTC),
    }


def _title(known: Mapping[str, Any], name: object) -> str:
    return str(known[name].title) if isinstance(name, str) and name in known else str(name)


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
