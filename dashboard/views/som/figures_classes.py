"""Classes on a map: where they live, how pure its units are, and whether those that are confused live next door."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb

from dashboard.figures import theme
from dashboard.views.som import figures
from models.som.depth import DepthResult
from models.som.lattice import Lattice
from models.som.measures import NextDoor
from models.wording import TICK_PERCENT, percent

TRAINED, RANDOM = theme.LINE_COLOURS[0], theme.NEUTRAL
_FRAME = 2  # px around a unit's picture, in the colour of its class
NAMED_PAIRS = 3  # that are written into the picture


def colours_of(classes: Sequence[str]) -> list[tuple[str, str]]:
    """Return the name of every class as safe markup, and its colour on every page."""
    return [
        (html.escape(name), theme.CLASS_COLOURS[number % len(theme.CLASS_COLOURS)])
        for number, name in enumerate(classes)
    ]


def label_map(
    lattice: Lattice,
    labels: NDArray[np.int64],
    shares: NDArray[np.float64],
    classes: Sequence[str],
    *,
    height: int,
    marks: Mapping[str, int] | None = None,
) -> go.Figure:
    """Return every unit in the colour of its most frequent class, paler the smaller its share.

    Args:
        lattice: Where the units sit.
        labels: (units,), -1 for a unit without samples.
        shares: (units,), the class's share of the unit's samples in 0..1.
        classes: All names.
        height, marks: See `figures.cells`.
    """
    names = colours_of(classes)
    palette = np.array([hex_to_rgb(colour) for _, colour in names], np.float64)
    strength = (0.25 + 0.75 * shares)[:, None]
    mixed = palette[labels] * strength + 255 * (1 - strength)
    colours = np.where(labels[:, None] < 0, figures.EMPTY, mixed).round().astype(np.uint8)
    texts = [
        "no sample" if label < 0 else f"{names[label][0]}, {percent(share)} of its samples"
        for label, share in zip(labels.tolist(), shares.tolist(), strict=True)
    ]
    return figures.cells(lattice, colours.reshape(lattice.rows, -1, 3), texts, height=height, marks=marks, legend=names)


def units(
    mosaic: NDArray[np.uint8],
    shape: tuple[int, int],
    unit_classes: NDArray[np.int64],
    shares: NDArray[np.float64],
    classes: Sequence[str],
    height: int = 400,
) -> go.Figure:
    """Return the weights of a map as grey pictures, each framed in the colour of its most frequent class.

    Args:
        mosaic: uint8 (rows * side, columns * side).
        shape: Rows and columns.
        unit_classes: int64 (units,), -1 where no sample landed.
        shares: Share of that class among the unit's samples, (units,).
        classes: Names of the classes.
        height: In px.
    """
    rows, columns = shape
    palette = np.array(
        [_rgb(colour) for colour, _ in zip(cycle(theme.CLASS_COLOURS), classes, strict=False)] + [_rgb(RANDOM)]
    )
    picture = _framed(mosaic, palette[unit_classes].reshape(rows, columns, 3))
    size = picture.shape[0] // rows
    figure = go.Figure(go.Image(z=picture, hoverinfo="skip"))
    row, column = np.divmod(np.arange(rows * columns), columns)
    texts = [
        f"unit ({r}, {c})<br>"
        + (f"{html.escape(classes[k])}, {percent(share)} of its pictures" if k >= 0 else "no picture")
        for r, c, k, share in zip(row, column, unit_classes, shares, strict=True)
    ]
    figure.add_scatter(
        x=(column + 0.5) * size, y=(row + 0.5) * size, mode="markers", text=texts, showlegend=False,
        hovertemplate="%{text}<extra></extra>", marker={"opacity": 0, "size": size, "symbol": "square"},
    )  # fmt: skip
    for name, colour in zip(classes, cycle(theme.CLASS_COLOURS), strict=False):
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=html.escape(name),
            marker={"color": colour, "symbol": "square", "size": 10},
        )  # fmt: skip
    figure.update_xaxes(visible=False, fixedrange=True, range=[0, columns * size], constrain="domain")
    figure.update_yaxes(visible=False, fixedrange=True, range=[rows * size, 0], scaleanchor="x", constrain="domain")
    theme.layout(figure, height)
    return figure.update_layout(legend={"font": {"size": 11}, "entrywidth": 58, "tracegroupgap": 0})


def _framed(mosaic: NDArray[np.uint8], colours: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return a grey mosaic (rows * side, columns * side), every tile in a frame of its colour (rows, columns, 3)."""
    rows, columns = colours.shape[:2]
    side = mosaic.shape[0] // rows
    size = side + 2 * _FRAME
    tiles = mosaic.reshape(rows, side, columns, side).transpose(0, 2, 1, 3)
    framed = np.empty((rows, columns, size, size, 3), np.uint8)
    framed[...] = colours[:, :, None, None]
    framed[:, :, _FRAME:-_FRAME, _FRAME:-_FRAME] = tiles[..., None]
    return framed.transpose(0, 2, 1, 3, 4).reshape(rows * size, columns * size, 3)


