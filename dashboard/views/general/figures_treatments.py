"""Drawing of the treatments, as in the paper: each a row of layer boxes, with the key to the lines of the curves.

A letter in a box says whose weights were copied into it (A, B, or R for random numbers), no letter that it starts anew;
blue with a snowflake is frozen, orange learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.views.general.figures import STYLES
from models.transferability.experiment import Cell

ORDER: Final = ("baseB", "BnB", "AnB", "BnB+", "AnB+", "RnB")
SHORT: Final = {
    "baseB": "trained on B alone",
    "BnB": "from B, frozen",
    "AnB": "from A, frozen",
    "BnB+": "from B, trained on",
    "AnB+": "from A, trained on",
    "RnB": "random, frozen",
}
_ROW, _LEFT, _RIGHT = 34, 3.1, 0.15  # px of a row; boxes' widths of room for the key, and at the right
_FLAKE: Final = "M-3.8,-2.2L3.8,2.2M-3.8,2.2L3.8,-2.2M0,-4.4L0,4.4"  # pixels around its middle
_TINT: Final = {True: "rgba(0, 114, 178, 0.22)", False: "rgba(230, 159, 0, 0.22)"}


def boxes(treatment: str, n: int, depth: int) -> tuple[tuple[str, bool], ...]:
    """Return the layers of a treatment from input to output: (letter of the copied weights or "", frozen)."""
    if treatment in ("baseA", "baseB"):
        return (("", False),) * depth
    cell = Cell(treatment, n, "random", 0)
    letter = treatment[0]
    return tuple((letter if layer <= n else "", cell.frozen and layer <= n) for layer in range(1, depth + 1))


def treatments(n: int, depth: int, selected: str | None) -> go.Figure:
    """Return the drawing for the first `n` of `depth` layers; a click on a row is read with `clicked`.

    Args:
        n: Layers copied, 1..depth-1.
        depth: Layers with weights.
        selected: The treatment to frame.
    """
    figure = go.Figure()
    shapes: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for row, name in enumerate(ORDER):
        y = len(ORDER) - 1 - row
        if name == selected:
            shapes.append(_box(-_LEFT, depth + _RIGHT, y, 0.48, theme.NEUTRAL, "rgba(127, 139, 147, 0.18)"))
        for layer, (letter, frozen) in enumerate(boxes(name, n, depth)):
            colour = theme.FROZEN if frozen else theme.TRAINABLE
            shapes.append(_box(layer + 0.05, layer + 0.95, y, 0.34, colour, _TINT[frozen]))
            if frozen:
                shapes.append(_snowflake(layer + 0.68, y))
            texts.append(_text(letter, layer + (0.34 if frozen else 0.5), y, "center", bold=True))
        texts.append(_text(name, -1.95, y, "left", bold=name == selected))
        _key(figure, name, y)
    texts += [_text(str(layer + 1), layer + 0.5, len(ORDER) - 0.38, "center", small=True) for layer in range(depth)]
    _clickable(figure, depth)
    theme.layout(figure, _ROW * len(ORDER) + 18)
    axis = {"visible": False, "fixedrange": True}
    figure.update_layout(
        shapes=shapes,
        annotations=texts,
        xaxis={**axis, "range": [-_LEFT, depth + _RIGHT]},
        yaxis={**axis, "range": [-0.5, len(ORDER) - 0.15]},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        clickmode="event+select",
    )
    return figure


def clicked(event: Mapping[str, Any] | None) -> str | None:
    """Return the treatment of a clicked row; None for none."""
    for point in (event or {}).get("selection", {}).get("points", []):
        found = point.get("customdata")
        name = found[0] if isinstance(found, list | tuple) and found else found
        if name in ORDER:
            return str(name)
    return None


def sentence(treatment: str, n: int, depth: int) -> str:
    """Return what a treatment is, in words."""
    if treatment == "baseB":
        return f"All {depth} layers start anew and learn B: what the others are measured against."
    one, last = n == 1, n == depth - 1
    copied = "Layer 1" if one else f"Layers 1–{n}"
    verb = "comes" if one else "come"
    origin = ("is" if one else "are") + " random"
    if treatment[0] in "AB":
        origin = f"{verb} from a network trained on {treatment[0]}"
    new = f"layer {depth} starts" if last else f"layers {n + 1}–{depth} start"
    if treatment.endswith("+"):
        return f"{copied} {origin}, {new} anew; everything learns B."
    return (
        f"{copied} {origin} and {'stays' if one else 'stay'} frozen; {new} anew and {'learns' if last else 'learn'} B."
    )


def describe(n: int, depth: int) -> str:
    """Return the drawing in words, for who cannot see it."""
    return " ".join(f"{name}: {sentence(name, n, depth)}" for name in ORDER)


def _key(figure: go.Figure, name: str, y: float) -> None:
    """Draw a piece of the treatment's line, as in the curves."""
    style = STYLES[name]
    figure.add_scatter(
        x=[-_LEFT + 0.1, -_LEFT + 0.55, -_LEFT + 1.0],
        y=[y] * 3,
        mode="lines+markers",
        line={"color": style.colour, "dash": style.dash, "width": 2},
        marker={"color": style.colour, "symbol": style.symbol, "size": [0, 9, 0], "line": style.edge},
        hoverinfo="skip",
    )


def _box(left: float, right: float, y: float, half: float, colour: str, fill: str) -> dict[str, Any]:
    corners = {"type": "rect", "layer": "below", "x0": left, "x1": right, "y0": y - half, "y1": y + half}
    return {**corners, "line": {"color": colour, "width": 1.2}, "fillcolor": fill}


def _snowflake(x: float, y: float) -> dict[str, Any]:
    place = {"type": "path", "path": _FLAKE, "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": x, "yanchor": y}
    return {**place, "line": {"color": theme.FROZEN, "width": 1.3}}


def _text(words: str, x: float, y: float, anchor: str, *, bold: bool = False, small: bool = False) -> dict[str, Any]:
    text = f"<b>{words}</b>" if bold else words
    return {"x": x, "y": y, "text": text, "xanchor": anchor, "showarrow": False, "font": {"size": 10 if small else 12}}


def _clickable(figure: go.Figure, depth: int) -> None:
    """Lay an invisible bar over every row: it answers to the mouse where shapes do not."""
    invisible = {"marker": {"opacity": 0}}
    figure.add_bar(
        orientation="h",
        y=[len(ORDER) - 1 - row for row in range(len(ORDER))],
        x=[depth + _LEFT + _RIGHT] * len(ORDER),
        base=-_LEFT,
        width=[0.96] * len(ORDER),
        customdata=[[name] for name in ORDER],
        hovertemplate="%{customdata[0]}<extra></extra>",
        marker={"opacity": 0},
        selected=invisible,
        unselected=invisible,
    )
