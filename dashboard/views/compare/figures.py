"""The matrix of linear CKA between the layers of two networks."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from dashboard.figures import theme
from models.representations.cka import Likeness

_WRITTEN = 14  # with more layers than this the numbers are left to the pointer


def matrix(result: Likeness, first: str, second: str, height: int) -> go.Figure:
    """Linear CKA of every layer of one network (rows, input on top) with every layer of another (columns).

    Args:
        result: Of the job.
        first, second: What the networks are called, plain text.
        height: In px.
    """
    written = max(result.cka.shape) <= _WRITTEN
    rows, columns = ([html.escape(name) for name in names] for names in (result.first, result.second))
    figure = go.Figure(
        go.Heatmap(
            z=result.cka,
            x=columns,
            y=rows,
            zmin=0,
            zmax=1,
            colorscale=theme.SEQUENTIAL,
            xgap=1,
            ygap=1,
            texttemplate="%{z:.2f}" if written else None,
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
            colorbar={"thickness": 12, "outlinewidth": 0, "title": {"text": "CKA", "side": "right"}},
        )
    )
    theme.layout(figure, height)
    figure.update_xaxes(title_text=html.escape(second), tickangle=-45, automargin=True, showgrid=False, fixedrange=True)
    figure.update_yaxes(
        title_text=html.escape(first), autorange="reversed", automargin=True, showgrid=False, fixedrange=True
    )
    return figure
