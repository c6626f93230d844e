"""Figures of hidden squares and maps: numbers per position or per pixel with their colours, panels, and operations."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb
from plotly.subplots import make_subplots

from dashboard.figures import theme
from models.attribution.maps import Method
from models.attribution.scales import limit
from models.occlusion.occlusion import OcclusionMap
from models.occlusion.scores import PatchScores, counts, largest_change
from models.pictures import images
from models.wording import TICK_PERCENT, fixed, in_millions, significant

Colour = tuple[int, int, int]
_PICTURE_PX = 320  # the picture is enlarged to about this before the browser sees it, so that its pixels stay sharp
FADE: Final = 0.6  # a map's opacity is its value's share of the largest one, to this power: none where nothing depends
_FADED = "rgba(127, 139, 147, 0.35)"


@dataclass(frozen=True, slots=True)
class MapScale:
    """A colour scale shared by maps: its ends, what it measures, and what a reading is called ("logit falls by")."""

    low: float
    high: float
    title: str
    reading: str

    @property
    def stops(self) -> tuple[Colour, ...]:
        """Evenly spaced colours: diverging with zero in the middle where the scale is signed, else sequential."""
        return stops(self.low < 0)


@dataclass(frozen=True, slots=True)
class PixelMap:
    """A map (H, W) over the picture, NaN where nothing is known yet.

    Attributes:
        title: Over it.
        values: (H, W).
        scale: Number of its scale.
        quiet: Nothing in it counts: it gets no colour.
    """

    title: str
    values: np.ndarray
    scale: int = 0
    quiet: bool = False


@lru_cache(maxsize=2)
def stops(signed: bool) -> tuple[Colour, ...]:
    """Return the colours of the diverging or of the sequential scale, an odd number so that zero has its own."""
    scale = theme.DIVERGING if signed else get_colorscale(theme.SEQUENTIAL)
    red_green_blue = (unlabel_rgb(colour) for colour in sample_colorscale(scale, np.linspace(0, 1, 65)))
    return tuple((round(red), round(green), round(blue)) for red, green, blue in red_green_blue)


@lru_cache(maxsize=2)
def faded(signed: bool) -> tuple[tuple[float, str], ...]:
    """Return the colours of a scale for Plotly, the more transparent the nearer they are to its zero."""
    colours = stops(signed)
    shares = np.linspace(0, 1, len(colours))
    strength = (np.abs(2 * shares - 1) if signed else shares) ** FADE
    return tuple(
        (float(share), f"rgba({red}, {green}, {blue}, {round(float(alpha), 3)})")
        for share, alpha, (red, green, blue) in zip(shares, strength, colours, strict=True)
    )


def falls(
    maps: Sequence[tuple[str, OcclusionMap]], unit: str, least: float = 0.0
) -> tuple[list[PixelMap], list[MapScale]]:
    """Return titled occlusion maps on one scale, zero in its middle; those with no change of `least` are quiet."""
    quiet = [not counts(largest_change(one), least) for _, one in maps]
    seen = [one for (_, one), silent in zip(maps, quiet, strict=True) if not silent or all(quiet)]
    largest = max((float(np.nanmax(np.abs(one.drop), initial=0)) for one in seen), default=0.0)
    limit = largest or 1.0  # a flat map must not divide by zero
    scale = MapScale(-limit, limit, f"mean fall of the {unit} over the squares that hide a place", f"{unit} falls by")
    return [PixelMap(title, one.drop, 0, silent) for (title, one), silent in zip(maps, quiet, strict=True)], [scale]


def disagreement(maps: Sequence[OcclusionMap]) -> np.ndarray:
    """Return (H, W) float32: per pixel the standard deviation of the falls, NaN where one of them is unknown."""
    return np.asarray(np.std([one.drop for one in maps], axis=0), np.float32)


def with_disagreement(
    maps: Sequence[tuple[str, OcclusionMap]], unit: str, least: float = 0.0
) -> tuple[list[PixelMap], list[MapScale]]:
    """Return titled maps of the same picture on one scale, and where they disagree on a scale of its own."""
    panels, scales = falls(maps, unit, least)
    spread = disagreement([one for _, one in maps])
    high = float(np.nanmax(spread, initial=0)) or 1.0
    title = f"standard deviation of the {len(maps)} falls of the {unit}"
    return (
        [*panels, PixelMap("Where they disagree", spread, 1, not counts(float(np.nanmax(spread, initial=0)), least))],
        [*scales, MapScale(0.0, high, title, f"{unit} differs by")],
    )


def cell_edges(origins: np.ndarray, patch: int, size: int) -> list[float]:
    """Return the borders (n + 1,) in pixels between cells around the squares' centres; together they fill [0, size]."""
    centres = origins + patch / 2
    return [0.0, *((centres[:-1] + centres[1:]) / 2).tolist(), float(size)]


