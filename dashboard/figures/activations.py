"""Pictures of a layer's channels: tiles for the grid, one channel with its values, the units of a dense layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from dashboard.figures import theme
from models import images
from models.results import ActivationMaps, ChannelStatistics, rank

SCALES = {"layer": "One for the layer", "channel": "One per channel"}
QUANTILE = (
    0.995  # the layer's scale ends where this share of its values lies below, so that one spike does not darken all
)
COLUMNS = 10
PER_PAGE = 7 * COLUMNS
_LONGEST_TILE = 112  # pixels sent per tile side; larger maps are averaged down for the grid, never for the zoom
_SHOW_NUMBERS = 10  # maps up to this side get their values written into the cells


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of a colour scale: `low` is 0 for values that are never negative, else `-high`."""

    low: float
    high: float

    @property
    def signed(self) -> bool:
        """Whether negative values occur: then the scale diverges, with zero in its middle."""
        return self.low < 0

    @property
    def colours(self) -> list[Any]:
        """Return the Plotly colour scale."""
        return list(theme.DIVERGING) if self.signed else list(get_colorscale(theme.SEQUENTIAL))


def scale_of(values: np.ndarray, *, signed: bool, clip: bool) -> Scale:
    """Return the scale of `values` (any shape); with `clip` it ends at their 99.5 % quantile.

    Values that are all zero get the scale 0..1: nothing is divided by zero. NaN and infinity, which a classifier whose
    training diverged may give, do not count.
    """
    size = np.abs(values[np.isfinite(values)])
    if not size.size:
        return Scale(-float(signed), 1.0)
    high = float(np.quantile(size, QUANTILE)) if clip else float(size.max())
    high = high or float(size.max()) or 1.0
    return Scale(-high if signed else 0.0, high)


