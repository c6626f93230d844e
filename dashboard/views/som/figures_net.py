"""A map where its weights lie in the data: its net, the sides of its cells, and distances before and after a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme
from dashboard.views.som import figures
from models.som.lattice import Lattice, cells
from models.som.one_step import Step
from models.wording import fixed, significant

UP, OVER = "right side up", "turned over"
_UP_COLOUR, _OVER_COLOUR = "rgba(0, 158, 115, 0.28)", "rgba(204, 121, 167, 0.35)"
# A pattern, so that the sides differ not by colour alone.
_HATCHED = {"shape": "/", "solidity": 0.3, "bgcolor": _OVER_COLOUR, "fgcolor": "rgb(180, 80, 135)"}
_EDGE = {"color": "rgba(127, 139, 147, 0.95)", "width": 1}
_PALE = "rgba(127, 139, 147, 0.45)"  # theme.NEUTRAL, on light and dark pages


def net(
    lattice: Lattice,
    codebook: NDArray[Any],
    points: NDArray[Any],
    *,
    height: int = 300,
    marks: Mapping[str, int] | None = None,
    sample: NDArray[Any] | None = None,
    moved: NDArray[Any] | None = None,
) -> go.Figure:
    """Return the units at their weights, joined as on the lattice, over the points; both by their first two values.

    Args:
        lattice: Which units are joined.
        codebook: (rows, columns, D), D at least 2.
        points: (N, D); at most 2,000 of them are drawn.
        height: In px.
        marks: Units to mark, by names in `figures.MARKS`.
        sample: (D,), drawn as a cross.
        moved: (rows, columns, D): where the units go, drawn as lines from where they are.
    """
    weights = codebook.reshape(-1, codebook.shape[-1])[:, :2]
    shown = points[:: -(-len(points) // 2000), :2]
    figure = go.Figure()
    dots = {"size": 3, "color": theme.NEUTRAL, "opacity": 0.5}
    figure.add_scatter(x=shown[:, 0], y=shown[:, 1], mode="markers", marker=dots, hoverinfo="skip")
    ends = [(unit, other) for unit in range(len(weights)) for other in lattice.neighbours(unit) if unit < other]
    line = {"color": theme.LINE_COLOURS[4], "width": 1}
    _lines(figure, weights[np.array(ends, np.int64).reshape(-1, 2)], line)
    if moved is not None:
        goals = moved.reshape(-1, moved.shape[-1])[:, :2]
        _lines(figure, np.stack([weights, goals], axis=1), {"color": theme.LINE_COLOURS[0], "width": 3})
    _units(figure, lattice, weights, {"size": 5, "color": line["color"]})
    if sample is not None:
        for width, colour in ((5, "rgb(255, 255, 255)"), (2, "rgb(0, 0, 0)")):
            cross = {"symbol": "x-thin", "size": 11, "line": {"width": width, "color": colour}}
            figure.add_scatter(x=[sample[0]], y=[sample[1]], mode="markers", marker=cross, hoverinfo="skip")
    for name, unit in (marks or {}).items():
        figures.mark(figure, name, weights[unit], 13)
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, scaleanchor="x")
    return theme.layout(figure.update_layout(showlegend=False), height)


def _units(figure: go.Figure, lattice: Lattice, weights: NDArray[Any], marker: dict[str, Any]) -> None:
    """Add the units at their first two weights (units, 2), which the pointer reads."""
    figure.add_scatter(
        x=weights[:, 0],
        y=weights[:, 1],
        mode="markers",
        marker=marker,
        customdata=np.arange(len(weights)),
        text=[
            f"{place}<br>weights ({significant(x)}, {significant(y)})"
            for place, (x, y) in zip(figures.place_texts(lattice), weights.tolist(), strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def unfolded(
    lattice: Lattice, codebook: NDArray[Any], points: NDArray[Any], sides: NDArray[np.int64], height: int = 340
) -> go.Figure:
    """Return the cells of a map over its points, in two dimensions.

    Args:
        lattice: At least two rows and columns.
        codebook: (rows, columns, 2).
        points: (N, 2).
        sides: Per cell of `lattice.cells`, below 0 where it is turned over.
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


def distances_before_and_after(step: Step, height: int = 300) -> go.Figure:
    """Return the distance of the sample to every unit of a line, before and after the step, as bars."""
    before = step.distances.ravel()
    after = np.linalg.norm(step.after - step.sample, axis=-1).ravel()
    names = [f"W<sub>{unit + 1}</sub>" + (" · BMU" if unit == step.bmu else "") for unit in range(len(before))]
    figure = go.Figure()
    # The legend leaves out a marker's opacity, so "after" is a colour of its own.
    for name, values, colour in (("before", before, theme.NEUTRAL), ("after", after, _PALE)):
        figure.add_bar(
            y=names,
            x=values,
            orientation="h",
            name=name,
            marker={"color": colour},
            text=[fixed(value, 1) for value in values.tolist()],
            textposition="outside",
            textangle=0,
            cliponaxis=False,
            customdata=[significant(value) for value in values.tolist()],
            hovertemplate=f"{name} the step: %{{customdata}}<extra></extra>",
        )
    theme.layout(figure, height)
    figure.update_xaxes(
        title_text="distance to x", fixedrange=True, range=[0, 1.2 * float(max(before.max(), after.max())) or 1.0]
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure.update_layout(bargap=0.25, margin={"l": 8, "r": 8, "t": 30, "b": 40})


def describe_distances(step: Step) -> str:
    """Return what `distances_before_and_after` shows, for who cannot see it."""
    after = np.linalg.norm(step.after - step.sample, axis=-1).ravel().tolist()
    units = "; ".join(
        f"W{unit + 1} from {fixed(before, 1)} to {fixed(now, 1)}"
        for unit, (before, now) in enumerate(zip(step.distances.ravel().tolist(), after, strict=True))
    )
    return f"Distance to x before and after the step: {units}. The BMU is W{step.bmu + 1}."


def _lines(figure: go.Figure, ends: NDArray[Any], line: Mapping[str, Any]) -> None:
    """Draw lines between pairs of points, (n, 2, 2), as one trace with gaps."""
    gaps = np.full((len(ends), 3, 2), np.nan)
    gaps[:, :2] = ends
    figure.add_scatter(x=gaps[..., 0].ravel(), y=gaps[..., 1].ravel(), mode="lines", line=line, hoverinfo="skip")