def nearest_done(done: np.ndarray) -> np.ndarray:
    """Return, for every position of a grid (n_rows, n_cols) bool, the number of a computed one nearest to it.

    Nearest in steps along rows and columns. Where nothing is computed, every position is its own.
    """
    number = np.arange(done.size).reshape(done.shape)
    found = np.where(done, number, -1)
    if not done.any():
        return number.ravel()
    while (found < 0).any():
        before = found.copy()
        for new, old in (
            (found, before),
            (found.T, before.T),
            (found[::-1], before[::-1]),
            (found.T[::-1], before.T[::-1]),
        ):
            reached = (new[1:] < 0) & (old[:-1] >= 0)
            new[1:][reached] = old[:-1][reached]
    return found.ravel()


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
        method: How it is scaled: signed maps have zero in the middle, others at the dark end. Zero is transparent.
        unit: Of the values, for the text at the pointer.
        opacity: Of the map, 0..1; at 0 its values can still be read with the pointer.
        mask: (H, W) bool, outlined in white on black; None for none.
        mark: (row, col) of a place to mark with a cross; None for none.
        height: Pixels.
    """
    rows, cols = image.shape[:2]
    figure = go.Figure()
    if values is not None and method is not None:
        _lay_map(figure, values, method, unit, opacity)
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
        line = {"color": "rgb(0, 0, 0)", "width": 1.5}
        marker = {"symbol": "x", "size": 11, "color": "rgb(255, 255, 255)", "line": line}
        figure.add_scatter(x=[mark[1]], y=[mark[0]], mode="markers", marker=marker, hoverinfo="skip")
    figure.update_xaxes(visible=False, fixedrange=True, constrain="domain", range=[-0.5, cols - 0.5])
    figure.update_yaxes(visible=False, fixedrange=True, constrain="domain", range=[rows - 0.5, -0.5], scaleanchor="x")
    layout = theme.layout(figure, height)
    return layout.update_layout(showlegend=False, margin=dict.fromkeys("lrtb", 0))


def _lay_map(figure: go.Figure, values: NDArray[np.floating], method: Method, unit: str, opacity: float) -> None:
    """Add a map's colours, and its values for the pointer."""
    end = limit(np.asarray(values, np.float32), method.clip)
    figure.add_heatmap(
        z=values,
        zmin=-end if method.signed else 0,
        zmax=end,
        colorscale=faded(method.signed),
        showscale=False,
        opacity=opacity,
        text=[[significant(value) for value in row] for row in np.asarray(values).tolist()],
        hovertemplate=f"row %{{y}}, col %{{x}}<br>%{{text}} {unit}<extra></extra>",
    )


def reach(scores: PatchScores) -> np.ndarray:
    """Return per layer (L,) the share of its maps that a square can change, mean over positions."""
    return np.asarray(scores.layer_windows.prod(axis=1) / scores.layer_maps.prod(axis=1))


def by_layer(scores: PatchScores, height: int = 260) -> go.Figure:
    """Draw, for every layer that multiplies, the share of its maps that can change, and operations full and done."""
    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.45, 0.55], vertical_spacing=0.12)
    names, share = list(scores.layer_names), reach(scores)
    shapes = [f"{rows} × {cols}" for rows, cols in scores.layer_maps.tolist()]
    windows = [f"{fixed(rows, 1)} × {fixed(cols, 1)}" for rows, cols in scores.layer_windows.tolist()]
    figure.add_scatter(
        x=names, y=share, mode="lines+markers", line={"color": theme.NEUTRAL, "shape": "hv"}, marker={"size": 4},
        customdata=list(zip(shapes, windows, strict=True)), name="share of the maps", showlegend=False, row=1, col=1,
        hovertemplate="%{x}: %{customdata[1]} of %{customdata[0]} values of a map can change (%{y:.1%})<extra></extra>",
    )  # fmt: skip
    for values, colour, name in (
        (scores.layer_macs_full, _FADED, "full pass"),
        (scores.layer_macs_done, theme.NEUTRAL, "done"),
    ):
        figure.add_bar(
            x=names, y=values / 1e6, marker={"color": colour, "line_width": 0}, name=name, row=2, col=1,
            customdata=[in_millions(value) for value in values.tolist()],
            hovertemplate=f"%{{x}}, {name}: %{{customdata}}<extra></extra>",
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
    figure.update_yaxes(title="can change", tickformat=TICK_PERCENT, range=[0, 1.05], nticks=4, row=1, col=1)
    figure.update_yaxes(title="million MACs", nticks=4, row=2, col=1)
    return figure
