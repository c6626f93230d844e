"""A self-organising map as pictures of its lattice: numbers, colours or pies per unit, square or hexagonal cells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from dashboard.figures import theme
from models.som.lattice import ROW_HEIGHT, Lattice
from models.wording import significant

MOST_CELLS: Final = 3600  # that can be clicked, and be hexagons; larger lattices are one picture
MOST_PIES: Final = 900
EMPTY: Final = (127, 139, 147)  # a unit without samples
# Symbol and size as a share of a cell; every mark is drawn in white and, thinner, in black on it.
MARKS: Final = {"BMU": ("circle-open", 0.7), "runner-up": ("diamond-open", 0.7), "chosen": ("square-open", 0.95)}
_EDGE: Final = {"color": "rgba(127, 139, 147, 0.4)", "width": 0.5}
_LEVELS: Final = np.array(
    [[int(part) for part in colour[4:-1].split(",")] for colour in sample_colorscale(theme.SEQUENTIAL, 256)], np.uint8
)
_CORNERS: Final = [(math.sin(k * math.pi / 3) / 3**0.5, math.cos(k * math.pi / 3) / 3**0.5) for k in range(6)]


def numbers(
    lattice: Lattice,
    values: NDArray[Any],
    what: str,
    *,
    height: int = 300,
    marks: Mapping[str, int] | None = None,
    signed: bool = False,
    top: float | None = None,
) -> go.Figure:
    """Return a map of one number per unit, row 0 at the top, with its scale.

    Args:
        lattice: Where the units sit.
        values: (rows, columns), finite; NaN for a unit that has no number.
        what: The name of the number, for the hover text.
        height: In px.
        marks: Units to mark, by names in `MARKS`.
        signed: Scale from the smallest to the largest value; else from 0, and a flat map has the lowest colour.
        top: End of the scale, if not the largest value.
    """
    known = values[np.isfinite(values)].astype(np.float64)
    low = float(known.min()) if signed and known.size else 0.0
    high = top if top is not None else float(known.max()) if known.size else 0.0
    high = high if high > low else low + 1.0
    shares = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1)
    colours = np.where(np.isfinite(values)[..., None], _LEVELS[(shares * 255).round().astype(np.int64)], EMPTY)
    texts = [f"{what} {significant(value)}" if np.isfinite(value) else "no sample" for value in values.ravel()]
    figure = cells(lattice, colours.astype(np.uint8), texts, height=height, marks=marks)
    # The scale belongs to a trace without points: the squares that take the clicks are invisible, and it would be too.
    scale = {"thickness": 10, "outlinewidth": 0, "len": 1, "x": 1.0, "xpad": 4, "nticks": 5}
    marker = {"color": [low], "cmin": low, "cmax": high, "colorscale": theme.SEQUENTIAL, "showscale": True}
    return figure.add_scatter(
        x=[None], y=[None], mode="markers", marker={**marker, "colorbar": scale}, hoverinfo="skip", showlegend=False
    )


def cells(
    lattice: Lattice,
    colours: NDArray[np.uint8],
    texts: Sequence[str],
    *,
    height: int = 300,
    marks: Mapping[str, int] | None = None,
    legend: Sequence[tuple[str, str]] = (),
) -> go.Figure:
    """Return a map of one colour per unit; a click on a unit selects a point whose `customdata` is its number.

    Args:
        lattice: Where the units sit.
        colours: uint8 (rows, columns, 3).
        texts: Hover text of every unit, safe markup.
        height: In px.
        marks: Units to mark, by names in `MARKS`.
        legend: Names (safe markup) and CSS colours to list beside the map.
    """
    figure = go.Figure()
    units = lattice.rows * lattice.columns
    if lattice.hexagonal and units <= MOST_CELLS:
        shapes = [
            _hexagon(x, y, colour) for x, y, colour in zip(*centres(lattice), colours.reshape(-1, 3), strict=True)
        ]
        figure.update_layout(shapes=shapes)
    else:
        figure.add_trace(_bricks(colours) if lattice.hexagonal else go.Image(z=colours, hoverinfo="skip"))
    _targets(figure, lattice, texts, height)
    _marks(figure, lattice, marks or {}, height)
    return _finish(figure, lattice, height, legend)


def pictures(
    lattice: Lattice,
    tiles: NDArray[np.uint8],
    texts: Sequence[str],
    *,
    height: int = 300,
    marks: Mapping[str, int] | None = None,
) -> go.Figure:
    """Return a map of one small picture per unit.

    Args:
        lattice: At most MOST_CELLS units.
        tiles: uint8 (rows * columns, H, W, 3).
        texts, height, marks: See `cells`.
    """
    _, tall, wide, _ = tiles.shape
    pitch, step = (tall + 1, wide + 2) if lattice.hexagonal else (tall + 1, wide + 1)
    step += step % 2  # odd rows of a hexagonal lattice stand half a step to the right
    shift = step // 2 if lattice.hexagonal else 0
    canvas = np.zeros((lattice.rows * pitch, lattice.columns * step + shift, 4), np.uint8)
    for unit, tile in enumerate(tiles):
        row, column = divmod(unit, lattice.columns)
        top, left = row * pitch, column * step + (shift if row % 2 else 0)
        canvas[top : top + tall, left : left + wide, :3] = tile
        canvas[top : top + tall, left : left + wide, 3] = 255
    across, down = 1 / step, (ROW_HEIGHT if lattice.hexagonal else 1) / pitch
    place = {"x0": -across * (wide - 1) / 2, "dx": across, "y0": -down * (tall - 1) / 2, "dy": down}
    figure = go.Figure(go.Image(z=canvas, colormodel="rgba256", hoverinfo="skip", **place))
    _targets(figure, lattice, texts, height)
    _marks(figure, lattice, marks or {}, height)
    return _finish(figure, lattice, height, ())


def pies(
    lattice: Lattice,
    counts: NDArray[np.int64],
    names: Sequence[tuple[str, str]],
    *,
    height: int = 300,
    marks: Mapping[str, int] | None = None,
) -> go.Figure:
    """Return a map of one pie per unit: the classes of its samples; a pie's area grows with their number.

    Args:
        lattice: At most MOST_PIES units.
        counts: (rows * columns, classes).
        names: Name (safe markup) and CSS colour of every class.
        height, marks: See `cells`.
    """
    figure = go.Figure()
    most = max(int(counts.sum(axis=1).max()), 1)
    shapes = []
    for x, y, row in zip(*centres(lattice), counts, strict=True):
        if total := int(row.sum()):
            shapes += _pie(x, y, 0.48 * max(math.sqrt(total / most), 0.3), row / total, names)
    figure.update_layout(shapes=shapes)
    texts = [
        "<br>".join(f"{name}: {count}" for (name, _), count in zip(names, row, strict=True) if count) or "no sample"
        for row in counts.tolist()
    ]
    _targets(figure, lattice, texts, height)
    _marks(figure, lattice, marks or {}, height)
    return _finish(figure, lattice, height, names)


def mark(figure: go.Figure, name: str, at: NDArray[Any], size: float) -> None:
    """Draw a mark of `MARKS`, `size` pixels wide, at x and y."""
    for width, colour in ((5, "rgb(255, 255, 255)"), (2, "rgb(0, 0, 0)")):
        marker = {"symbol": MARKS[name][0], "size": max(8.0, size), "color": colour, "line": {"width": width}}
        figure.add_scatter(
            x=[at[0]],
            y=[at[1]],
            mode="markers",
            marker=marker,
            name=name,
            cliponaxis=False,  # at the border, too, the whole mark is seen
            hoverinfo="skip",
            showlegend=False,
        )


def centres(lattice: Lattice) -> tuple[list[float], list[float]]:
    """Return x and y of every unit's cell, y downwards."""
    return lattice.positions[:, 1].tolist(), lattice.positions[:, 0].tolist()


