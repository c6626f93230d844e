"""Charts of a sweep: accuracy against what changes, and differences to none, every seed a dot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from dashboard.figures import theme
from models.sweeps import variations
from models.sweeps.cells import Finished
from models.sweeps.results import Gap, Point, points
from models.sweeps.spec import SweepSpec, cell_title, value_title
from models.wording import TICK_PERCENT, in_points

_MEAN: Final = theme.LINE_COLOURS[0]
# line: (colour, dash, symbol)
STYLES: Final = {
    variations.AS_IS: (_MEAN, "solid", "circle"),
    variations.FROZEN: (theme.FROZEN, "solid", "circle"),
    variations.SCRATCH: (theme.TRAINABLE, "dash", "diamond"),
    variations.RANDOM: (theme.NEUTRAL, "dot", "square"),
}
_AXES: Final = {"depth": "frozen up to and including", "shots": "training pictures per class"}


def accuracy(sweep: SweepSpec, rows: Sequence[Finished], height: int) -> go.Figure:
    """Test accuracy by value: a line through the means, a band from the lowest to the highest seed, a dot a seed.

    With one way to begin, a thin line gives the mean accuracy on the training pictures beside it.

    Args:
        sweep: Of depth or of shots; values without a finished cell keep their place.
        rows: The cells that are finished.
        height: In px.
    """
    figure = go.Figure()
    for line, found in points(sweep, rows).items():
        _band(figure, sweep, line, found)
    for line, found in points(sweep, rows).items():
        _seeds(figure, sweep, line, found)
    if len(sweep.lines) == 1:
        _learnt(figure, sweep, points(sweep, rows)[sweep.lines[0]])
    theme.layout(figure, height)
    figure.update_xaxes(
        tickvals=list(range(len(sweep.values))),
        ticktext=[_short(sweep, value) for value in sweep.values],
        range=[-0.4, len(sweep.values) - 0.6],
        title_text=_AXES[sweep.choice],
        title_standoff=4,
        automargin=True,
        showgrid=False,
        fixedrange=True,
    )
    theme.accuracy_axis(figure)
    if len(sweep.lines) == 1:
        figure.update_yaxes(title_text="accuracy")  # on test and on training pictures: the legend says which
    return figure.update_layout(margin={"t": 30}, hovermode="closest")


def _short(sweep: SweepSpec, value: str) -> str:
    return value if sweep.choice in ("depth", "shots") else value_title(sweep.choice, value)


def _band(figure: go.Figure, sweep: SweepSpec, line: str, found: Sequence[Point]) -> None:
    x = [sweep.values.index(point.value) for point in found]
    low, high = [min(point.accuracies) for point in found], [max(point.accuracies) for point in found]
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*high, *low[::-1]],
        fill="toself",
        fillcolor=STYLES[line][0],
        opacity=0.15,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def _seeds(figure: go.Figure, sweep: SweepSpec, line: str, found: Sequence[Point]) -> None:
    colour, dash, symbol = STYLES[line]
    title = variations.LINES[line].title if line != variations.AS_IS else "test accuracy"
    figure.add_scatter(
        x=[sweep.values.index(point.value) for point in found],
        y=[point.mean for point in found],
        mode="lines",
        line={"color": colour, "dash": dash, "width": 2},
        name=title,
        legendgroup=line,
        hoverinfo="skip",
    )
    cells = [cell for point in found for cell in point.cells]
    figure.add_scatter(
        x=[sweep.values.index(cell.value) for cell in cells],
        y=[cell.accuracy for cell in cells],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 8, "opacity": 0.75},
        legendgroup=line,
        showlegend=False,
        customdata=[(cell_title(sweep, cell.key), cell.tested, cell.train_accuracy) for cell in cells],
        hovertemplate="<b>%{customdata[0]}</b><br>%{y:.1%} of %{customdata[1]} test pictures<br>"
        "%{customdata[2]:.1%} of its training pictures<extra></extra>",
    )


def _learnt(figure: go.Figure, sweep: SweepSpec, found: Sequence[Point]) -> None:
    """Draw the mean accuracy on what was learnt from, of the epochs that were kept."""
    figure.add_scatter(
        x=[sweep.values.index(point.value) for point in found],
        y=[point.train_mean for point in found],
        mode="lines+markers",
        line={"color": theme.NEUTRAL, "dash": "dot", "width": 1},
        marker={"size": 5, "symbol": "x-thin-open"},
        name="training accuracy",
        hovertemplate="%{y:.1%} of the training pictures, mean over seeds<extra></extra>",
    )


def differences(sweep: SweepSpec, gaps: Sequence[Gap], rows: Sequence[Finished], height: int) -> go.Figure:
    """What every regulariser changes against none: the mean over seeds with its 95 % interval, a dot a seed.

    Args:
        sweep: Of regularisers.
        gaps: Against none, in the order they are drawn from the top.
        rows: The cells that are finished.
        height: In px.
    """
    figure = go.Figure()
    plain = {row.number: row.accuracy for row in rows if row.value == variations.PLAIN}
    place = {each.value: len(gaps) - 1 - number for number, each in enumerate(gaps)}
    shown = [row for row in rows if row.value in place and row.number in plain]
    figure.add_scatter(
        x=[row.accuracy - plain[row.number] for row in shown],
        y=[place[row.value] + 0.18 for row in shown],
        mode="markers",
        marker={"color": theme.NEUTRAL, "size": 6, "symbol": "circle-open"},
        name="one seed",
        customdata=[
            (cell_title(sweep, row.key), row.accuracy, in_points(row.accuracy - plain[row.number])) for row in shown
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]:.1%}, "
        "%{customdata[2]} points against none<extra></extra>",
    )
    _intervals(figure, gaps, place)
    theme.layout(figure, height)
    figure.update_yaxes(
        tickvals=list(place.values()),
        ticktext=[value_title(sweep.choice, value) for value in place],
        range=[-0.6, len(gaps) - 0.4],
        automargin=True,
        showgrid=False,
        fixedrange=True,
    )
    figure.update_xaxes(
        title_text="test accuracy against none, same seed",
        tickformat=f"+{TICK_PERCENT}",
        gridcolor=theme.GRID,
        zeroline=True,
        zerolinecolor=theme.NEUTRAL,
        automargin=True,
        fixedrange=True,
    )
    return figure.update_layout(margin={"t": 30})


def _intervals(figure: go.Figure, gaps: Sequence[Gap], place: dict[str, int]) -> None:
    """Draw the mean of every difference with its interval, at its place from the bottom."""
    figure.add_scatter(
        x=[each.difference.value for each in gaps],
        y=[place[each.value] for each in gaps],
        mode="markers",
        marker={"color": _MEAN, "size": 10, "symbol": "diamond"},
        error_x=theme.whiskers([each.difference for each in gaps], _MEAN),
        name="mean and 95% interval",
        customdata=[
            tuple(in_points(x) for x in (each.difference.value, each.difference.low, each.difference.high))
            for each in gaps
        ],
        hovertemplate="%{customdata[0]} points (%{customdata[1]} to %{customdata[2]})<extra></extra>",
    )
