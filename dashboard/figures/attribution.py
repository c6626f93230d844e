"""A picture, or an attribution map over it, small enough to stand beside others."""

from __future__ import annotations

import base64

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme
from dashboard.figures.occlusion import outline
from models import images
from models.attribution_maps import Method, limit

_PICTURE_PX = 320  # the picture is enlarged to about this before the browser sees it, so that its pixels stay sharp


def panel(
    image: NDArray[np.uint8],
    values: NDArray[np.floating] | None = None,
    method: Method | None = None,
    *,
    unit: str = "",
    opacity: float = 1.0,
    mask: NDArray[np.bool_] | None = None,
    mark: tuple[int, int] | None = None,
    height: int = 196,
) -> go.Figure:
    """Draw a map over its picture without axes or a scale; without a map, the picture.

    Args:
        image: (H, W, 3) uint8 at the size of the map.
        values: (H, W), or None.
        method: How it is scaled: signed maps have zero in the middle, others at the dark end.
        unit: Of the values, for the text at the pointer.
        opacity: Of the map, 0..1.
        mask: (H, W) bool, outlined in white on black; None for none.
        mark: (row, col) of a place to mark with a cross; None for none.
        height: Pixels.
    """
    rows, cols = image.shape[:2]
    figure = go.Figure()
    if values is not None and method is not None:
        end = limit(np.asarray(values, np.float32), method.clip)
        figure.add_heatmap(
            z=values,
            zmin=-end if method.signed else 0,
            zmax=end,
            colorscale=theme.DIVERGING if method.signed else theme.SEQUENTIAL,
            showscale=False,
            opacity=opacity,
            hovertemplate=f"row %{{y}}, col %{{x}}<br>%{{z:.3g}} {unit}<extra></extra>",
        )
    picture = images.png(images.enlarge(image, _PICTURE_PX))
    figure.add_layout_image(
        source="data:image/png;base64," + base64.b64encode(picture).decode(),
        xref="x", yref="y", x=-0.5, y=-0.5, sizex=cols, sizey=rows, sizing="stretch", layer="below",
    )  # fmt: skip
    if mask is not None:
        x, y = outline(mask)
        for colour, width in (("rgb(0, 0, 0)", 3), ("rgb(255, 255, 255)", 1.5)):
            figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip")
    if mark is not None:
        marker = {
            "symbol": "x",
            "size": 11,
            "color": "rgb(255, 255, 255)",
            "line": {"color": "rgb(0, 0, 0)", "width": 1.5},
        }
        figure.add_scatter(x=[mark[1]], y=[mark[0]], mode="markers", marker=marker, hoverinfo="skip")
    figure.update_xaxes(visible=False, fixedrange=True, constrain="domain", range=[-0.5, cols - 0.5])
    figure.update_yaxes(visible=False, fixedrange=True, constrain="domain", range=[rows - 0.5, -0.5], scaleanchor="x")
    layout = theme.layout(figure, height)
    return layout.update_layout(showlegend=False, margin=dict.fromkeys("lrtb", 0))
