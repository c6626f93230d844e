"""One accuracy with its interval, as a bar beside a large number."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures import theme
from models.intervals import Estimate
from models.wording import percent

HEIGHT_PX = 44


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
    theme.layout(figure, HEIGHT_PX)
    figure.add_vline(x=chance, line={"color": theme.NEUTRAL, "width": 1, "dash": "dot"})
    figure.update_layout(barmode="overlay", margin={"l": 0, "r": 14, "t": 0, "b": 18})
    figure.update_xaxes(
        range=[0, 1],
        tickvals=[0, chance, 0.5, 1],
        ticktext=["0%", f"chance {percent(chance)}", "50%", "100%"],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure
