"""What is written and marked in the curves of the transferability experiment, as Plotly shapes and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboard.figures import theme
from models.transferability_curves import Curves, Point
from models.transferability_findings import Comparison

BASE: Final = "baseB"
_LABEL_GAP = 0.052  # of the axis: closer names of lines would overlap
_TEXT: Final = {"showarrow": False, "font": {"size": 12}}
_GENERAL: Final = "rgba(0, 158, 115, 0.10)"
Marks = list[dict[str, Any]]


def base_level(base: Point, last: int) -> Marks:
    """Return shapes: the level of baseB from 0 to `last`, and how far its runs reach."""
    across = {"x0": 0, "x1": last, "layer": "below"}
    line = {"color": theme.NEUTRAL, "width": 1.2, "dash": "dash"}
    reach = {"line": {"width": 0}, "fillcolor": "rgba(127, 139, 147, 0.12)"}
    return [
        {"type": "line", **across, "y0": base.mean, "y1": base.mean, "line": line},
        {"type": "rect", **across, "y0": base.low, "y1": base.high, **reach},
    ]


def names(drawn: Curves, y_range: tuple[float, float], last: int) -> Marks:
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


def findings(drawn: Curves, comparisons: Mapping[str, Comparison]) -> tuple[Marks, Marks]:
    """Return shapes and annotations for what stands out from the scatter of runs; nothing for what does not.

    Marked are the layers that are general, the deepest dip of co-adaptation, the largest loss by specificity, and the
    highest gain of transfer, unless AnB+ gains nowhere on BnB+: training longer is no gain of transfer.
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
    label = {**_TEXT, "x": (1 + kept) / 2, "y": 0.005, "yref": "paper", "yanchor": "bottom", "text": "general"}
    return [{"type": "rect", **corners, "line": {"width": 0}, "fillcolor": _GENERAL}], [label]


def _arrow(name: str, n: int, difference: float, line: tuple[Point, ...], reference: tuple[Point, ...]) -> Marks:
    """Return an arrow from the reference to the treatment at `n`, and its name and points beside it."""
    here = next(point.mean for point in line if point.n == n)
    there = next(point.mean for point in reference if point.n in (0, n))
    arrow = {"x": n, "y": here, "ax": n, "ay": there, "axref": "x", "ayref": "y", "text": "", "showarrow": True}
    head = {"arrowhead": 2, "arrowsize": 1, "arrowwidth": 1.6, "arrowcolor": theme.NEUTRAL, "standoff": 6}
    value = f"{100 * difference:+.1f}".replace("-", "−")
    if difference > 0:
        label = {"text": f"{name} {value}", "xanchor": "right", "yshift": 17}
    elif n < line[-1].n:
        label = {"text": f"{name}<br>{value}", "xanchor": "left", "align": "left", "xshift": 5}
    else:
        label = {"text": f"{name}<br>{value}", "xanchor": "right", "align": "right", "xshift": -8}
    return [{**arrow, **head}, {**_TEXT, "x": n, "y": here, **label}]
