"""What the panels of the Occlusion page show: numbers per position or per pixel, and the colours for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from dashboard.figures import theme
from models.occlusion import OcclusionMap

Colour = tuple[int, int, int]


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
    """A map (H, W) over the picture, NaN where nothing is known yet, and the number of its scale."""

    title: str
    values: np.ndarray
    scale: int = 0


@lru_cache(maxsize=2)
def stops(signed: bool) -> tuple[Colour, ...]:
    """Return the colours of the diverging or of the sequential scale, an odd number so that zero has its own."""
    scale = theme.DIVERGING if signed else get_colorscale(theme.SEQUENTIAL)
    red_green_blue = (unlabel_rgb(colour) for colour in sample_colorscale(scale, np.linspace(0, 1, 65)))
    return tuple((round(red), round(green), round(blue)) for red, green, blue in red_green_blue)


def falls(maps: Sequence[tuple[str, OcclusionMap]], unit: str) -> tuple[list[PixelMap], list[MapScale]]:
    """Return titled occlusion maps on one scale, zero in its middle."""
    largest = max((float(np.nanmax(np.abs(one.drop), initial=0)) for _, one in maps), default=0.0)
    limit = largest or 1.0  # a flat map must not divide by zero
    scale = MapScale(-limit, limit, f"mean fall of the {unit} over the squares that hide a place", f"{unit} falls by")
    return [PixelMap(title, one.drop) for title, one in maps], [scale]


def disagreement(maps: Sequence[OcclusionMap]) -> np.ndarray:
    """Return (H, W) float32: per pixel the standard deviation of the falls, NaN where one of them is unknown."""
    return np.asarray(np.std([one.drop for one in maps], axis=0), np.float32)


def with_disagreement(maps: Sequence[tuple[str, OcclusionMap]], unit: str) -> tuple[list[PixelMap], list[MapScale]]:
    """Return titled maps of the same picture on one scale, and where they disagree on a scale of its own."""
    panels, scales = falls(maps, unit)
    spread = disagreement([one for _, one in maps])
    high = float(np.nanmax(spread, initial=0)) or 1.0
    title = f"standard deviation of the {len(maps)} falls of the {unit}"
    return (
        [*panels, PixelMap("Where they disagree", spread, 1)],
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
