"""First-layer kernels as pictures, beside the Gabor functions fitted to them, how good these are, their angles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.activations import Grid, Legend
from models.errors import InputError
from models.features.gabor import KINDS, GaborFits, kinds, longest_wavelength
from models.pictures import images
from models.wording import fixed, grouped

Scale = Literal["kernel", "joint"]
SCALES: dict[Scale, str] = {"kernel": "Each its own scale", "joint": "One scale for all"}
_GAP = 4  # pixels between tiles of a mosaic, transparent
COLUMNS = 6
ORDERS = {
    "r2": "R², best first",
    "angle": "Angle of the stripes",
    "wavelength": "Wavelength",
    "kind": "Kind",
    "number": "Number",
}
NOISE = "Noise"
COLOURS = {"Pretrained": theme.FROZEN, "This run": theme.TRAINABLE}  # every other row is neutral
_SCALE = ("rgb(1, 1, 1)", "rgb(128, 128, 128)", "rgb(255, 255, 255)")
_SPREAD = 0.62  # of a row's height, over which its points lie
_MARKS = {"grey": ("circle", theme.NEUTRAL), "coloured": ("diamond", theme.LINE_COLOURS[1])}


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Kernels as small colour pictures: grey is zero, a bright colour a positive weight.

    Attributes:
        image: (H, W, 4) uint8, gaps transparent.
        columns: Kernels in a row.
        limit: The weight drawn brightest; None where each kernel has its own.
    """

    image: np.ndarray
    columns: int
    limit: float | None


def mosaic(values: np.ndarray, scale: Scale, *, columns: int, tile: int = 56) -> Mosaic:
    """Return kernels as crisp tiles, in the order of the channels, zero always mid-grey (128).

    Args:
        values: (kernel height, kernel width, 3, n) weights; the last axis counts kernels.
        scale: "kernel" stretches every kernel to its own largest absolute weight, "joint" all to the largest of all.
        columns: Kernels in a row.
        tile: The longest side of a tile to come near, in pixels.

    Raises:
        InputError: Not kernels over three colours.
    """
    if values.ndim != 4 or values.shape[2] != 3 or not values.size:
        raise InputError(f"Expected kernels of shape (height, width, 3, n). Received {values.shape}.")
    kernels = np.moveaxis(values, 3, 0)
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    if scale == "joint":
        largest = np.full_like(largest, largest.max())
    shares = kernels / np.where(largest > 0, largest, 1)
    pictures = np.rint(128 + 127 * shares).astype(np.uint8)
    tiles = np.stack([images.enlarge(picture, tile) for picture in pictures])
    colours = images.tile(tiles, columns, _GAP, 0)
    opaque = images.tile(np.full_like(tiles, 255), columns, _GAP, 0)[..., :1]
    return Mosaic(
        np.concatenate([colours, opaque], axis=2), columns, float(largest.max()) if scale == "joint" else None
    )


def order(fits: GaborFits, by: str, well: float) -> np.ndarray:
    """Return the numbers of the kernels (n,) in the order of a key of `ORDERS`; equals keep the order of R2."""
    best = np.argsort(-fits.r2, kind="stable")
    names = list(KINDS)
    keys = {
        "r2": -fits.r2,
        "angle": np.rint(fits.angle),
        "wavelength": fits.wavelength,
        "kind": np.array([names.index(kind) for kind in kinds(fits, well)]),
        "number": np.arange(len(fits)),
    }
    return np.asarray(best[np.argsort(keys[by][best], kind="stable")])


def pictures(fits: GaborFits) -> np.ndarray:
    """Return kernel, fit and what is left of each as colour pictures, uint8 (n, 3, height, width, 3).

    All three are on the kernel's own scale: mid-grey is 0, its largest weight is brightest or darkest.
    """
    fitted = fits.fitted()
    values = np.moveaxis(np.stack([fits.kernels, fitted, fits.kernels - fitted]), (4, 0), (0, 1))
    limit = np.abs(fits.kernels).max(axis=(0, 1, 2))[:, None, None, None, None]
    shares = np.clip(values / np.where(limit > 0, limit, 1), -1, 1)
    return np.asarray(np.rint(128 + 127 * shares).astype(np.uint8))


def sheet(fits: GaborFits, numbers: np.ndarray, well: float) -> Grid:
    """Return the kernels `numbers` as tiles for the grid, each beside its fit, in that order."""
    pairs = pictures(fits)[numbers, :2]
    _, _, height, width, _ = pairs.shape
    found = kinds(fits, well)
    return Grid(
        sprite=images.png(images.tile(pairs.reshape(-1, height, width, 3), 2 * COLUMNS, gap=0)),
        width=width,
        height=height,
        channels=tuple(numbers.tolist()),
        captions=tuple(f"{n} · {fixed(fits.r2[n], 2)}" for n in numbers),
        labels=tuple(f"kernel {n}: {KINDS[found[n]].lower()}, {words(fits, n)}" for n in numbers),
        dead=(False,) * len(numbers),
        legends=(Legend(_SCALE, "− its largest weight", "+ its largest weight"),),
        columns=COLUMNS,
        parts=2,
    )


