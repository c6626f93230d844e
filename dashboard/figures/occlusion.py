"""The occlusion map over its picture, and the classes as bars."""

from __future__ import annotations

import base64

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from models import images
from models.occlusion import OcclusionMap

_PICTURE_PX = 640  # the picture is enlarged to about this before the browser sees it, so that its pixels stay sharp


def overlay(
    image: np.ndarray,
    result: OcclusionMap,
    *,
    unit: str,
    opacity: float,
    mask: np.ndarray | None = None,
    height: int = 530,
) -> go.Figure:
    """Draw `image` under its occlusion map, zero in the middle of the scale.

    Args:
        image: (H, W, 3) uint8, at the size of the map.
        result: The map.
        unit: What the score is measured in: "probability" or "logit".
        opacity: Of the map, 0..1.
        mask: (H, W) bool, outlined in white on black; None for none.
        height: Pixels.
    """
    rows, cols = result.drop.shape
    limit = float(np.abs(result.drop).max()) or 1.0  # a flat map must not divide by zero
    figure = go.Figure(
        go.Heatmap(
            z=result.drop,
            zmin=-limit,
            zmax=limit,
            colorscale=theme.DIVERGING,
            opacity=opacity,
            colorbar={
                "orientation": "h",
                "thickness": 10,
                "outlinewidth": 0,
                "exponentformat": "power",
                "y": -0.01,
                "yanchor": "top",
                "title": {
                    "text": f"mean fall of the {unit} over the squares that hide a place",
                    "side": "bottom",
                    "font": {"size": 13},
                },
            },
            hovertemplate=f"row %{{y}}, col %{{x}}<br>{unit} falls by %{{z:.3g}}<extra></extra>",
        )
    )
    picture = images.png(images.enlarge(image, _PICTURE_PX))
    figure.add_layout_image(
        source="data:image/png;base64," + base64.b64encode(picture).decode(),
        xref="x", yref="y", x=-0.5, y=-0.5, sizex=cols, sizey=rows, sizing="stretch", layer="below",
    )  # fmt: skip
    if mask is not None:
        for colour, width in (("rgb(0, 0, 0)", 4), ("rgb(255, 255, 255)", 2)):
            x, y = outline(mask)
            figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip")
    figure.update_xaxes(visible=False, fixedrange=True, constrain="domain", range=[-0.5, cols - 0.5])
    figure.update_yaxes(visible=False, fixedrange=True, constrain="domain", range=[rows - 0.5, -0.5], scaleanchor="x")
    return theme.layout(figure, height).update_layout(showlegend=False)


def outline(mask: np.ndarray) -> tuple[list[float | None], list[float | None]]:
    """Return the edges between the pixels inside `mask` (H, W) and those outside, as x and y of separate strokes.

    Pixel (row, col) covers col - 0.5 .. col + 0.5 and row - 0.5 .. row + 0.5; None ends a stroke.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    x: list[float | None] = []
    y: list[float | None] = []
    for row, col in np.argwhere(np.diff(padded, axis=0)[:, 1:-1]).tolist():  # an edge above (row, col)
        x += [col - 0.5, col + 0.5, None]
        y += [row - 0.5, row - 0.5, None]
    for row, col in np.argwhere(np.diff(padded, axis=1)[1:-1]).tolist():  # an edge left of (row, col)
        x += [col - 0.5, col - 0.5, None]
        y += [row - 0.5, row + 0.5, None]
    return x, y
