"""A training run while it goes on: progress, cancel, and curves that grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.curves import TRAINING, VALIDATION
from dashboard.views.train import wall
from dashboard.widgets.jobs import job_lines, while_active
from models.storage import runs
from models.training.spec import TrainingSpec

STATUS_PX, CURVES_PX = 104, 200  # the same for a run that works and one that has finished, so nothing jumps at the end
MEASURES = (("Accuracy", "accuracy", ".0%"), ("Loss", "loss", "~g"))


def running(run: runs.Run, spec: TrainingSpec) -> None:
    """Draw a run of `spec` that waits, works, was cancelled or failed: its progress, and its answers so far.

    While the run works they grow every second, in the place where they are once it has finished. Without answers there
    are the curves.
    """
    active = run.status.active

    def progress_and_curves() -> None:
        with st.container(height=STATUS_PX if active else "content", border=False, vertical_alignment="center"):
            job_lines(run.id, key="train_job", active=active)
        rows = epochs_so_far(run)
        if not wall.growing(run, spec, rows) and (rows or active):
            _curves(rows, spec.head_epochs + spec.epochs)

    while_active(active, progress_and_curves)


def _curves(rows: Sequence[Mapping[str, float]], epochs: int) -> None:
    for column, (title, measure, digits) in zip(st.columns(2), MEASURES, strict=True):
        column.vega_lite_chart(
            {
                "epoch": [row["epoch"] for row in rows] * 2,
                "value": [row[f"{prefix}{measure}"] for prefix in ("", "val_") for row in rows],
                "on": ["training"] * len(rows) + ["validation"] * len(rows),
                "phase": [row.get("phase", 1) for row in rows] * 2,
            },
            _chart(title, digits, epochs),
            key=f"train_live_{measure}",
            height=CURVES_PX,
            alt=f"{title} per epoch on the training and the validation pictures, so far",
        )


def _chart(title: str, digits: str, epochs: int) -> dict[str, Any]:
    """Return a chart of lines over all epochs to come; only its data change, so the browser keeps it."""
    names = ["training", "validation"]
    epoch = {
        "type": "quantitative",
        "title": "epoch",
        "scale": {"domain": [1, max(epochs, 2)], "nice": False},
        "axis": {"format": "d", "grid": False, "tickCount": 6},
    }
    lines = {
        "mark": {"type": "line", "point": {"size": 14}},
        "encoding": {
            "x": {"field": "epoch", **epoch},
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": title,
                # Before the first epoch there are no values to make an axis from: no label then, rather than "NaN".
                "axis": {"tickCount": 5, "format": digits, "labelExpr": "isFinite(datum.value) ? datum.label : ''"},
            },
            "color": {
                "field": "on",
                "type": "nominal",
                "title": None,
                "scale": {"domain": names, "range": [TRAINING, VALIDATION]},
                "legend": {"orient": "top", "direction": "horizontal", "symbolType": "stroke", "offset": 4},
            },
            "strokeDash": {
                "field": "on",
                "type": "nominal",
                "scale": {"domain": names, "range": [[2, 2], [1, 0]]},
                "legend": None,
            },
        },
    }
    return {"layer": [lines, _phase_border(epoch)]}


def _phase_border(axis: dict[str, Any]) -> dict[str, Any]:
    """Return a line between the head's phase and fine-tuning, on the given axis of epochs."""
    return {
        "transform": [
            {"filter": "datum.phase > 1"},
            {"aggregate": [{"op": "min", "field": "epoch", "as": "first"}]},
            {"calculate": "datum.first - 0.5", "as": "border"},
        ],
        "mark": {"type": "rule", "color": theme.TRAINABLE, "strokeWidth": 1.5},
        "encoding": {"x": {"field": "border", **axis}},
    }


def epochs_so_far(run: runs.Run) -> list[dict[str, float]]:
    """Return one row per finished epoch; a run that was taken up again may have reported an epoch twice."""
    rows = {event["epoch"]: event for event in run.events() if "epoch" in event}
    return [rows[epoch] for epoch in sorted(rows)]
