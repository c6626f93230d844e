"""Figures of a backbone: the curves of its pretraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from dashboard.figures.curves import TRAINING, VALIDATION
from models.wording import TICK_PERCENT

PANELS = (("Top-1", "top_1", VALIDATION, "solid", ".1%"), ("Loss", "loss", TRAINING, "dot", ".3f"))


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


def _epoch_axes(figure: go.Figure, epochs: int, height: int) -> go.Figure:
    theme.layout(figure, height)
    figure.update_xaxes(
        title_text="epoch", title_standoff=4, tickformat="d", range=[-0.5, epochs + 0.5], gridcolor=theme.GRID
    )
    figure.update_yaxes(automargin=True, gridcolor=theme.GRID, rangemode="tozero")
    return figure