def place_texts(lattice: Lattice) -> list[str]:
    """Return "row 3, column 4" for every unit."""
    return [f"row {row}, column {column}" for row in range(lattice.rows) for column in range(lattice.columns)]


def describe(values: NDArray[Any], what: str) -> str:
    """Return what `numbers` shows, for who cannot see it."""
    rows, columns = values.shape
    if not np.isfinite(values).any():
        return f"{what} of {rows} × {columns} units: none has a number."
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return (
        f"{what} of {rows} × {columns} units: from {significant(np.nanmin(values))} to "
        f"{significant(np.nanmax(values))}, "
        f"largest in row {row}, column {column}."
    )


def _targets(figure: go.Figure, lattice: Lattice, texts: Sequence[str], height: int) -> None:
    """Lay invisible squares over the cells: Plotly reports no click on pictures and shapes."""
    if lattice.rows * lattice.columns > MOST_CELLS:
        return
    x, y = centres(lattice)
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"symbol": "square", "size": _cell_px(lattice, height), "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=np.arange(len(x)),
        text=[f"{place}<br>{text}" for place, text in zip(place_texts(lattice), texts, strict=True)],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _cell_px(lattice: Lattice, height: int) -> float:
    """Return about how large a cell is drawn; the width of the figure is the page's."""
    last = float(lattice.positions[-1, 0])
    return max(4.0, min((height - 16) / (last + 1), 1.4 * height / (lattice.columns + 0.5)))


