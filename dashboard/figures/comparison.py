"""Trainings side by side: accuracies with their intervals, curves on one axis, how far every layer moved."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from dashboard.figures.curves import MARKERS_UP_TO, add_line, lay_out_changes, lay_out_panels
from models.intervals import Estimate
from models.training.comparison import Compared
from models.training.results import WeightChange
from models.wording import TICK_PERCENT, percent, significant

SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star")
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MOST: Final = len(SYMBOLS)
COLOURS: Final = theme.LINE_COLOURS
BAR_PX: Final = 52  # height of one accuracy with its interval
_APART = 0.16  # of the distance of two layers, between the marks of two runs


def accuracies(compared: Sequence[Compared], height: int) -> go.Figure:
    """Test accuracy of every run, a mark with its 95% interval, the first run on top; the height in px."""
    figure = go.Figure()
    for run, colour, symbol in zip(compared, COLOURS, SYMBOLS, strict=False):
        name, estimate = html.escape(run.name), run.accuracy
        figure.add_scatter(
            x=[estimate.value],
            y=[name],
            error_x={
                "array": [estimate.high - estimate.value],
                "arrayminus": [estimate.value - estimate.low],
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 12},
            hovertemplate=f"{name}<br>{percent(estimate.value)} of {estimate.n} test pictures<br>"
            f"95% interval {percent(estimate.low)} to {percent(estimate.high)}<extra></extra>",
            showlegend=False,
        )
    theme.layout(figure, height)
    figure.update_xaxes(
        title_text="test accuracy", title_standoff=10, tickformat=TICK_PERCENT, automargin=True, gridcolor=theme.GRID
    )
    figure.update_yaxes(autorange="reversed", automargin=True, showgrid=False)
    return figure


def interval_bar(accuracy: Estimate, chance: float) -> go.Figure:
    """A bar over the 95% interval with a mark at the accuracy, on an axis from 0% to 100%; a line marks chance.

    Args:
        accuracy: A share, 0..1.
        chance: The share that guessing would get right.
    """
    figure = go.Figure()
    figure.add_bar(
        x=[1], y=[""], orientation="h", width=0.4, marker_color=theme.GRID, hoverinfo="skip", showlegend=False
    )
    figure.add_bar(
        x=[accuracy.high - accuracy.low],
        base=[accuracy.low],
        y=[""],
        orientation="h",
        width=0.4,
        marker_color=theme.NEUTRAL,
        hovertemplate=f"95% interval {percent(accuracy.low)} to {percent(accuracy.high)}<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=[accuracy.value],
        y=[""],
        mode="markers",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 3, "color": theme.VALIDATION}},
        hovertemplate=f"{percent(accuracy.value)} of {accuracy.n} test pictures<extra></extra>",
        showlegend=False,
    )
    theme.layout(figure, BAR_PX)
    figure.add_vline(x=chance, line={"color": theme.NEUTRAL, "width": 1, "dash": "dot"})
    figure.update_layout(barmode="overlay", margin={"l": 12, "r": 20, "t": 0, "b": 26, "autoexpand": False})
    figure.update_xaxes(
        range=[0, 1],
        tickangle=0,
        tickvals=[0, chance, 0.5, 1],
        ticktext=["0%", f"chance {percent(chance)}", "50%", "100%"],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


def curves(compared: Sequence[Compared], height: int, *, training: bool = False) -> go.Figure:
    """Accuracy (left) and loss (right) per epoch, all runs on one axis; the height in px.

    The lines are of the validation pictures; with `training` a thin one of the same colour is of the training pictures.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    longest = max((len(run.result.history) for run in compared), default=0)
    mode = "lines+markers" if longest <= MARKERS_UP_TO else "lines"
    for column in (1, 2):
        for run, colour, dash in zip(compared, COLOURS, DASHES, strict=False):
            style = {"mode": mode, "marker": {"size": 4}, "line": {"color": colour, "dash": dash, "width": 2}}
            add_line(figure, column, run.result.history, "val_", html.escape(run.name), style)
            if training:
                thin = {"mode": "lines", "line": {"color": colour, "dash": dash, "width": 1}, "opacity": 0.7}
                add_line(figure, column, run.result.history, "", f"{html.escape(run.name)}, training", thin)
                figure.data[-1].update(showlegend=False, legendgroup=html.escape(run.name))
    lay_out_panels(figure, height)
    if not training:
        for column, title in enumerate(("Validation accuracy", "Validation loss"), start=1):
            figure.update_yaxes(title_text=title, row=1, col=column)
    return figure


def drift(compared: Sequence[Compared], height: int) -> go.Figure:
    """How far the weights of every layer moved, relative to their size before, on a logarithmic axis; height in px.

    Layers that did not move at all stand on a line of their own, which the axis labels "0": an asterisk where the layer
    was frozen.
    """
    rows = [row for run in compared for row in run.result.weight_change]
    names = list(dict.fromkeys(row.name for row in rows))
    figure = go.Figure()
    theme.layout(figure, height)
    zero = lay_out_changes(figure, names, [row.relative_change for row in rows])
    for number, run in enumerate(compared):
        name, layers = html.escape(run.name), run.result.weight_change
        figure.add_scatter(
            x=[names.index(row.name) + _APART * (number - (len(compared) - 1) / 2) for row in layers],
            y=[row.relative_change or zero for row in layers],
            customdata=[(row.name, _moved(row)) for row in layers],
            name=name,
            mode="markers",
            marker={
                "color": COLOURS[number],
                "symbol": ["asterisk-open" if row.frozen else SYMBOLS[number] for row in layers],
                "size": 9,
                "line": {"color": COLOURS[number], "width": 1.5},
            },
            hovertemplate=f"{name}<br>%{{customdata[0]}}: %{{customdata[1]}}<extra></extra>",
        )
    return figure


def _moved(row: WeightChange) -> str:
    if row.relative_change:
        return significant(row.relative_change)
    return "exactly 0, frozen" if row.frozen else "exactly 0"
