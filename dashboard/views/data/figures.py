"""How many pictures each class has, and in which part of the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme

_STRENGTHS = (1.0, 0.6, 0.3)  # of the class colour: training, validation, test
_ROW_PX = 26


def class_balance(classes: Sequence[str], counts: Mapping[str, np.ndarray]) -> go.Figure:
    """One bar a class, divided into the parts of the split, with the sum written beside it.

    Args:
        classes: Names, in the order of their numbers.
        counts: For every part, in the order they are drawn, how many pictures of each class it has: int (C,).
    """
    figure = go.Figure()
    colours = [theme.CLASS_COLOURS[number % len(theme.CLASS_COLOURS)] for number in range(len(classes))]
    for (part, of_class), strength in zip(counts.items(), _STRENGTHS, strict=True):
        figure.add_bar(
            y=list(range(len(classes))),
            x=of_class,
            orientation="h",
            marker={"color": colours, "opacity": strength},
            customdata=list(classes),
            hovertemplate=f"%{{customdata}}, {part}: %{{x}} pictures<extra></extra>",
        )
    sums = [" + ".join(str(of_class[number]) for of_class in counts.values()) for number in range(len(classes))]
    totals = [sum(int(of_class[number]) for of_class in counts.values()) for number in range(len(classes))]
    figure.add_scatter(
        y=list(range(len(classes))),
        x=totals,
        mode="text",
        text=[f" {parts} = {total}" for parts, total in zip(sums, totals, strict=True)],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    theme.layout(figure, _ROW_PX * len(classes) + 16)
    figure.update_layout(barmode="stack", bargap=0.15, showlegend=False, margin={"r": 150})
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(classes))), ticktext=list(classes), autorange="reversed", fixedrange=True, ticks=""
    )
    return figure
