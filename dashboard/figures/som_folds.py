"""A map's cells where its weights lie: which side of the map each one shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme
from models.som_cells import cells
from models.som_lattice import Lattice

UP, OVER = "right side up", "turned over"
_UP_COLOUR, _OVER_COLOUR = "rgba(0, 158, 115, 0.28)", "rgba(204, 121, 167, 0.35)"
# A pattern, so that the sides differ not by colour alone.
_HATCHED = {"shape": "/", "solidity": 0.3, "bgcolor": _OVER_COLOUR, "fgcolor": "rgb(180, 80, 135)"}
_EDGE = {"color": "rgba(127, 139, 147, 0.95)", "width": 1}


def unfolded(
    lattice: Lattice, codebook: NDArray[Any], points: NDArray[Any], sides: NDArray[np.int64], height: int = 340
) -> go.Figure:
    """Return the cells of a map over its points, in two dimensions.

    Args:
        lattice: At least two rows and columns.
        codebook: (rows, columns, 2).
        points: (N, 2).
        sides: Per cell of `som_cells.cells`, below 0 where it is turned over.
        height: In px.
    """
    weights = codebook.reshape(-1, 2)
    faces = cells(lattice)
    figure = go.Figure(
        go.Scatter(
            x=points[:, 0], y=points[:, 1], mode="markers", marker={"size": 3, "color": "rgba(127, 139, 147, 0.45)"},
            name="samples", hoverinfo="skip",
        )
    )  # fmt: skip
    for name, chosen, colour, pattern in (
        (UP, faces[sides >= 0], _UP_COLOUR, None),
        (OVER, faces[sides < 0], _OVER_COLOUR, _HATCHED),
    ):
        closed = np.concatenate([weights[chosen], weights[chosen[:, :1]], np.full((len(chosen), 1, 2), np.nan)], axis=1)
        place = closed.reshape(-1, 2).astype(object)
        place[np.isnan(closed.reshape(-1, 2))] = None
        figure.add_scatter(
            x=place[:, 0], y=place[:, 1], mode="lines", line=_EDGE, fill="toself", fillcolor=colour, hoverinfo="skip",
            name=f"{name}: {len(chosen)} cells", fillpattern=pattern,
        )  # fmt: skip
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, scaleanchor="x")
    return theme.layout(figure, height)
