"""Activation maps as pictures: colour scales, the grid of channels, units of a dense layer, signals at the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from dashboard.figures import theme
from models.activations.maps import QUANTILE, ActivationMaps, ChannelStatistics, ClassSelectivity, NetworkScale, rank
from models.pictures import images
from models.wording import percent, significant

SCALES = {"layer": "One for the layer", "channel": "One per channel", "network": "One for the network"}
COLUMNS = 10
PER_PAGE = 7 * COLUMNS
CLIPPED = 0.995  # of a signal: black and white stand for the size below which this share of its values lies
_GREY = 127.5
_LONGEST_TILE = 112  # pixels sent per tile side; larger maps are averaged down for the grid, never for the zoom


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
    """Return the scale of `values` (any shape); with `clip` it ends at their 99.5% quantile.

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
    return np.asarray(palette(scale.signed)[np.clip(np.rint(share * 256), 0, 256).astype(np.intp)])


@lru_cache(maxsize=2)
def palette(signed: bool) -> np.ndarray:
    """Return 257 colours, an odd number so that zero has the middle one to itself."""
    table = sample_colorscale(Scale(-float(signed), 1.0).colours, np.linspace(0, 1, 257))
    return np.array([unlabel_rgb(entry) for entry in table]).round().astype(np.uint8)


def scale_for(answer: ActivationMaps, scale: str, network: NetworkScale | None) -> Scale | None:
    """Return the scale all channels of a layer share under `scale` (a key of `SCALES`); None: each has its own."""
    if scale == "channel":
        return None
    if scale == "network" and network is not None:
        high, _, signed = network.end(answer.layer)
        return Scale(-(high or 1.0) if signed else 0.0, high or 1.0)
    return scale_of(answer.maps, signed=bool(answer.maps.min() < 0), clip=True)


def own_scale(values: np.ndarray, *, signed: bool) -> Scale:
    """Return the scale of one channel (H, W): it ends at its largest value."""
    return scale_of(values, signed=signed, clip=False)


def tiles(maps: np.ndarray, channels: np.ndarray, shared: Scale | None) -> np.ndarray:
    """Return coloured maps (n, h, w, 3) uint8 of `channels` (n,), out of `maps` (H, W, C).

    Args:
        maps: One layer's answer.
        channels: Which, in the order of the tiles.
        shared: The same colours for the same value everywhere; None for each channel's own scale.
    """
    signed = bool(maps.min() < 0)
    chosen = np.moveaxis(maps[..., channels], -1, 0)
    if shared is not None:
        coloured = colour(chosen, shared)
    else:
        coloured = np.stack([colour(one, own_scale(one, signed=signed)) for one in chosen])
    return shrunk(coloured)


def shrunk(coloured: np.ndarray) -> np.ndarray:
    """Return coloured maps (n, H, W, 3), averaged down to the size of a tile where they are larger."""
    height, width = coloured.shape[1:3]
    shrink = min(1.0, _LONGEST_TILE / max(height, width))
    return images.resize(coloured, max(1, round(height * shrink)), max(1, round(width * shrink)))


@dataclass(frozen=True, slots=True)
class Legend:
    """A colour scale in words: `gradient` are CSS colours from `low` to `high`, `note` says what lies beyond."""

    gradient: tuple[str, ...]
    low: str
    high: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """One page of the grid: its tiles in one picture, row by row, and the words for each.

    Attributes:
        sprite: The picture, PNG; it has `columns` tiles in a row.
        width, height: Of a part of a tile, pixels.
        channels: The channel of every tile.
        captions: Below the tiles.
        labels: On hover, and for screen readers.
        dead: Whether the channel is drawn as one that is never above zero.
        legends: Colour scales.
        columns: Tiles in a row.
        parts: A tile is so many pictures of one size side by side.
    """

    sprite: bytes
    width: int
    height: int
    channels: tuple[int, ...]
    captions: tuple[str, ...]
    labels: tuple[str, ...]
    dead: tuple[bool, ...]
    legends: tuple[Legend, ...]
    columns: int = COLUMNS
    parts: int = 1


