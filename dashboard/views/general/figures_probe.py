"""Chart of a linear probe: accuracy by depth, with trained and with random weights."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.theme import interval
from models.representations.probe import ProbeResult
from models.wording import percent

# weights: (colour, dash, symbol, where beside the block's tick, so that intervals do not hide each other)
STYLES: Final[dict[str, tuple[str, str, str, float]]] = {
    "random": (theme.NEUTRAL, "dash", "circle-open", 0.04),
    "trained": (theme.FROZEN, "solid", "diamond", -0.04),
}


def accuracy_by_depth(result: ProbeResult, budget: int, height: int = 380) -> go.Figure:
    """Accuracy on the test pictures against depth, with 95% intervals; both lines begin at the pixels.

    Args:
        result: Of a probe.
        budget: Training pictures a class, one of `result.budgets`.
        height: In px.
    """
    figure = go.Figure()
    for weights in sorted(result.weights, key=list(STYLES).index):
        _line(figure, result, weights, budget)
    _pixels(figure, result, budget)
    theme.layout(figure, height)
    figure.update_xaxes(
        tickvals=list(range(len(result.layers))),
        ticktext=[_name(result, depth) for depth in range(len(result.layers))],
        range=[-0.4, len(result.layers) - 0.6],
        title_text="block, input first",
        title_standoff=4,
        automargin=True,
        showgrid=False,
        fixedrange=True,
    )
    theme.accuracy_axis(figure).update_yaxes(range=[0, 1.03])
    chance = 1 / result.n_classes
    line = {"color": theme.NEUTRAL, "width": 1, "dash": "dot"}
    return figure.update_layout(
        margin={"t": 28},
        legend={"x": 1, "xanchor": "right"},
        shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": chance, "y1": chance, "line": line}],
        annotations=[
            {
                "text": f"chance: {percent(chance)}",
                "xref": "paper",
                "x": 1,
                "xanchor": "right",
                "y": chance,
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 12},
            }
        ],
    )


def describe(result: ProbeResult, budget: int) -> str:
    """Return the picture in words, for who cannot see it."""
    lines = []
    for weights in result.weights:
        found = [(_name(result, depth), result.accuracy(weights, budget, depth)) for depth in range(len(result.layers))]
        lines.append(f"{weights}: " + ", ".join(f"{name} {percent(of.value)}" for name, of in found if of is not None))
    return f"Accuracy of a linear model by depth, {result.n_test} test pictures. {'; '.join(lines)}."


def _name(result: ProbeResult, depth: int) -> str:
    """Return what a depth is called: its block, or in the head its layer."""
    block = result.blocks[depth]
    return block if result.blocks.count(block) == 1 else result.layers[depth]


def _line(figure: go.Figure, result: ProbeResult, weights: str, budget: int) -> None:
    colour, dash, symbol, beside = STYLES[weights]
    found = [(depth, result.accuracy(weights, budget, depth)) for depth in range(1, len(result.layers))]
    points = [(depth, estimate) for depth, estimate in found if estimate is not None]
    start = result.accuracy(weights, budget, 0)
    if start is None:
        return
    figure.add_scatter(  # from the pixels to the first block; the pixels' own point is drawn once for both
        x=[0, points[0][0] + beside],
        y=[start.value, points[0][1].value],
        mode="lines",
        line={"color": colour, "dash": dash, "width": 2},
        legendgroup=weights,
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[depth + beside for depth, _ in points],
        y=[estimate.value for _, estimate in points],
        error_y=theme.whiskers([estimate for _, estimate in points], colour),
        name=f"{weights} weights",
        legendgroup=weights,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": colour, "width": 2}},
        customdata=[
            [result.layers[depth], interval(estimate), estimate.n, int(result.channels[depth])]
            for depth, estimate in points
        ],
        hovertemplate=f"<b>%{{customdata[0]}}</b>, {weights} weights<br>%{{customdata[1]}}<br>"
        "n = %{customdata[2]} test pictures, %{customdata[3]} features<extra></extra>",
    )


def _pixels(figure: go.Figure, result: ProbeResult, budget: int) -> None:
    start = result.accuracy(result.weights[0], budget, 0)
    if start is None:
        return
    figure.add_scatter(
        x=[0],
        y=[start.value],
        error_y=theme.whiskers([start], theme.NEUTRAL),
        name="pixels, no network",
        mode="markers",
        marker={"color": theme.NEUTRAL, "symbol": "square", "size": 9},
        customdata=[[interval(start), start.n, int(result.channels[0])]],
        hovertemplate="<b>pixels</b>, no network<br>%{customdata[0]}<br>"
        "n = %{customdata[1]} test pictures, %{customdata[2]} features<extra></extra>",
    )