def words(fits: GaborFits, number: int) -> str:
    """Return the fit of one kernel in a line."""
    wavelength = f"{'at least ' if fits.endless[number] else ''}{fixed(fits.wavelength[number], 1)} px"
    return f"R² {fixed(fits.r2[number], 2)}, stripes at {fixed(fits.angle[number], 0)}°, wavelength {wavelength}"


def strips(groups: Mapping[str, np.ndarray], limit: float | None, well: float, height: int = 210) -> go.Figure:
    """Draw R2 of every kernel as a point, one row a group, the first at the top; a line marks each median.

    Args:
        groups: Name of a row to R2 (n,).
        limit: What 95% of the kernels of noise stay below; None where that is not known.
        well: From where a kernel counts as well fitted.
        height: Of the figure, in px.
    """
    figure = go.Figure()
    for row, (name, r2) in enumerate(groups.items()):
        _strip(figure, row, name, r2)
    marks = [] if limit is None else [(limit, "dot", f"95% of noise: {fixed(limit, 2)}")]
    marks.append((well, "solid", f"well fitted: {fixed(well, 2)}"))
    lines = [
        {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}
        | {"line": {"color": theme.NEUTRAL, "width": 1, "dash": dash}}
        for x, dash, _ in marks
    ]
    texts = [
        {"x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "text": text, "showarrow": False, "font": {"size": 12}}
        for x, _, text in marks
    ]
    figure.update_xaxes(range=[-0.01, 1.01], title_text="R² of the fit", gridcolor=theme.GRID, fixedrange=True)
    figure.update_yaxes(
        tickvals=[-row for row in range(len(groups))],
        ticktext=[f"{name} ({grouped(len(r2))})" for name, r2 in groups.items()],
        range=[-len(groups) + 0.45, 0.55],
        zeroline=False,
        showgrid=False,
        fixedrange=True,
        automargin=True,
    )
    theme.layout(figure, height)
    return figure.update_layout(shapes=lines, annotations=texts, showlegend=False, margin={"t": 26})


def _strip(figure: go.Figure, row: int, name: str, r2: np.ndarray) -> None:
    """Draw one row of points and the mark of its median."""
    steps = (np.arange(len(r2)) * 0.618034) % 1 - 0.5  # spread evenly, the same every time
    colour, noise = COLOURS.get(name, theme.NEUTRAL), name == NOISE
    figure.add_scatter(
        x=r2,
        y=-row + _SPREAD * steps,
        mode="markers",
        marker={"size": 3 if noise else 6, "color": colour, "opacity": 0.35 if noise else 0.8},
        name=name,
        customdata=np.arange(len(r2)),
        hovertemplate=f"{'' if noise else 'kernel %{customdata}: '}R² %{{x:.3f}}<extra></extra>",
    )
    figure.add_scatter(
        x=[float(np.median(r2))],
        y=[-row],
        mode="markers",
        marker={"symbol": "line-ns", "size": 26, "line": {"width": 3, "color": colour}},
        name=f"Median of {name}",
        hovertemplate=f"{name}: median R² %{{x:.3f}}<extra></extra>",
    )


def compass(fits: GaborFits, found: Sequence[str], chosen: int, height: int = 300) -> go.Figure:
    """Draw edges and gratings by the angle of their stripes and, outwards, their wavelength.

    Args:
        fits: Of all kernels.
        found: Their kinds.
        chosen: The kernel that is ringed.
        height: Of the figure, in px.
    """
    figure = go.Figure()
    limit = longest_wavelength(*fits.kernels.shape[:2])
    for kind, (symbol, colour) in _MARKS.items():
        for endless in (False, True):
            which = [n for n, of in enumerate(found) if of == kind and bool(fits.endless[n]) == endless]
            figure.add_scatterpolar(
                r=fits.wavelength[which],
                theta=fits.angle[which],
                mode="markers",
                marker={"symbol": symbol + ("-open" if endless else ""), "size": 9, "color": colour, "opacity": 0.85},
                name=KINDS[kind] + (", no second stripe" if endless else ""),
                text=[f"kernel {n}: {words(fits, n)}" for n in which],
                hovertemplate="%{text}<extra></extra>",
                showlegend=bool(which),
            )
    if found[chosen] in _MARKS:
        figure.add_scatterpolar(
            r=fits.wavelength[[chosen]],
            theta=fits.angle[[chosen]],
            mode="markers",
            marker={"symbol": "circle-open", "size": 18, "color": theme.NEUTRAL, "line": {"width": 2}},
            name=f"kernel {chosen}",
            hoverinfo="skip",
        )
    axis = {"gridcolor": theme.GRID, "linecolor": theme.GRID, "tickfont": {"size": 12}}
    theme.layout(figure, height)
    return figure.update_layout(
        polar={
            "sector": [0, 180],
            "bgcolor": "rgba(0,0,0,0)",
            "radialaxis": axis | {"range": [0, 1.05 * limit], "tickvals": [4, 8, limit], "ticksuffix": " px"},
            "angularaxis": axis
            | {"tickvals": [0, 45, 90, 135, 180], "ticktext": ["flat", "rising", "upright", "falling", "flat"]},
        },
        margin={"l": 40, "r": 40, "t": 24, "b": 8},
        legend={"y": -0.05, "yanchor": "top", "orientation": "v", "x": 0.5, "xanchor": "center"},
    )
