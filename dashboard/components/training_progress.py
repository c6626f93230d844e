"""A training run while it goes on: progress, cancel, and curves that grow."""

from __future__ import annotations

import streamlit as st

from dashboard.components.job_panel import job_panel
from dashboard.figures.curves import TRAINING, VALIDATION
from models import runs

STATUS_PX, CURVES_PX = 72, 220  # the same for a run that works and one that has finished, so nothing jumps at the end
_POLL_S = 1.0


def running(run: runs.Run) -> None:
    """Draw a run that waits, works, was cancelled or failed: its progress and the curves so far."""
    with st.container(height=STATUS_PX, border=False, vertical_alignment="center"):
        job_panel(run.id, key="train_job")
    live_curves(run)


def live_curves(run: runs.Run) -> None:
    """Draw the curves so far; while the run works they grow every second, in the same place."""

    @st.fragment(run_every=_POLL_S if run.status.active else None)
    def curves() -> None:
        rows = epochs_so_far(run)
        for column, (name, key) in zip(st.columns(2), (("Accuracy", "accuracy"), ("Loss", "loss")), strict=True):
            column.line_chart(
                {
                    "epoch": [row["epoch"] for row in rows],
                    "training": [row[key] for row in rows],
                    "validation": [row[f"val_{key}"] for row in rows],
                },
                x="epoch",
                y=["training", "validation"],
                y_label=name,
                color=[TRAINING, VALIDATION],
                height=CURVES_PX,
                alt=f"{name} per epoch on the training and the validation pictures, so far",
            )

    curves()


def epochs_so_far(run: runs.Run) -> list[dict[str, float]]:
    """Return one row per finished epoch; a run that was taken up again may have told an epoch twice."""
    rows = {event["epoch"]: event for event in run.events() if "epoch" in event}
    return [rows[epoch] for epoch in sorted(rows)]
