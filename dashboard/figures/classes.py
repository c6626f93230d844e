"""The answer of a classifier as bars: its most probable classes, or groups of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from models.networks.answers import Prediction
from models.wording import TICK_PERCENT, percent

SHOWN: Final = 5  # bars
NAMED_FROM: Final = 0.12  # share of the axis a part must take for its name to fit
_SHADES: Final = ("rgb(90, 103, 112)", "rgb(127, 139, 147)", "rgb(160, 170, 177)", "rgb(190, 198, 203)")


def top_classes(prediction: Prediction, height: int = 168) -> go.Figure:
    """Draw the five most probable classes, the first on top, each with its probability."""
    best = np.argsort(-prediction.probabilities, kind="stable")[:SHOWN]
    shares = [float(prediction.probabilities[place]) for place in best]
    names = [prediction.classes[place] for place in best]
    figure = go.Figure(
        go.Bar(
            x=shares,
            y=list(range(len(best))),
            orientation="h",
            marker={"color": [_SHADES[0], *[_SHADES[1]] * (len(best) - 1)]},
            customdata=[f"{name}: {likelihood(share)}" for name, share in zip(names, shares, strict=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    return _bar_axes(figure, names, shares, height)


def groups(found: Mapping[str, Sequence[tuple[str, float]]], height: int = 168) -> go.Figure:
    """Draw the five most probable groups, each bar in parts: the classes it hides.

    Args:
        found: {group: its classes with their probabilities}, from the largest to the smallest.
        height: Of the figure, in px.
    """
    shown = dict(list(found.items())[:SHOWN])
    figure = go.Figure()
    for place in range(max(len(parts) for parts in shown.values())):
        rows = [(row, *parts[place]) for row, parts in enumerate(shown.values()) if place < len(parts)]
        figure.add_bar(
            x=[share for _, _, share in rows],
            y=[row for row, _, _ in rows],
            orientation="h",
            marker={
                "color": _SHADES[min(place, len(_SHADES) - 1)],
                "line": {"width": 0.5, "color": "rgb(255, 255, 255)"},
            },
            text=[name if share >= NAMED_FROM else "" for _, name, share in rows],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": "rgb(255, 255, 255)" if place < 1 else "rgb(10, 10, 10)"},
            customdata=[f"{name}: {likelihood(share)}" for _, name, share in rows],
            hovertemplate="%{customdata}<extra></extra>",
            showlegend=False,
        )
    totals = [sum(share for _, share in parts) for parts in shown.values()]
    figure.update_layout(barmode="stack")
    return _bar_axes(figure, list(shown), totals, height)


def likelihood(share: float) -> str:
    """Return a probability as "98.9%"; "below 0.1%" where that would be 0.0%."""
    return percent(share) if share >= 0.001 else "below 0.1%"


def _bar_axes(figure: go.Figure, names: Sequence[str], shares: Sequence[float], height: int) -> go.Figure:
    """Name every bar, with its number: beside the bar it would not take the colour of the page's text."""
    texts = [f"{name}, {likelihood(share)}" for name, share in zip(names, shares, strict=True)]
    theme.layout(figure, height)
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=TICK_PERCENT, gridcolor=theme.GRID)
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=texts, autorange="reversed", automargin=True, showgrid=False
    )
    return figure.update_layout(bargap=0.3, margin={"r": 24})
