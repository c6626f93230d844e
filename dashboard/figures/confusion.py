"""The confusion matrix with cells that can be clicked, and the scores of the classes as dots with intervals."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme
from models.training.evaluation import ClassScore, row_shares
from models.wording import TICK_PERCENT, UNDEFINED, fixed, whole_percent

PLOT_PX: Final = 380  # side of the matrix; a cell is a whole number of pixels
NAME_LONGEST: Final = 14
_RIGHT: Final = [[0, "rgba(127, 139, 147, 0.08)"], [1, "rgba(127, 139, 147, 0.5)"]]  # the diagonal, theme.NEUTRAL
SYMBOLS: Final = {"precision": "circle", "recall": "diamond", "f1": "square"}


def confusion_heatmap(
    matrix: NDArray[np.int64], classes: tuple[str, ...], *, shares: bool, selected: tuple[int, int] | None = None
) -> go.Figure:
    """Draw a confusion matrix, rows true and columns predicted, every cell with its number.

    Mistakes are red and the diagonal is grey, both deeper with the square root of the number, so that a few mistakes
    stand out from none; cells without pictures stay blank. There is no colour bar, for every cell has its number. An
    invisible square over every cell takes the clicks, since Streamlit reports none for heatmaps: a selected point's
    `customdata` begins with (true, predicted).

    Args:
        matrix: int64 (C, C), C >= 1.
        classes: The C names.
        shares: Show each cell's share of its true class (row) instead of its count.
        selected: (true, predicted) of the cell to mark.
    """
    values = row_shares(matrix) if shares else matrix.astype(np.float64)
    depth = depths(values)
    cell = max(PLOT_PX // len(classes), 24)
    figure = go.Figure([*_colours(depth), _click_targets(matrix, classes, cell)])
    shapes = []
    if selected is not None:
        shapes += [
            _frame(selected, "rgb(0, 0, 0)", 7, inset=0.46),
            _frame(selected, "rgb(255, 255, 255)", 3, inset=0.46),
        ]
    # All at once: adding them one by one takes two seconds for ten classes.
    figure.update_layout(annotations=_numbers(values, shares, cell), shapes=shapes)
    return _axes(figure, matrix, classes, cell)


def score_intervals(scores: tuple[ClassScore, ...]) -> go.Figure:
    """Draw precision, recall and F1 of every class as dots with their 95% intervals; undefined ones are left out."""
    figure = go.Figure()
    for offset, (kind, symbol) in zip((-0.22, 0.0, 0.22), SYMBOLS.items(), strict=True):
        estimates = [getattr(score, kind) for score in scores]
        values = np.array([estimate.value for estimate in estimates])
        figure.add_scatter(
            x=values,
            y=np.arange(len(scores)) + offset,
            name=kind.capitalize(),
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": theme.NEUTRAL},
            error_x={
                "array": np.array([estimate.high for estimate in estimates]) - values,
                "arrayminus": values - np.array([estimate.low for estimate in estimates]),
                "color": theme.NEUTRAL,
                "thickness": 1.5,
                "width": 3,
            },
            customdata=[[html.escape(s.name), e.low, e.high, e.n] for s, e in zip(scores, estimates, strict=True)],
            hovertemplate=f"<b>%{{customdata[0]}}</b><br>{kind} %{{x:.1%}}"
            "<br>95%: %{customdata[1]:.1%} to %{customdata[2]:.1%}, n = %{customdata[3]}<extra></extra>",
        )
    theme.layout(figure, 70 + 44 * len(scores))
    figure.update_xaxes(range=[0, 1.02], tickformat=TICK_PERCENT, fixedrange=True)
    figure.update_yaxes(
        range=[len(scores) - 0.5, -0.5],
        tickvals=list(range(len(scores))),
        ticktext=[_short(score.name) for score in scores],
        fixedrange=True,
        zeroline=False,
    )
    figure.update_layout(margin={"l": 8, "r": 12, "t": 36, "b": 30})
    return figure


def most_mistakes(values: NDArray[np.float64]) -> float:
    """Return the number or share with the deepest red: the largest mistake, or a tenth of the largest number.

    A tenth, so that one mistake among hundreds of right answers does not look like a disaster.
    """
    known = np.nan_to_num(values)
    return max(float(_off_diagonal(known).max(initial=0)), 0.1 * float(known.max(initial=0))) or 1.0


def depths(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how deep the colour of every cell is, 0..1 float64 (C, C): 0 without pictures and where undefined."""
    known = np.nan_to_num(values)
    right, wrong = known * np.eye(len(known)), _off_diagonal(known)
    largest = float(right.max(initial=0)) or 1.0
    return np.sqrt(right / largest) + np.sqrt(wrong / most_mistakes(values))