def colour(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Return `values` (…) as RGB uint8 (…, 3); beyond the ends they take the colour of the end, NaN that of 0."""
    share = (np.where(np.isnan(values), 0, values) - scale.low) / (scale.high - scale.low)
    return np.asarray(_palette(scale.signed)[np.clip(np.rint(share * 256), 0, 256).astype(np.intp)])


@lru_cache(maxsize=2)
def _palette(signed: bool) -> np.ndarray:
    """Return 257 colours, an odd number so that zero has the middle one to itself."""
    table = sample_colorscale(Scale(-float(signed), 1.0).colours, np.linspace(0, 1, 257))
    return np.array([unlabel_rgb(entry) for entry in table]).round().astype(np.uint8)


def tiles(maps: np.ndarray, channels: np.ndarray, scale: str) -> np.ndarray:
    """Return coloured maps (n, h, w, 3) uint8 of `channels` (n,), out of `maps` (H, W, C).

    Args:
        maps: One layer's answer.
        channels: Which, in the order of the tiles.
        scale: A key of `SCALES`: the same colours for the same value everywhere, or each channel's own.
    """
    signed = bool(maps.min() < 0)
    chosen = np.moveaxis(maps[..., channels], -1, 0)
    if scale == "layer":
        coloured = colour(chosen, scale_of(maps, signed=signed, clip=True))
    else:
        coloured = np.stack([colour(one, scale_of(one, signed=signed, clip=False)) for one in chosen])
    height, width = maps.shape[:2]
    shrink = min(1.0, _LONGEST_TILE / max(height, width))
    return images.resize(coloured, max(1, round(height * shrink)), max(1, round(width * shrink)))


@dataclass(frozen=True, slots=True)
class Grid:
    """One page of the grid: its tiles in one picture (PNG), row by row, and the words for each.

    `gradient` are CSS colours from the scale's low to its high end; `low` and `high` what stands at them.
    """

    sprite: bytes
    width: int  # of a tile, pixels
    height: int
    channels: tuple[int, ...]
    labels: tuple[str, ...]
    dead: tuple[bool, ...]
    gradient: tuple[str, ...]
    low: str
    high: str


def grid(answer: ActivationMaps, usual: ChannelStatistics, criterion: str, scale: str, page: int) -> Grid:
    """Return page number `page` (from 0) of the channels ranked by `criterion`, coloured on `scale` (see `SCALES`)."""
    order = rank(answer, usual, criterion)
    chosen = order[page * PER_PAGE : (page + 1) * PER_PAGE]
    coloured = tiles(answer.maps, chosen, scale)
    signed = bool(answer.maps.min() < 0)
    ends = scale_of(answer.maps, signed=signed, clip=True)
    texts = [
        f"channel {number}, rank {page * PER_PAGE + place}: strongest {answer.maximum[number]:.3g}, "
        f"mean {answer.mean[number]:.3g}, above zero on {answer.share_active[number]:.0%}"
        + (", dead over the sample" if usual.dead[number] else "")
        for place, number in enumerate(chosen, start=1)
    ]
    whole = scale == "layer"
    return Grid(
        sprite=images.png(images.tile(coloured, COLUMNS, gap=0, background=0)),
        width=coloured.shape[2],
        height=coloured.shape[1],
        channels=tuple(chosen.tolist()),
        labels=tuple(texts),
        dead=tuple(usual.dead[chosen].tolist()),
        gradient=tuple(f"rgb({r}, {g}, {b})" for r, g, b in _palette(signed)[::32].tolist()),
        low=(f"{ends.low:.3g} and less" if whole else "the same below zero") if signed else "0",
        high=f"{ends.high:.3g} and more" if whole else "each channel's strongest value",
    )


def channel(values: np.ndarray, scale: Scale, height: int = 300) -> go.Figure:
    """Draw one activation map (H, W) with its values: written into small maps, on hover for all."""
    rows, cols = values.shape
    small = max(rows, cols) <= _SHOW_NUMBERS
    return go.Figure(
        go.Heatmap(
            z=values,
            zmin=scale.low,
            zmax=scale.high,
            colorscale=scale.colours,
            colorbar={"orientation": "h", "thickness": 8, "outlinewidth": 0, "y": -0.02, "yanchor": "top", "nticks": 4},
            hovertemplate="row %{y}, col %{x}<br>value %{z:.3f}<extra></extra>",
            texttemplate="%{z:.2g}" if small else None,
            textfont={"size": 10},
            xgap=1 if small else 0,
            ygap=1 if small else 0,
        ),
        theme.base(height)
        | {
            "xaxis": {"visible": False, "fixedrange": True, "constrain": "domain", "range": [-0.5, cols - 0.5]},
            "yaxis": {"visible": False, "fixedrange": True, "constrain": "domain", "range": [rows - 0.5, -0.5]}
            | {"scaleanchor": "x"},
        },
    )


def units(
    values: np.ndarray, order: np.ndarray, dead: np.ndarray, names: tuple[str, ...] = (), height: int = 440
) -> go.Figure:
    """Draw the units of a dense layer as bars, in the order of rank; dead ones are hatched.

    Args:
        values: (C,) of each unit.
        order: (n,) unit numbers, first bar first.
        dead: (C,) bool, never above zero over the sample.
        names: Of the units, where they have any; else they are numbered.
        height: Pixels.
    """
    figure = go.Figure(
        go.Bar(
            x=[names[number] if names else str(number) for number in order],
            y=values[order],
            marker={
                "color": theme.NEUTRAL,
                "line_width": 0,
                "pattern": {"shape": ["/" if dead[number] else "" for number in order], "size": 5},
            },
            customdata=["dead over the sample" if dead[number] else "alive" for number in order],
            hovertemplate="unit %{x}<br>value %{y:.3f}<br>%{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(title=None if names else "unit, in order of rank", type="category", fixedrange=True, nticks=24)
    figure.update_yaxes(title="value", fixedrange=True, gridcolor=theme.GRID, zerolinecolor=theme.GRID)
    return theme.layout(figure, height)
