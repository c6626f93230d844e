"""The confusion matrix with cells that can be clicked, and the scores of the classes as dots with intervals."""

from __future__ import annotations

import html
import math
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale, unlabel_rgb

from dashboard.figures import theme
from models.training.evaluation import ClassScore, row_shares

PLOT_PX: Final = 380  # side of the matrix; a cell is a whole number of pixels
NAME_LONGEST: Final = 14
COLOUR_BAR_PX: Final = 68
UNDEFINED: Final = "–"
SYMBOLS: Final = {"precision": "circle", "recall": "diamond", "f1": "square"}


def confusion_heatmap(
    matrix: NDArray[np.int64], classes: tuple[str, ...], *, shares: bool, selected: tuple[int, int] | None = None
) -> go.Figure:
    """Draw a confusion matrix, rows true and columns predicted, every cell with its number.

    Colour grows with the square root of the number, so that a few mistakes stand out from none; the colour bar has the
    plain numbers. Diagonal cells are framed. An invisible square over every cell takes the clicks, since Streamlit
    reports none for heatmaps: a selected point's `customdata` begins with (true, predicted).

    Args:
        matrix: int64 (C, C), C >= 1.
        classes: The C names.
        shares: Show each cell's share of its true class (row) instead of its count.
        selected: (true, predicted) of the cell to mark.
    """
    values = row_shares(matrix) if shares else matrix.astype(np.float64)
    top = 1.0 if shares else max(float(matrix.max()), 1.0)
    cell = max(PLOT_PX // len(classes), 24)
    figure = go.Figure([_colours(values, top, shares), _click_targets(matrix, classes, cell)])
    shapes = [_frame((index, index), theme.NEUTRAL, 3, inset=0.48) for index in range(len(classes))]
    if selected is not None:
        shapes += [
            _frame(selected, "rgb(0, 0, 0)", 7, inset=0.46),
            _frame(selected, "rgb(255, 255, 255)", 3, inset=0.46),
        ]
    # All at once: adding them one by one takes two seconds for ten classes.
    figure.update_layout(annotations=_numbers(values, top, shares, cell), shapes=shapes)
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
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_yaxes(
        range=[len(scores) - 0.5, -0.5],
        tickvals=list(range(len(scores))),
        ticktext=[_short(score.name) for score in scores],
        fixedrange=True,
        zeroline=False,
    )
    figure.update_layout(margin={"l": 8, "r": 12, "t": 36, "b": 30})
    return figure


def text_colours(shares: NDArray[np.float64]) -> list[str]:
    """Return black or white for each share (0..1) of the sequential scale, whichever reads better on it."""
    grounds = [unlabel_rgb(colour) for colour in sample_colorscale(theme.SEQUENTIAL, shares.tolist())]
    channels = np.array(grounds) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    # WCAG contrast is (lighter + 0.05) / (darker + 0.05), with white 1 and black 0.
    white = 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05
    return ["rgb(255, 255, 255)" if better else "rgb(0, 0, 0)" for better in white]


def cell_text(value: float, shares: bool) -> str:
    """Return a cell's number as Plotly markup: a count, or a share in percent, 0% and 100% only if exact."""
    if math.isnan(value):
        return UNDEFINED
    if not shares:
        return f"{value:.0f}"
    return "&lt;1%" if 0 < value < 0.01 else "&gt;99%" if 0.99 < value < 1 else f"{value:.0%}"


def _colours(values: NDArray[np.float64], top: float, shares: bool) -> go.Heatmap:
    ticks = [0.0, 0.05, 0.25, 0.5, 1.0] if shares else sorted({round(top * k * k / 16) for k in range(5)})
    return go.Heatmap(
        z=np.sqrt(values / top),
        zmin=0,
        zmax=1,
        colorscale=theme.SEQUENTIAL,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        colorbar={
            "title": {"text": "share" if shares else "pictures", "side": "top"},
            "tickvals": [math.sqrt(tick / top) for tick in ticks],
            "ticktext": [cell_text(tick, shares) for tick in ticks],
            "thickness": 12,
            "len": 1,
            "x": 1.02,
            "outlinewidth": 0,
        },
    )


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


def _numbers(values: NDArray[np.float64], top: float, shares: bool, cell: int) -> list[dict[str, Any]]:
    """Return each number as an annotation: a click on it reaches the square below, and it never dims."""
    size = 16 if cell >= 56 else 12 if cell >= 34 else 10
    colours = text_colours(np.sqrt(np.nan_to_num(values) / top).ravel())
    annotations = []
    for ((row, column), value), colour in zip(np.ndenumerate(values), colours, strict=True):
        text = cell_text(float(value), shares)
        font = {"color": theme.NEUTRAL if math.isnan(value) else colour, "size": size}
        text = f"<b>{text}</b>" if value > 0 and row != column else text
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
    theme.layout(figure, side + bottom + 8, width=left + side + COLOUR_BAR_PX)
    figure.update_layout(margin={"l": left, "r": COLOUR_BAR_PX, "t": 8, "b": bottom, "autoexpand": False})
    # Fixed ranges: the invisible squares would widen automatic ones.
    common = {"tickvals": list(range(n)), "showgrid": False, "zeroline": False, "fixedrange": True, "ticks": ""}
    figure.update_xaxes(
        **common, range=[-0.5, n - 0.5], ticktext=short, tickangle=-45 if tilted else 0, title_text="Predicted class"
    )
    figure.update_yaxes(
        **common, range=[n - 0.5, -0.5], ticktext=rows, title_text="True class (pictures)", scaleanchor="x"
    )
    figure.update_layout(xaxis_constrain="domain", yaxis_constrain="domain")
    return figure
