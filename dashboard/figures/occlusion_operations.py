"""How far a hidden square reaches, layer by layer, and what is multiplied because of it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from models.patch_scores import PatchScores

_FADED = "rgba(127, 139, 147, 0.35)"


def reach(scores: PatchScores) -> np.ndarray:
    """Return per layer (L,) the share of its maps that a square can change, mean over positions."""
    return np.asarray(scores.layer_windows.prod(axis=1) / scores.layer_maps.prod(axis=1))


def by_layer(scores: PatchScores, height: int = 260) -> go.Figure:
    """Draw, for every layer that multiplies, the share of its maps that can change, and operations full and done."""
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.45, 0.55], vertical_spacing=0.12)
    names, share = list(scores.layer_names), reach(scores)
    shapes = [f"{rows} × {cols}" for rows, cols in scores.layer_maps.tolist()]
    windows = [f"{rows:.1f} × {cols:.1f}" for rows, cols in scores.layer_windows.tolist()]
    figure.add_scatter(
        x=names, y=share, mode="lines+markers", line={"color": theme.NEUTRAL, "shape": "hv"}, marker={"size": 4},
        customdata=list(zip(shapes, windows, strict=True)), name="share of the maps", showlegend=False, row=1, col=1,
        hovertemplate="%{x}: %{customdata[1]} of %{customdata[0]} values of a map can change (%{y:.0%})<extra></extra>",
    )  # fmt: skip
    for values, colour, name in (
        (scores.layer_macs_full, _FADED, "full pass"),
        (scores.layer_macs_done, theme.NEUTRAL, "done"),
    ):
        figure.add_bar(
            x=names, y=values / 1e6, marker={"color": colour, "line_width": 0}, name=name, row=2, col=1,
            hovertemplate=f"%{{x}}, {name}: %{{y:.3g}} million<extra></extra>",
        )  # fmt: skip
    theme.layout(figure, height)
    figure.update_layout(
        barmode="overlay",
        bargap=0.15,
        legend={"x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"},
        margin={"t": 24},
    )
    figure.update_xaxes(fixedrange=True, showticklabels=False)
    figure.update_xaxes(showticklabels=len(names) <= 20, tickangle=-30, row=2, col=1)
    figure.update_yaxes(fixedrange=True, gridcolor=theme.GRID, zerolinecolor=theme.GRID, title_font_size=12)
    figure.update_yaxes(title="can change", tickformat=".0%", range=[0, 1.05], nticks=4, row=1, col=1)
    figure.update_yaxes(title="million MACs", nticks=4, row=2, col=1)
    return figure