def depth(result: DepthResult, trained: str, height: int = 380) -> go.Figure:
    """Return purity against depth: the mean over the seeds, bars from the lowest to the highest.

    Args:
        result: What was measured.
        trained: What the network is called.
        height: In px.
    """
    figure = go.Figure()
    random = "the same with random weights"
    places = list(range(len(result.layers)))
    for values, name, colour, dash, symbol in (
        (result.purity, trained, TRAINED, "solid", "circle"),
        (result.random, random, RANDOM, "dash", "diamond-open"),
    ):
        if np.isnan(values).all():
            continue
        known = ~np.isnan(values).any(axis=1)
        mean = values[known].mean(axis=1)
        above, below = values[known].max(axis=1) - mean, mean - values[known].min(axis=1)
        figure.add_scatter(
            x=np.flatnonzero(known), y=mean, name=html.escape(name), mode="lines+markers",
            line={"color": colour, "dash": dash}, marker={"symbol": symbol, "size": 9},
            error_y={"array": above, "arrayminus": below, "thickness": 1.2, "width": 4},
            hovertemplate="%{x}<br>purity %{y:.1%}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[places[0], places[-1]], y=[result.chance] * 2, name="the most frequent class alone", mode="lines",
        line={"color": RANDOM, "dash": "dot", "width": 1}, hovertemplate="%{y:.1%}<extra></extra>",
    )  # fmt: skip
    names = [html.escape(layer) for layer in result.layers]
    figure.update_xaxes(
        tickvals=places, ticktext=names, tickangle=-30, fixedrange=True, title="layer, from the input up"
    )
    figure.update_yaxes(range=[0, 1.02], tickformat=TICK_PERCENT, gridcolor=theme.GRID, fixedrange=True, title="purity")
    return theme.layout(figure, height)


def pairs(found: NextDoor, classes: Sequence[str], height: int = 380) -> go.Figure:
    """Return one dot per pair of classes: how near they live across, how often they are confused upwards."""
    names = [html.escape(name) for name in classes]
    titles = [f"{names[a]} and {names[b]}" for a, b in found.pairs.tolist()]
    figure = go.Figure(
        go.Scatter(
            x=found.near,
            y=found.confused,
            mode="markers",
            marker={"size": 10, "color": theme.NEUTRAL},
            customdata=titles,
            hovertemplate="<b>%{customdata}</b><br>next door %{x:.1%}<br>confused %{y:.1%}<extra></extra>",
        )
    )
    notes: list[dict[str, Any]] = [
        {
            "x": found.near[k],
            "y": found.confused[k],
            "text": titles[k],
            "showarrow": False,
            "xanchor": "right" if found.near[k] > found.near.mean() else "left",
            "yshift": 12,
        }
        for k in np.argsort(-found.confused)[:NAMED_PAIRS]
        if found.confused[k] > 0
    ]
    theme.layout(figure, height).update_layout(annotations=notes, margin={"l": 60, "r": 8, "t": 24, "b": 44})
    zero = {"rangemode": "tozero", "fixedrange": True, "gridcolor": theme.GRID, "tickformat": TICK_PERCENT}
    figure.update_xaxes(title_text="share of the other class among the samples next door", **zero)
    return figure.update_yaxes(title_text="test pictures confused", **zero)


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
