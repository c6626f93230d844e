"""Figures of a backbone: a classifier's answer as bars, the curves and learning rates of a pretraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from dashboard.figures.curves import TRAINING, VALIDATION
from models.networks.answers import Prediction
from models.wording import TICK_PERCENT, percent

SHOWN = 5  # bars
PANELS = (("Top-1", "top_1", VALIDATION, "solid", ".1%"), ("Loss", "loss", TRAINING, "dot", ".3f"))
NAMED_FROM = 0.12  # share of the axis a part must take for its name to fit
_SHADES = ("rgb(90, 103, 112)", "rgb(127, 139, 147)", "rgb(160, 170, 177)", "rgb(190, 198, 203)")


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


def pretraining_curves(history: Sequence[Mapping[str, float]], stages: Sequence[int], height: int = 210) -> go.Figure:
    """Draw top-1 (left) and loss (right) per epoch.

    Args:
        history: Per epoch `top_1` on the validation pictures (0 to 1) and `loss` on the training pictures (nats).
        stages: Epochs whose kernels are shown; a dotted line marks each in both panels.
        height: Of the figure, in px.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.14)
    for column, (title, measure, colour, dash, digits) in enumerate(PANELS, start=1):
        figure.add_scatter(
            x=list(range(1, len(history) + 1)),
            y=[row[measure] for row in history],
            mode="lines+markers",
            marker={"size": 4},
            line={"color": colour, "width": 2, "dash": dash},
            name=title,
            showlegend=False,
            hovertemplate=f"epoch %{{x}}: %{{y:{digits}}}<extra></extra>",
            row=1,
            col=column,
        )
        figure.update_yaxes(title_text=title, title_standoff=4, row=1, col=column)
    line = {"color": theme.NEUTRAL, "width": 1, "dash": "dot"}
    marks = [
        {"type": "line", "x0": epoch, "x1": epoch, "y0": 0, "y1": 1, "xref": x, "yref": f"{y} domain", "line": line}
        for epoch in stages
        for x, y in (("x", "y"), ("x2", "y2"))
    ]
    figure.update_yaxes(tickformat=TICK_PERCENT, row=1, col=1)
    return _epoch_axes(figure, len(history), height).update_layout(shapes=marks)


def learning_rates(rates: Sequence[float], epochs: int, height: int = 210) -> go.Figure:
    """Draw the learning rate over the epochs; `rates` are spread evenly over them, the first at 0."""
    figure = go.Figure(
        go.Scatter(
            x=[place * epochs / len(rates) for place in range(len(rates))],
            y=list(rates),
            line={"color": theme.NEUTRAL, "width": 2},
            hovertemplate="after %{x:.1f} epochs: %{y:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(title_text="Learning rate", title_standoff=4)
    return _epoch_axes(figure, epochs, height)


def _epoch_axes(figure: go.Figure, epochs: int, height: int) -> go.Figure:
    theme.layout(figure, height)
    figure.update_xaxes(
        title_text="epoch", title_standoff=4, tickformat="d", range=[-0.5, epochs + 0.5], gridcolor=theme.GRID
    )
    figure.update_yaxes(automargin=True, gridcolor=theme.GRID, rangemode="tozero")
    return figure
