"""Classes on a map: which live where, and whether those that are confused live next door."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb

from dashboard.figures import som, theme
from models.som_lattice import Lattice
from models.som_reading import NextDoor

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
        height, marks: See `som.cells`.
    """
    names = colours_of(classes)
    palette = np.array([hex_to_rgb(colour) for _, colour in names], np.float64)
    strength = (0.25 + 0.75 * shares)[:, None]
    mixed = palette[labels] * strength + 255 * (1 - strength)
    colours = np.where(labels[:, None] < 0, som.EMPTY, mixed).round().astype(np.uint8)
    texts = [
        "no sample" if label < 0 else f"{names[label][0]}, {share:.0%} of its samples"
        for label, share in zip(labels.tolist(), shares.tolist(), strict=True)
    ]
    return som.cells(lattice, colours.reshape(lattice.rows, -1, 3), texts, height=height, marks=marks, legend=names)


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
    zero = {"rangemode": "tozero", "fixedrange": True, "gridcolor": theme.GRID, "tickformat": "~%"}
    figure.update_xaxes(title_text="share of the other class among the samples next door", **zero)
    return figure.update_yaxes(title_text="test pictures confused", **zero)
