"""A layer's channels before and after training: tiles of three, and how far every layer moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.activations import Grid, Legend, Scale, colour, gradient, scale_of, shrunk
from models.activations.changes import LayerChanges, MapPair
from models.pictures import images
from models.wording import TICK_PERCENT, percent, significant, whole_percent

COLUMNS = 4
PER_PAGE = 6 * COLUMNS
LEARNT, HELD, NONE = "trained", "frozen", "no weights"
COLOURS: Final = {LEARNT: theme.TRAINABLE, HELD: theme.FROZEN, NONE: theme.NEUTRAL}


def scales(pair: MapPair) -> tuple[Scale, Scale]:
    """Return the one scale of both answers, and that of their difference, with zero in the middle."""
    both = np.stack([pair.before, pair.after])
    values = scale_of(both, signed=bool(both.min() < 0), clip=True)
    return values, scale_of(pair.difference, signed=True, clip=True)


def grid(pair: MapPair, criterion: str, page: int) -> Grid:
    """Return page number `page` (from 0) of the channels ranked by `criterion`, a key of `changes.RANKINGS`.

    Every tile is the channel's map before training, after it on the same scale, and the difference.
    """
    chosen = pair.rank(criterion)[page * PER_PAGE : (page + 1) * PER_PAGE]
    values, difference = scales(pair)
    parts = (pair.before, values), (pair.after, values), (pair.difference, difference)
    rows = [shrunk(colour(np.moveaxis(maps[..., chosen], -1, 0), scale)) for maps, scale in parts]
    coloured = np.stack(rows, axis=1).reshape(-1, *rows[0].shape[1:])
    moved, share = pair.change()
    strongest = [maps.max(axis=(0, 1)) for maps in (pair.before, pair.after)]
    texts = [
        f"channel {number}, rank {page * PER_PAGE + place}: moved by {significant(moved[number])} (root mean square), "
        f"{percent(share[number])} of what it was; strongest {significant(strongest[0][number])} before, "
        f"{significant(strongest[1][number])} after"
        for place, number in enumerate(chosen, start=1)
    ]
    low = f"{significant(values.low)} and less" if values.signed else "0"
    ends = ("difference: 0 everywhere", "")
    if pair.difference.any():
        ends = (f"difference: {significant(difference.low)} and less", f"+{significant(difference.high)} and more")
    return Grid(
        sprite=images.png(images.tile(coloured, COLUMNS * len(parts), gap=0, background=0)),
        width=coloured.shape[2],
        height=coloured.shape[1],
        channels=tuple(chosen.tolist()),
        captions=tuple(f"{number} · {whole_percent(share[number])}" for number in chosen.tolist()),
        labels=tuple(texts),
        dead=(False,) * len(chosen),
        legends=(
            Legend(gradient(values.signed), f"before, after: {low}", f"{significant(values.high)} and more"),
            Legend(gradient(True), *ends),
        ),
        columns=COLUMNS,
        parts=len(parts),
    )


def units(
    before: np.ndarray, after: np.ndarray, order: np.ndarray, names: tuple[str, ...] = (), height: int = 360
) -> go.Figure:
    """Draw the units of a dense layer, before and after side by side, in the order of rank.

    Args:
        before, after: (C,) values.
        order: (n,) unit numbers, first first.
        names: Of the units, where they have any; else they are numbered.
        height: Pixels.
    """
    figure, shown = go.Figure(), [names[number] if names else str(number) for number in order]
    for title, values, colour_of in (("before", before, theme.NEUTRAL), ("after", after, theme.TRAINABLE)):
        bar = {"marker": {"color": colour_of, "line_width": 0}, "hovertemplate": "unit %{x}<br>value %{customdata}"}
        written = [significant(value) for value in values[order].tolist()]
        figure.add_bar(x=shown, y=values[order], name=title, customdata=written, **bar)
    figure.update_xaxes(title=None if names else "unit, in order of rank", type="category", fixedrange=True, nticks=24)
    figure.update_yaxes(title="value", fixedrange=True, gridcolor=theme.GRID, zerolinecolor=theme.GRID)
    return theme.layout(figure, height)


def layer_changes(
    changes: LayerChanges, layers: Sequence[str], kinds: Mapping[str, str], shown: str, height: int = 190
) -> go.Figure:
    """Draw how far training moved every layer's answer: the median over the pictures, and the middle half of them.

    Args:
        changes: What was measured.
        layers: Those of its layers that are drawn, from the input up.
        kinds: {layer: `LEARNT` or `HELD`}, which decides its colour; others have no weights.
        shown: The layer the page shows; marked if it is drawn.
        height: Pixels.
    """
    rows = changes.change[[changes.layers.index(name) for name in layers]]
    low, middle, high = np.percentile(rows, (25, 50, 75), axis=1)
    figure = go.Figure()
    for kind, ink in COLOURS.items():
        chosen = [number for number, name in enumerate(layers) if kinds.get(name, NONE) == kind]
        figure.add_bar(
            x=chosen,
            y=middle[chosen],
            name=kind,
            marker={"color": ink, "line_width": 0},
            error_y={
                "array": high[chosen] - middle[chosen],
                "arrayminus": middle[chosen] - low[chosen],
                "thickness": 1,
                "width": 2,
                "color": theme.NEUTRAL,
            },
            customdata=[[layers[number], low[number], high[number]] for number in chosen],
            hovertemplate="%{customdata[0]}<br>moved by %{y:.1%}<br>middle half of the pictures %{customdata[1]:.1%} "
            f"to %{{customdata[2]:.1%}}<extra>{kind}</extra>",
        )
    marks = [layers.index(shown)] if shown in layers else []
    named = sorted({0, len(layers) - 1, *marks})
    figure.update_xaxes(tickvals=named, ticktext=[layers[number] for number in named], fixedrange=True, showgrid=False)
    figure.update_xaxes(ticklabeloverflow="allow", tickangle=0)
    figure.update_yaxes(
        title="moved by", tickformat=TICK_PERCENT, rangemode="tozero", fixedrange=True, gridcolor=theme.GRID
    )
    band = {"type": "rect", "y0": 0, "y1": 1, "yref": "paper", "line_width": 0, "layer": "below"}
    shapes = [{**band, "x0": m - 0.5, "x1": m + 0.5, "fillcolor": "rgba(127, 139, 147, 0.22)"} for m in marks]
    return theme.layout(figure, height).update_layout(bargap=0.15, shapes=shapes, margin_r=36)
