"""Deletion and insertion curves, maps held against the truth, and maps of ever more random networks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.figures import theme
from models.attribution.deletion import Curves, area
from models.attribution.maps import TESTED, Method
from models.attribution.randomised import KEEPS, RandomisedResult
from models.intervals import Estimate
from models.pictures import images
from models.wording import fixed, grouped, percent, percent_range, significant

WAYS: Final = {"deletion": "Taken away: lower is better", "insertion": "Put back: higher is better"}
COLOURS: Final = dict(zip(TESTED, cycle(theme.LINE_COLOURS), strict=False))
_DASHES: Final = dict(zip(TESTED, cycle(("solid", "dot", "dash", "longdash", "dashdot", "longdashdot")), strict=False))
GAP: Final = 4  # px between the maps of a strip
REFERENCES: Final = {"even": "Even map (chance)", "centre": "Always the middle", "random": "Random order"}


def title_of(name: str) -> str:
    """Return what a method or a reference is called."""
    return TESTED[name].title if name in TESTED else REFERENCES[name]


def curves(found: Curves, height: int = 340) -> go.Figure:
    """Draw deletion and insertion side by side, a line a method, and the band of the random orders."""
    figure = make_subplots(1, 2, subplot_titles=list(WAYS.values()), horizontal_spacing=0.08, shared_yaxes=True)
    sides = (
        (found.deletion, found.random_deletion),
        (found.insertion, found.random_insertion),
    )
    x = found.shares * 100
    areas_of = dict(
        zip(
            found.methods,
            zip(area(found.deletion, found.shares), area(found.insertion, found.shares), strict=True),
            strict=True,
        )
    )
    for column, (lines, random) in enumerate(sides, start=1):
        band = np.concatenate([random.max(axis=0), random.min(axis=0)[::-1]])
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]), y=band, fill="toself", fillcolor="rgba(127, 139, 147, 0.3)",
            line={"width": 0}, hoverinfo="skip", name=f"{len(random)} random orders", legendgroup="random",
            showlegend=column == 1, row=1, col=column,
        )  # fmt: skip
        for name, line in zip(found.methods, lines, strict=True):
            figure.add_scatter(
                x=x, y=line, mode="lines", legendgroup=name, showlegend=column == 1,
                name=" | ".join([f"{TESTED[name].title} {fixed(areas_of[name][0], 2)}", fixed(areas_of[name][1], 2)]),
                line={"color": COLOURS[name], "dash": _DASHES[name], "width": 2},
                customdata=[significant(value) for value in line.tolist()],
                hovertemplate=f"{TESTED[name].title}<br>%{{x:.0f}}%: %{{customdata}}<extra></extra>",
                row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(title="% of the picture", fixedrange=True, gridcolor=theme.GRID, range=[0, 100])
    figure.update_yaxes(fixedrange=True, gridcolor=theme.GRID, zeroline=False)
    figure.update_yaxes(title=found.score, row=1, col=1)
    return theme.layout(figure, height).update_layout(legend={"y": -0.24, "yanchor": "top"}, margin={"t": 28, "b": 8})


def areas(found: Curves) -> list[dict[str, str]]:
    """Return a row a method: the area under both of its curves, then those of the random orders with their range."""
    rows = []
    both = zip(found.methods, area(found.deletion, found.shares), area(found.insertion, found.shares), strict=True)
    for name, gone, back in both:
        rows.append({"": TESTED[name].title, "Taken away (low)": fixed(gone, 3), "Put back (high)": fixed(back, 3)})
    gone, back = (area(random, found.shares) for random in (found.random_deletion, found.random_insertion))
    span = [f"{fixed(some.mean(), 3)} ({fixed(some.min(), 3)}–{fixed(some.max(), 3)})" for some in (gone, back)]
    return [*rows, {"": f"{len(gone)} random orders", "Taken away (low)": span[0], "Put back (high)": span[1]}]


def estimates(panels: Mapping[str, Mapping[str, Estimate]], *, shares: bool, height: int = 330) -> go.Figure:
    """Draw estimates with their intervals: a row a method, the references last and grey, a panel beside the other."""
    names = list(next(iter(panels.values())))
    figure = make_subplots(1, len(panels), subplot_titles=list(panels), horizontal_spacing=0.06, shared_yaxes=True)
    factor, unit = (100, "%") if shares else (1, "")
    for column, rows in enumerate(panels.values(), start=1):
        for name in names:
            at = rows[name]
            text = f"{title_of(name)}: {_number(at, shares)}, n = {at.n}"
            figure.add_scatter(
                x=[at.value * factor], y=[title_of(name)], mode="markers", showlegend=False,
                error_x={"array": [(at.high - at.value) * factor], "arrayminus": [(at.value - at.low) * factor]},
                marker={"size": 9, "color": COLOURS.get(name, theme.NEUTRAL),
                        "symbol": "circle" if name in TESTED else "diamond-open"},
                hovertemplate=f"{text}<extra></extra>", row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(fixedrange=True, gridcolor=theme.GRID, ticksuffix=unit, rangemode="tozero")
    if shares:
        figure.update_xaxes(range=[-2, 102])
    figure.update_yaxes(
        fixedrange=True, gridcolor=theme.GRID, categoryorder="array", categoryarray=[title_of(n) for n in names[::-1]]
    )
    return theme.layout(figure, height).update_layout(margin={"t": 28, "b": 24})


def _number(at: Estimate, shares: bool) -> str:
    if shares:
        return f"{percent(at.value)} ({percent_range(at.low, at.high)})"
    return f"{fixed(at.value, 3)} ({fixed(at.low, 3)}–{fixed(at.high, 3)})"


def estimate_rows(panels: Mapping[str, Mapping[str, Estimate]], *, shares: bool) -> list[dict[str, str]]:
    """Return the same numbers as text, a row a method."""
    names = next(iter(panels.values()))
    return [
        {"": title_of(name)}
        | {title: f"{_number(rows[name], shares)}, n = {rows[name].n}" for title, rows in panels.items()}
        for name in names
    ]


def similarity(result: RandomisedResult, measure: str, height: int = 300) -> go.Figure:
    """Draw how similar the maps stay to those of the trained network, a line a method, with intervals over pictures."""
    figure = go.Figure()
    count = len(result.methods)
    for number, name in enumerate(result.methods):
        at = [result.similarity(name, level, measure) for level in range(len(result.levels))]
        shift = (number - (count - 1) / 2) * 0.06  # the intervals stand beside one another
        figure.add_scatter(
            x=np.arange(len(at)) + shift, y=[one.value for one in at], mode="lines+markers", name=TESTED[name].title,
            line={"color": COLOURS[name], "dash": _DASHES[name], "width": 2}, marker={"size": 6},
            error_y={"array": [one.high - one.value for one in at], "thickness": 1, "width": 2},
            customdata=[f"{fixed(one.value, 2)}, {grouped(one.n)} pictures" for one in at],
            hovertemplate=f"{TESTED[name].title}<br>%{{customdata}}<extra></extra>",
        )  # fmt: skip
    if measure == "rank":
        figure.add_hline(y=KEEPS, line={"color": theme.NEUTRAL, "dash": "dash", "width": 1})
    words = {"rank": "rank correlation", "structure": "SSIM"}[measure]
    figure.update_xaxes(
        tickvals=list(range(len(result.levels))), ticktext=list(result.levels), title="random from the head down to",
        fixedrange=True, gridcolor=theme.GRID,
    )  # fmt: skip
    figure.update_yaxes(title=f"{words} with the trained map", fixedrange=True, gridcolor=theme.GRID, zeroline=True)
    return theme.layout(figure, height).update_layout(margin={"t": 8, "b": 8})


def strip(result: RandomisedResult, method: Method, tile: int = 64) -> NDArray[np.uint8]:
    """Return one method's maps from trained to random side by side, uint8 RGB, in the colours of the other maps."""
    from plotly.colors import sample_colorscale

    maps = result.strips[result.methods.index(method.id)].astype(np.float32)
    factor = max(tile // max(maps.shape[1:]), 1)
    ends = np.array([np.quantile(np.abs(one), method.clip) or 1.0 for one in maps])[:, None, None]
    scaled = np.clip(maps / ends, -1, 1)
    share = (scaled + 1) / 2 if method.signed else np.abs(scaled)
    colours = sample_colorscale(theme.DIVERGING if method.signed else theme.SEQUENTIAL, np.linspace(0, 1, 255).tolist())
    table = np.array([[float(part) for part in colour[4:-1].split(",")] for colour in colours])
    painted = np.rint(table[np.rint(share * 254).astype(int)]).astype(np.uint8)
    mosaic = images.tile(painted.repeat(factor, axis=1).repeat(factor, axis=2), len(painted), gap=GAP)
    return mosaic