def _off_diagonal(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values * (1 - np.eye(len(values)))


def cell_text(value: float, shares: bool) -> str:
    """Return a cell's number as Plotly markup: a count, or a share in percent, 0% and 100% only if exact."""
    if math.isnan(value):
        return UNDEFINED
    if not shares:
        return fixed(value, 0)
    return "&lt;1%" if 0 < value < 0.01 else "&gt;99%" if 0.99 < value < 1 else whole_percent(value)


def _colours(depth: NDArray[np.float64]) -> Iterator[go.Heatmap]:
    """Yield the mistakes and the diagonal; what does not belong to one of them is left out of it."""
    right = np.eye(len(depth), dtype=bool)
    common = {"zmin": 0, "zmax": 1, "xgap": 1, "ygap": 1, "hoverinfo": "skip", "showscale": False}
    yield go.Heatmap(z=np.where(right | (depth == 0), np.nan, depth), colorscale=theme.MISTAKES, **common)
    yield go.Heatmap(z=np.where(right & (depth > 0), depth, np.nan), colorscale=_RIGHT, **common)


def _click_targets(matrix: NDArray[np.int64], classes: tuple[str, ...], cell: int) -> go.Scatter:
    shares = row_shares(matrix)
    rows, columns = (grid.ravel() for grid in np.indices(matrix.shape))
    names = [html.escape(name) for name in classes]
    return go.Scatter(
        x=columns,
        y=rows,
        mode="markers",
        customdata=[
            [int(t), int(p), names[t], names[p], int(matrix[t, p]), int(matrix[t].sum()), cell_text(shares[t, p], True)]
            for t, p in zip(rows, columns, strict=True)
        ],
        hovertemplate="true: <b>%{customdata[2]}</b><br>predicted: <b>%{customdata[3]}</b><br>"
        "%{customdata[4]} of %{customdata[5]} pictures (%{customdata[6]})<extra></extra>",
        marker={"symbol": "square", "size": cell, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        showlegend=False,
    )


def _numbers(values: NDArray[np.float64], shares: bool, cell: int) -> list[dict[str, Any]]:
    """Return each number as an annotation: a click on it reaches the square below, and it never dims."""
    size = 16 if cell >= 56 else 12 if cell >= 34 else 10
    annotations = []
    for (row, column), value in np.ndenumerate(values):
        text = cell_text(float(value), shares) if value else ""
        font: dict[str, Any] = {"size": size}
        if math.isnan(value):
            font["color"] = theme.NEUTRAL
        elif value and row != column:
            text = f"<b>{text}</b>"
        annotations.append({"x": column, "y": row, "text": text, "showarrow": False, "font": font})
    return annotations


def _short(name: str) -> str:
    """Return a class name for an axis, with no markup in it and at most `NAME_LONGEST` signs."""
    return html.escape(name if len(name) <= NAME_LONGEST else name[: NAME_LONGEST - 1] + "…")


def _frame(at: tuple[int, int], colour: str, width: int, inset: float) -> dict[str, Any]:
    row, column = at
    corners = {"x0": column - inset, "x1": column + inset, "y0": row - inset, "y1": row + inset}
    return {"type": "rect", **corners, "line": {"color": colour, "width": width}}


def _axes(figure: go.Figure, matrix: NDArray[np.int64], classes: tuple[str, ...], cell: int) -> go.Figure:
    """Name the classes; the margins are worked out here so that the cells stay squares of `cell` pixels."""
    n, side = len(classes), cell * len(classes)
    short = [_short(name) for name in classes]
    rows = [f"{name} ({count})" for name, count in zip(short, matrix.sum(axis=1), strict=True)]
    tilted = max(map(len, short)) * 7 > cell
    left = 26 + math.ceil(6.3 * max(map(len, rows)))
    bottom = (24 + 5 * max(map(len, short)) if tilted else 24) + 26
    theme.layout(figure, side + bottom + 8, width=left + side + 8)
    figure.update_layout(margin={"l": left, "r": 8, "t": 8, "b": bottom, "autoexpand": False})
    # Fixed ranges: the invisible squares would widen automatic ones.
    common = {"tickvals": list(range(n)), "showgrid": False, "zeroline": False, "fixedrange": True, "ticks": ""}
    figure.update_xaxes(
        **common, range=[-0.5, n - 0.5], ticktext=short, title_text="Predicted class",
        tickangle=-45 if tilted else None, autotickangles=[0, -45],  # on a phone the figure is narrower than it says
    )  # fmt: skip
    figure.update_yaxes(
        **common, range=[n - 0.5, -0.5], ticktext=rows, title_text="True class (pictures)", scaleanchor="x"
    )
    figure.update_layout(xaxis_constrain="domain", yaxis_constrain="domain")
    return figure
