"""The trained lattice as maps of numbers: the U-matrix and the hits."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme


def lattice(values: NDArray[Any], what: str, height: int = 300) -> go.Figure:
    """Return a map of one number per unit, square cells, row 0 at the top, the scale from 0 to the largest value.

    Args:
        values: (rows, columns), none below 0. A map that is 0 everywhere is drawn in the lowest colour.
        what: The name of the number, for the hover text.
        height: In px.
    """
    figure = go.Figure(
        go.Heatmap(
            z=values,
            zmin=0,
            zmax=float(values.max()) or 1.0,
            colorscale=theme.SEQUENTIAL,
            colorbar={"thickness": 12, "outlinewidth": 0},
            hovertemplate=f"row %{{y}}, column %{{x}}<br>{what} %{{z:.3g}}<extra></extra>",
        )
    )
    rows, columns = values.shape
    figure.update_xaxes(visible=False, range=[-0.5, columns - 0.5], fixedrange=True, constrain="domain")
    figure.update_yaxes(visible=False, range=[rows - 0.5, -0.5], fixedrange=True, scaleanchor="x", constrain="domain")
    return theme.layout(figure, height)


def describe(values: NDArray[Any], what: str) -> str:
    """Return what `lattice` shows, for who cannot see it."""
    rows, columns = values.shape
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return (
        f"{what} of {rows} × {columns} units: from {values.min():.3g} to {values.max():.3g}, "
        f"largest in row {row}, column {column}."
    )
