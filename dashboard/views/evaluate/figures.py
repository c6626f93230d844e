"""Figures of the Evaluate page: how often a classifier is right, by how sure it is."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from models.training.calibration import Reliability
from models.wording import TICK_PERCENT, percent_range


def reliability_figure(found: Reliability, height: int = 320) -> go.Figure:
    """Draw the accuracy of every bin with its 95 % interval against its mean confidence.

    On the dotted line they are the same. The grey bars are the shares of the pictures.

    Args:
        found: The bins.
        height: In px.
    """
    figure = go.Figure()
    figure.add_bar(
        x=(found.low + found.high) / 2,
        y=found.n / found.n.sum(),
        width=np.maximum(found.high - found.low, 0.004),
        marker={"color": theme.NEUTRAL, "opacity": 0.3},
        name="share of the pictures",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": theme.NEUTRAL, "width": 1, "dash": "dot"},
        name="as sure as right", hoverinfo="skip",
    )  # fmt: skip
    _points(figure, found)
    theme.layout(figure, height)
    axis = {"range": [0, 1.02], "tickformat": TICK_PERCENT, "gridcolor": theme.GRID, "zeroline": False}
    figure.update_xaxes(axis, title_text="confidence", title_standoff=4, automargin=True, fixedrange=True)
    figure.update_yaxes(axis, title_text="share that is right", automargin=True, fixedrange=True)
    return figure.update_layout(margin={"t": 28}, bargap=0)


def _points(figure: go.Figure, found: Reliability) -> None:
    """Add the accuracy of every bin."""
    estimates = [found.accuracy(number) for number in range(len(found.n))]
    figure.add_scatter(
        x=found.confidence,
        y=[one.value for one in estimates],
        error_y=theme.whiskers(estimates, theme.VALIDATION),
        mode="markers",
        marker={"color": theme.VALIDATION, "size": 10, "symbol": "diamond"},
        name="accuracy (95%)",
        customdata=[
            [percent_range(low, high), theme.interval(one), one.n]
            for low, high, one in zip(found.low, found.high, estimates, strict=True)
        ],
        hovertemplate="confidence %{customdata[0]}<br>right: %{customdata[1]}<br>n = %{customdata[2]} pictures"
        "<extra></extra>",
    )
