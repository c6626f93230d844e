"""Curves of the experiment: accuracy by layers copied, one line per treatment, bands over runs, and what stands out.

Blue lines froze what they copied, orange ones trained it on; solid with filled diamonds came from task A, dashed with
rings from task B itself, dotted with crosses from random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from dashboard.figures import theme
from models.transferability.curves import Curves, Point
from models.transferability.findings import Comparison
from models.wording import fixed, in_points

BASE: Final = "baseB"
Marks = list[dict[str, Any]]  # Plotly shapes or annotations


@dataclass(frozen=True, slots=True)
class Style:
    """How a treatment is drawn."""

    colour: str
    dash: str
    symbol: str

    @property
    def edge(self) -> dict[str, Any]:
        """The outline of its markers."""
        return {"color": self.colour, "width": 2}


STYLES: Final = {
    "AnB": Style(theme.FROZEN, "solid", "diamond"),
    "BnB": Style(theme.FROZEN, "dash", "circle-open"),
    "AnB+": Style(theme.TRAINABLE, "solid", "diamond"),
    "BnB+": Style(theme.TRAINABLE, "dash", "circle-open"),
    "RnB": Style(theme.FROZEN, "dot", "x-thin-open"),
    "baseB": Style(theme.NEUTRAL, "dash", "circle-open"),
}
NOISE: Final = "RnB"
_STEPS, _MOST_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5), 8
_PAD = 0.06  # of the values' range, above and below
_NAMES_WIDTH = 1.15  # layers of room on the right for the names of the lines
_LABEL_GAP = 0.052  # of the axis: closer names of lines would overlap
_TEXT: Final = {"showarrow": False, "font": {"size": 12}}
_GENERAL: Final = "rgba(0, 158, 115, 0.10)"


def shown(curves: Curves, *, noise: bool) -> dict[str, tuple[Point, ...]]:
    """Return the curves to draw, in the order of drawing; random filters only when asked for."""
    order = ("RnB", "BnB+", "AnB+", "BnB", "AnB", "baseB")
    return {name: curves[name] for name in order if curves.get(name) and (noise or name != NOISE)}


def equal_spans(groups: Iterable[Curves], *, noise: bool, common: bool) -> list[tuple[float, float]]:
    """Return a y range per group of curves, all equally long, so that slopes can be compared; `common`: one for all."""
    extent = []
    for curves in groups:
        points = [point for line in shown(curves, noise=noise).values() for point in line]
        extent.append((min((p.low for p in points), default=0.0), max((p.high for p in points), default=0.1)))
    if common and extent:
        extent = [(min(low for low, _ in extent), max(high for _, high in extent))] * len(extent)
    span = (1 + 3 * _PAD) * (max((high - low for low, high in extent), default=0.0) or 0.1)
    starts = ((low + high - span) / 2 + _PAD / 2 * span for low, high in extent)
    lowest = -math.inf if common else -_PAD * span  # no accuracy lies below 0
    highest = math.inf if common else 1 + _PAD * span - span  # and none above 1
    placed = [max(min(start, highest), lowest) for start in starts]
    return [(start, start + span) for start in placed]


def curves(
    lines: Curves,
    comparisons: Mapping[str, Comparison],
    *,
    y_range: tuple[float, float],
    depth: int,
    relative: bool = False,
    noise: bool = False,
    selected: tuple[str, int] | None = None,
    height: int = 360,
) -> go.Figure:
    """Return the picture of one experiment; a clicked point is read with `clicked`.

    Args:
        lines: By treatment; accuracies, or differences to baseB if `relative`.
        comparisons: What is marked in the picture, as far as it stands out from the scatter of runs.
        y_range: As `equal_spans` gives it.
        depth: Layers of the network, so that at most depth - 1 can be copied.
        relative: Whether the values are differences.
        noise: Draw random filters too.
        selected: (treatment, n) to ring.
        height: In px.
    """
    drawn = shown(lines, noise=noise)
    shapes, annotations = ([], []) if noise else _marks(drawn, comparisons)  # noise leaves the others no room
    if BASE in drawn:
        shapes = _base_level(drawn[BASE][0], depth - 1) + shapes
    figure = go.Figure()
    for name, line in drawn.items():
        _band(figure, STYLES[name], line)
    for name, line in drawn.items():
        _line(figure, name, line, relative)
    if selected is not None:
        _ring(figure, drawn, selected)
    theme.layout(figure, height)
    figure.update_layout(shapes=shapes, annotations=annotations + _names(drawn, y_range, depth - 1))
    return _axes(figure, y_range, depth, relative)


def clicked(event: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """Return (treatment, n) of a clicked point; None for none."""
    for point in (event or {}).get("selection", {}).get("points", []):
        found = point.get("customdata")
        if isinstance(found, list | tuple) and len(found) >= 2 and found[0] in STYLES:
            return str(found[0]), int(found[1])
    return None


def written(value: float, relative: bool) -> str:
    """Return an accuracy in percent, or a difference of two in points, as people read it."""
    if not relative:
        return f"{fixed(100 * value, 1)}%"
    return in_points(value) if round(100 * value, 1) else "0.0"


def describe(lines: Curves, title: str, *, noise: bool, relative: bool) -> str:
    """Return the picture in words, for who cannot see it."""
    lines_in_words = [
        f"{name}: " + ", ".join(f"{written(point.mean, relative)} at {point.n}" for point in line)
        for name, line in shown(lines, noise=noise).items()
    ]
    unit = "Percentage points against baseB" if relative else "Top-1 accuracy"
    return f"{title}. {unit} by number of layers copied. {'; '.join(lines_in_words) or 'No runs yet'}."


def _axes(figure: go.Figure, y_range: tuple[float, float], depth: int, relative: bool) -> go.Figure:
    common = {"title_standoff": 4, "zeroline": False, "automargin": True, "fixedrange": True}
    figure.update_xaxes(
        **common,
        title_text="n: layers copied",
        tickvals=list(range(depth)),
        ticktext=["base", *map(str, range(1, depth))],
        range=[-0.4, depth - 1 + _NAMES_WIDTH],
        showgrid=False,
    )
    step = next((step for step in _STEPS if (y_range[1] - y_range[0]) / step <= _MOST_TICKS), _STEPS[-1])
    ticks = [step * i for i in range(math.ceil(y_range[0] / step), math.floor(y_range[1] / step) + 1)]
    figure.update_yaxes(
        **common,
        title_text="points above or below baseB" if relative else "top-1 accuracy",
        tickvals=ticks,
        ticktext=[written(tick, relative).replace(".0", "") for tick in ticks],
        range=list(y_range),
        gridcolor=theme.GRID,
    )
    margin = {"t": 6, "b": 6, "l": 6, "r": 6}
    return figure.update_layout(showlegend=False, clickmode="event+select", margin=margin)


def _band(figure: go.Figure, style: Style, line: Sequence[Point]) -> None:
    """Fill between the lowest and the highest run; nothing where every point is one run."""
    if max(point.runs for point in line) < 2 or len(line) < 2:
        return
    red, green, blue = (int(style.colour[i : i + 2], 16) for i in (1, 3, 5))
    figure.add_scatter(
        x=[point.n for point in line] + [point.n for point in reversed(line)],
        y=[point.high for point in line] + [point.low for point in reversed(line)],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red}, {green}, {blue}, 0.14)",
        line={"width": 0},
        hoverinfo="skip",
    )


def _line(figure: go.Figure, name: str, line: Sequence[Point], relative: bool) -> None:
    style = STYLES[name]
    texts = [[written(value, relative) for value in (point.mean, point.low, point.high)] for point in line]
    same = {"marker": {"opacity": 1}}
    figure.add_scatter(
        x=[point.n for point in line],
        y=[point.mean for point in line],
        name=name,
        mode="lines+markers",
        line={"color": style.colour, "dash": style.dash, "width": 2},
        marker={"color": style.colour, "symbol": style.symbol, "size": 9, "line": style.edge},
        customdata=[[name, point.n, point.runs, *text] for point, text in zip(line, texts, strict=True)],
        hovertemplate=f"<b>{name}</b>, n = %{{x}}: %{{customdata[3]}}{' points' if relative else ''}<br>"
        "from %{customdata[4]} to %{customdata[5]}, runs: %{customdata[2]}<extra></extra>",
        selected=same,
        unselected=same,
    )


def _ring(figure: go.Figure, drawn: Curves, selected: tuple[str, int]) -> None:
    name, n = selected
    for point in drawn.get(name, ()):
        if point.n == n:
            marker = {"size": 19, "symbol": "circle-open", "color": theme.NEUTRAL, "line": {"width": 2.5}}
            figure.add_scatter(x=[n], y=[point.mean], mode="markers", marker=marker, hoverinfo="skip", name="selected")


def _base_level(base: Point, last: int) -> Marks:
    """Return shapes: the level of baseB from 0 to `last`, and how far its runs reach."""
    across = {"x0": 0, "x1": last, "layer": "below"}
    line = {"color": theme.NEUTRAL, "width": 1.2, "dash": "dash"}
    reach = {"line": {"width": 0}, "fillcolor": "rgba(127, 139, 147, 0.12)"}
    return [
        {"type": "line", **across, "y0": base.mean, "y1": base.mean, "line": line},
        {"type": "rect", **across, "y0": base.low, "y1": base.high, **reach},
    ]


def _names(drawn: Curves, y_range: tuple[float, float], last: int) -> Marks:
    """Return annotations: the names of the lines at the height of their ends, right of n = `last`, pushed apart."""
    ends = sorted((line[-1].mean, name) for name, line in drawn.items())
    gap = _LABEL_GAP * (y_range[1] - y_range[0])
    places: list[float] = []
    for height, _ in ends:
        places.append(max(height, places[-1] + gap) if places else height)
    roof = y_range[1] - gap / 2
    for i in range(len(places) - 1, -1, -1):  # pushed out of the picture at the top: back down
        places[i] = min(places[i], roof)
        roof = places[i] - gap
    return [
        {**_TEXT, "x": last + 0.14, "y": place, "text": name, "xanchor": "left"}
        for place, (_, name) in zip(places, ends, strict=True)
    ]


def _marks(drawn: Curves, comparisons: Mapping[str, Comparison]) -> tuple[Marks, Marks]:
    """Return shapes and annotations for what stands out from the scatter of runs; nothing for what does not.

    Marked are the layers copied without a clear loss, the deepest dip of co-adaptation, the largest loss by
    specificity, and the highest gain of transfer, unless AnB+ gains nowhere on BnB+: training longer is no gain of
    transfer.
    """
    shapes, annotations = _general(comparisons.get("general"))
    for name in ("co-adaptation", "specificity", "gain"):
        comparison = comparisons.get(name)
        if comparison is None or not {comparison.treatment, comparison.reference} <= drawn.keys():
            continue
        found, clear = comparison.lowest, comparison.losses
        if name == "gain":
            beyond = comparisons.get("gain beyond longer", comparison)
            found, clear = comparison.highest, comparison.gains if beyond.gains else ()
        if found.n in clear:
            annotations += _arrow(name, found.n, found.mean, drawn[comparison.treatment], drawn[comparison.reference])
    return shapes, annotations


def _general(comparison: Comparison | None) -> tuple[Marks, Marks]:
    if comparison is None or not comparison.losses or not comparison.no_loss_up_to:
        return [], []
    kept = comparison.no_loss_up_to
    corners = {"x0": 0.5, "x1": kept + 0.5, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    label = {**_TEXT, "x": (1 + kept) / 2, "y": 0.005, "yref": "paper", "yanchor": "bottom", "text": "no clear loss"}
    return [{"type": "rect", **corners, "line": {"width": 0}, "fillcolor": _GENERAL}], [label]


def _arrow(name: str, n: int, difference: float, line: tuple[Point, ...], reference: tuple[Point, ...]) -> Marks:
    """Return an arrow from the reference to the treatment at `n`, and its name and points beside it."""
    here = next(point.mean for point in line if point.n == n)
    there = next(point.mean for point in reference if point.n in (0, n))
    arrow = {"x": n, "y": here, "ax": n, "ay": there, "axref": "x", "ayref": "y", "text": "", "showarrow": True}
    head = {"arrowhead": 2, "arrowsize": 1, "arrowwidth": 1.6, "arrowcolor": theme.NEUTRAL, "standoff": 6}
    value = in_points(difference)
    if difference > 0:
        label = {"text": f"{name} {value}", "xanchor": "right", "yshift": 17}
    elif n < line[-1].n:
        label = {"text": f"{name}<br>{value}", "xanchor": "left", "align": "left", "xshift": 5}
    else:
        label = {"text": f"{name}<br>{value}", "xanchor": "right", "align": "right", "xshift": -8}
    return [{**arrow, **head}, {**_TEXT, "x": n, "y": here, **label}]
