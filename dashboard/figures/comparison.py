"""Trainings side by side: accuracies with their intervals, curves on one axis, how far every layer moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from dashboard.figures.curves import NAMES_SHOWN
from models.intervals import Estimate
from models.training_results import TrainingResult, WeightChange

COLOURS: Final = (
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#8F7BC4",
    "#B8A800",
)  # not blue and orange: frozen, trained
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MOST: Final = len(COLOURS)


@dataclass(frozen=True, slots=True)
class Compared:
    """One run: how it is called in the figures (plain text), its results, its accuracy."""

    name: str
    result: TrainingResult
    accuracy: Estimate


def accuracies(compared: Sequence[Compared], height: int) -> go.Figure:
    """Test accuracy of every run, a dot with its 95 % interval, the first run on top."""
    figure = go.Figure()
    for number, run in enumerate(compared):
        estimate = run.accuracy
        figure.add_scatter(
            x=[estimate.value],
            y=[run.name],
            error_x={
                "array": [estimate.high - estimate.value],
                "arrayminus": [estimate.value - estimate.low],
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            marker={"color": COLOURS[number], "symbol": SYMBOLS[number], "size": 12},
            hovertemplate=f"{run.name}<br>{estimate.value:.1%} of {estimate.n} test pictures<br>"
            f"95% interval {estimate.low:.1%} to {estimate.high:.1%}<extra></extra>",
            showlegend=False,
        )
    theme.layout(figure, height)
    figure.update_xaxes(
        title_text="test accuracy", title_standoff=4, tickformat=".0%", automargin=True, gridcolor=theme.GRID
    )
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    return figure


def curves(compared: Sequence[Compared], height: int) -> go.Figure:
    """Accuracy (left) and loss (right) on the validation pictures, epoch by epoch, all runs on one axis."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    for column, (title, measure, digits) in enumerate(
        (("Validation accuracy", "val_accuracy", ".1%"), ("Validation loss", "val_loss", ".3f")), start=1
    ):
        for number, run in enumerate(compared):
            figure.add_scatter(
                x=[row["epoch"] for row in run.result.history],
                y=[row[measure] if math.isfinite(row[measure]) else None for row in run.result.history],
                name=run.name,
                legendgroup=run.name,
                showlegend=column == 1,
                mode="lines+markers" if len(run.result.history) == 1 else "lines",
                line={"color": COLOURS[number], "dash": DASHES[number], "width": 2},
                hovertemplate=f"{run.name}, epoch %{{x}}: %{{y:{digits}}}<extra></extra>",
                row=1,
                col=column,
            )
        figure.update_yaxes(title_text=title, row=1, col=column)
    theme.layout(figure, height)
    figure.update_xaxes(title_text="epoch", title_standoff=4, tickformat="d", automargin=True, gridcolor=theme.GRID)
    figure.update_yaxes(automargin=True, gridcolor=theme.GRID, zeroline=False)
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    return figure


def drift(compared: Sequence[Compared], height: int) -> go.Figure:
    """How far the weights of every layer moved, relative to their size before, on a logarithmic axis.

    Layers that moved are filled marks. Those that did not move at all stand on a line of their own, which the axis
    labels "0": a snowflake where the layer was frozen.
    """
    names = list(dict.fromkeys(row.name for run in compared for row in run.result.weight_change))
    moved = [row.relative_change for run in compared for row in run.result.weight_change if row.relative_change > 0]
    low = 10.0 ** (math.floor(math.log10(min(moved, default=1e-3))) - 1)
    top = 10.0 ** math.ceil(math.log10(max(moved, default=1.0)) + 1e-9)
    figure = go.Figure()
    for number, run in enumerate(compared):
        rows = run.result.weight_change
        figure.add_scatter(
            x=[names.index(row.name) + 0.16 * (number - (len(compared) - 1) / 2) for row in rows],
            y=[row.relative_change or low for row in rows],
            customdata=[(row.name, _moved(row)) for row in rows],
            name=run.name,
            mode="markers",
            marker={
                "color": COLOURS[number],
                "symbol": ["asterisk-open" if row.frozen else SYMBOLS[number] for row in rows],
                "size": 9,
                "line": {"color": COLOURS[number], "width": 1.5},
            },
            hovertemplate=f"{run.name}<br>%{{customdata[0]}}: %{{customdata[1]}}<extra></extra>",
        )
    theme.layout(figure, height)
    decades = range(round(math.log10(low)) + 1, round(math.log10(top)) + 1)
    named = len(names) <= NAMES_SHOWN
    figure.update_xaxes(
        tickvals=list(range(len(names))) if named else None,
        ticktext=names if named else None,
        tickangle=-45 if named else 0,
        title_text=None if named else "layer, input first",
        range=[-0.7, len(names) - 0.3],
        automargin=True,
        showgrid=False,
    )
    figure.update_yaxes(
        type="log",
        range=[math.log10(low) - 0.4, math.log10(top)],
        tickvals=[low, *(10.0**decade for decade in decades)],
        ticktext=["0", *(f"{10.0**decade:g}" for decade in decades)],
        title_text="relative change",
        automargin=True,
        gridcolor=theme.GRID,
    )
    return figure


def _moved(row: WeightChange) -> str:
    if row.relative_change:
        return f"{row.relative_change:.3g}"
    return "exactly 0, frozen" if row.frozen else "exactly 0"
