"""Figures of backbones: the curves of a pretraining, and accuracy by cost of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from dashboard.figures.curves import TRAINING, VALIDATION
from models.backbones.registry import BACKBONES
from models.intervals import Estimate
from models.representations.architectures import ArchitecturesResult
from models.wording import TICK_PERCENT, short, significant

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


@dataclass(frozen=True, slots=True)
class CostAxis:
    """A kind of cost: its name on the control, the title of its axis, and the factor to the axis's unit."""

    name: str
    title: str
    per_unit: float


COST_AXES: Final[dict[str, CostAxis]] = {
    "macs": CostAxis("MACs", "million MACs for one picture", 1e6),
    "parameters": CostAxis("Parameters", "million parameters", 1e6),
    "milliseconds": CostAxis("Time", "ms for one picture on one thread", 1.0),
}


def accuracy_by_cost(result: ArchitecturesResult, budget: int, cost: str, height: int) -> go.Figure:
    """Draw accuracy with its 95 % interval against cost (on a logarithmic axis), and the Pareto front as a step line.

    Args:
        result: Of a comparison.
        budget: Training pictures a class, one of `result.budgets`.
        cost: A key of `COST_AXES`.
        height: In px.
    """
    axis, front = COST_AXES[cost], result.front(budget, cost)
    points = [
        (result.cost(at, cost) / axis.per_unit, result.accuracy(at, budget)) for at in range(len(result.backbones))
    ]
    low, high = min(at for at, _ in points) / 1.7, max(at for at, _ in points) * 1.7
    steps = [step * 10.0**power for power in range(-3, 6) for step in (1, 2, 5)]
    ticks = [step for step in steps if low < step < high]
    figure = go.Figure()
    figure.add_scatter(
        x=[*(points[at][0] for at in front), high],
        y=[*(points[at][1].value for at in front), points[front[-1]][1].value],
        mode="lines",
        line={"color": theme.NEUTRAL, "width": 2, "dash": "dot", "shape": "hv"},
        name="Pareto front",
        hoverinfo="skip",
    )
    for on_front, name in ((True, "on the front"), (False, "another is preferable")):
        places = [at for at in range(len(points)) if (at in front) == on_front]
        if places:
            _points(figure, result, cost, [points[at] for at in places], places, name)
    theme.layout(figure, height)
    theme.accuracy_axis(figure).update_yaxes(rangemode="normal")
    figure.update_xaxes(
        type="log",
        range=[log10(low), log10(high)],
        title_text=axis.title,
        title_standoff=4,
        automargin=True,
        fixedrange=True,
        gridcolor=theme.GRID,
        tickvals=ticks,
        ticktext=[significant(tick) for tick in ticks],
    )
    return figure.update_layout(margin={"t": 28})


def _points(
    figure: go.Figure,
    result: ArchitecturesResult,
    cost: str,
    points: Sequence[tuple[float, Estimate]],
    places: Sequence[int],
    name: str,
) -> None:
    on_front = name == "on the front"
    colour = theme.LINE_COLOURS[0] if on_front else theme.NEUTRAL
    write = short if cost != "milliseconds" else lambda ms: f"{significant(ms, 2)} ms"
    titles = [BACKBONES[result.backbones[at]].title for at in places]
    far = max(result.cost(at, cost) for at in range(len(result.backbones))) / COST_AXES[cost].per_unit
    figure.add_scatter(
        x=[at for at, _ in points],
        y=[estimate.value for _, estimate in points],
        error_y=theme.whiskers([estimate for _, estimate in points], colour),
        mode="markers+text",
        text=titles,
        textposition=[f"bottom {'left' if at == far else 'right'}" for at, _ in points],
        name=name,
        marker={"color": colour, "size": 11, "symbol": "diamond" if on_front else "circle-open", "line": {"width": 2}},
        customdata=[
            [title, theme.interval(estimate), write(result.cost(at, cost)), int(result.sides[at])]
            for title, (_, estimate), at in zip(titles, points, places, strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b>, %{customdata[3]} px<br>%{customdata[1]}<br>%{customdata[2]}"
        "<extra></extra>",
    )