def _marks(figure: go.Figure, lattice: Lattice, marks: Mapping[str, int], height: int) -> None:
    for name, unit in marks.items():
        mark(figure, name, lattice.positions[unit][::-1], MARKS[name][1] * _cell_px(lattice, height))


def _hexagon(x: float, y: float, colour: NDArray[np.uint8]) -> dict[str, Any]:
    path = "M" + "L".join(f"{round(x + right, 3)},{round(y + down, 3)}" for right, down in _CORNERS) + "Z"
    return {"type": "path", "path": path, "fillcolor": _css(colour), "line": _EDGE, "layer": "below"}


def _bricks(colours: NDArray[np.uint8]) -> go.Image:
    """Return cells of two half places each, odd rows shifted by one: bricks have the neighbours of hexagons."""
    rows, columns, _ = colours.shape
    picture = np.zeros((rows, 2 * columns + 1, 4), np.uint8)
    wide = np.concatenate([colours, np.full((rows, columns, 1), 255, np.uint8)], axis=-1).repeat(2, axis=1)
    picture[::2, :-1], picture[1::2, 1:] = wide[::2], wide[1::2]
    return go.Image(z=picture, colormodel="rgba256", x0=-0.25, dx=0.5, y0=0, dy=ROW_HEIGHT, hoverinfo="skip")


def _pie(
    x: float, y: float, radius: float, shares: NDArray[np.float64], names: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return one path per class: sectors as polygons, since Plotly's paths have no arcs; clockwise from the top."""
    slices, start = [], 0.0
    for share, (_, colour) in zip(shares.tolist(), names, strict=True):
        if share > 0:
            turns = np.linspace(start, start + share, 2 + math.ceil(24 * share)) * 2 * math.pi
            rim = [(x + radius * math.sin(turn), y - radius * math.cos(turn)) for turn in turns]
            corners = rim if share == 1 else [(x, y), *rim]
            path = "M" + "L".join(f"{round(right, 3)},{round(down, 3)}" for right, down in corners) + "Z"
            slices.append({"type": "path", "path": path, "fillcolor": colour, "line": {"width": 0}, "layer": "below"})
            start += share
    return slices


def _css(colour: NDArray[np.uint8]) -> str:
    return f"rgb({', '.join(str(int(part)) for part in colour)})"


def _finish(figure: go.Figure, lattice: Lattice, height: int, legend: Sequence[tuple[str, str]]) -> go.Figure:
    """Give the figure its axes, row 0 at the top and cells as wide as high, and its legend."""
    last, shift = lattice.columns - 0.5, 0.5 if lattice.hexagonal and lattice.rows > 1 else 0.0
    edge = 1 / 3**0.5 if lattice.hexagonal else 0.5
    bottom = float(lattice.positions[-1, 0]) + edge
    figure.update_xaxes(visible=False, range=[-0.5, last + shift], fixedrange=True, constrain="domain")
    figure.update_yaxes(visible=False, range=[bottom, -edge], fixedrange=True, scaleanchor="x", constrain="domain")
    for name, colour in legend:
        marker = {"symbol": "square", "size": 10, "color": colour}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, hoverinfo="skip")
    theme.layout(figure, height)
    return figure.update_layout(legend={"orientation": "v", "y": 1, "yanchor": "top", "x": 1.02, "itemclick": False})