def gradient(signed: bool) -> tuple[str, ...]:
    """Return the CSS colours of a scale, low end first."""
    return tuple(f"rgb({r}, {g}, {b})" for r, g, b in palette(signed)[::32].tolist())


def grid(
    answer: ActivationMaps,
    usual: ChannelStatistics,
    criterion: str,
    scale: str,
    page: int,
    *,
    selectivity: ClassSelectivity | None = None,
    network: NetworkScale | None = None,
) -> Grid:
    """Return page number `page` (from 0) of the channels ranked by `criterion`, coloured on `scale` (see `SCALES`).

    Args:
        answer, usual: To the picture, and to the sample of the data.
        criterion: A key of `RANKINGS`.
        scale: A key of `SCALES`.
        page: From 0.
        selectivity: For that ranking.
        network: For the scale of the network.
    """
    order = rank(answer, usual, criterion, selectivity)
    chosen = order[page * PER_PAGE : (page + 1) * PER_PAGE]
    coloured = tiles(answer.maps, chosen, scale_for(answer, scale, network))
    best = None if selectivity is None else selectivity.best
    texts = [
        f"channel {number}, rank {page * PER_PAGE + place}: strongest {significant(answer.maximum[number])}, "
        f"mean {significant(answer.mean[number])}, above zero on {percent(answer.share_active[number])}"
        + (f", most selective for {selectivity.classes[best[number]]}" if selectivity and best is not None else "")
        + (", dead over the sample" if usual.dead[number] else "")
        for place, number in enumerate(chosen, start=1)
    ]
    return Grid(
        sprite=images.png(images.tile(coloured, COLUMNS, gap=0, background=0)),
        width=coloured.shape[2],
        height=coloured.shape[1],
        channels=tuple(chosen.tolist()),
        captions=tuple(str(number) for number in chosen.tolist()),
        labels=tuple(texts),
        dead=tuple(usual.dead[chosen].tolist()),
        legends=(legend(answer, scale, network),),
    )


def legend(answer: ActivationMaps, scale: str, network: NetworkScale | None = None) -> Legend:
    """Return what the colours of a layer mean, and how much of it lies beyond the end of the scale."""
    shared = scale_for(answer, scale, network)
    if shared is None:
        signed = bool(answer.maps.min() < 0)
        return Legend(gradient(signed), "the same below zero" if signed else "0", "each channel's strongest value")
    beyond = float((np.abs(answer.maps) > shared.high).mean())
    note = (
        f"{percent(beyond)} of the layer's values lie beyond." if beyond else "None of the layer's values lies beyond."
    )
    if scale == "network" and network is not None:
        _, largest, signed = network.end(answer.layer)
        kind = "that is negative at times" if signed else "that is never negative"
        note += (
            f" One scale for every layer {kind}: {largest} sets it, of whose values {percent(QUANTILE)} lie below in "
            "each "
            f"of {network.n_pictures} training pictures."
        )
    low = f"{significant(shared.low)} and less" if shared.signed else "0"
    return Legend(gradient(shared.signed), low, f"{significant(shared.high)} and more", note)


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
            customdata=[
                f"{significant(float(values[number]))}<br>{'dead over the sample' if dead[number] else 'alive'}"
                for number in order
            ],
            hovertemplate="unit %{x}<br>value %{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(title=None if names else "unit, in order of rank", type="category", fixedrange=True, nticks=24)
    figure.update_yaxes(title="value", fixedrange=True, gridcolor=theme.GRID, zerolinecolor=theme.GRID)
    return theme.layout(figure, height)


def signed(signal: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float]:
    """Return a signal (H, W, 3) as a picture, uint8, and the size of value that black and white stand for.

    Grey is zero; brighter than grey is positive, darker negative, in each of red, green and blue. A signal that is
    zero everywhere is grey.
    """
    size = np.abs(signal[np.isfinite(signal)])
    scale = float(np.quantile(size, CLIPPED)) or float(size.max(initial=0.0)) if size.size else 0.0
    share = np.clip(np.nan_to_num(signal) / (scale or 1.0), -1, 1)
    return np.asarray(np.rint(_GREY + _GREY * share), np.uint8), scale
