"""Cuboids, icons and lines of text as Plotly shapes, gathered first: adding them to a figure one by one is slow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from dashboard.figures import theme

LINE_HEIGHT = 15  # pixels from one line of text to the next
_EDGE = "rgba(255, 255, 255, 0.7)"
# In pixels around their middle, 14 x 14.
_SNOWFLAKE = "M-6,-3.5L6,3.5M-6,3.5L6,-3.5M0,-7L0,7M-2.5,-6L0,-3.5L2.5,-6M-2.5,6L0,3.5L2.5,6"
_FLAME = (
    "M0.5,8C-1,4 -5.5,2 -5.5,-2C-5.5,-5 -3,-7 0,-7C3,-7 5.5,-5 5.5,-2"
    "C5.5,0 4.5,2 3.5,3C3.5,1.5 3,1 2,0.5C2.5,3 2,6 0.5,8Z"
)
_PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


class Canvas:
    """Shapes and texts on their way into a figure, in the coordinates of its x and y axes."""

    def __init__(self) -> None:
        self._shapes: list[dict[str, Any]] = []
        self._texts: list[dict[str, Any]] = []

    def line(self, x0: float, x1: float, y: float) -> None:
        """Draw a level line."""
        line = {"color": theme.NEUTRAL, "width": 1.5}
        self._shapes.append({"type": "line", "x0": x0, "x1": x1, "y0": y, "y1": y, "line": line})

    def frame(self, x0: float, x1: float, y0: float, y1: float) -> None:
        """Draw the lightly filled frame around what is selected."""
        line = {"color": theme.NEUTRAL, "width": 1.5}
        corners = {"x0": x0, "x1": x1, "y0": y0, "y1": y1}
        self._shapes.append({"type": "rect", **corners, "fillcolor": "rgba(127, 139, 147, 0.18)", "line": line})

    def cuboid(
        self, x: float, width: float, half: float, back: tuple[float, float], runs: Sequence[tuple[str, float]]
    ) -> None:
        """Draw a cuboid with its front's left edge at `x`, from -half to half, running back by `back` (x, y).

        Args:
            x, width, half, back: In axis units.
            runs: Colours (#rrggbb) from left to right, each with its share of the width.
        """
        left, (back_x, back_y) = x, back
        for colour, share in runs:
            right = left + width * share
            self._polygon([(left, -half), (right, -half), (right, half), (left, half)], colour)
            lid = [(left, half), (right, half), (right + back_x, half + back_y), (left + back_x, half + back_y)]
            self._polygon(lid, mixed(colour, 255, 0.35))
            left = right
        side = [(left, -half), (left + back_x, back_y - half), (left + back_x, half + back_y), (left, half)]
        self._polygon(side, mixed(runs[-1][0], 0, 0.25))

    def icon(self, kind: Literal["snowflake", "flame"], x: float, y: float, shift: tuple[float, float]) -> None:
        """Draw an icon of 14 pixels in its colour, `shift` pixels (right, up) of the place (x, y)."""
        cold = kind == "snowflake"
        colour = theme.FROZEN if cold else theme.TRAINABLE
        self._shapes.append(
            {
                "type": "path",
                "path": _moved(_SNOWFLAKE if cold else _FLAME, *shift),
                "xsizemode": "pixel",
                "ysizemode": "pixel",
                "xanchor": x,
                "yanchor": y,
                "line": {"color": colour, "width": 1.7 if cold else 0},
                "fillcolor": "rgba(0, 0, 0, 0)" if cold else colour,
            }
        )

    def badge(self, words: str, colour: str, x: float, y: float, shift: tuple[float, float]) -> None:
        """Write a few letters in a rounded frame of `colour`, `shift` pixels (right, up) of the place (x, y)."""
        self._texts.append(
            {
                "x": x,
                "y": y,
                "xshift": shift[0],
                "yshift": shift[1],
                "text": words,
                "showarrow": False,
                "font": {"size": 9, "weight": 700},
                "bordercolor": colour,
                "borderwidth": 1.5,
                "borderpad": 1,
            }
        )

    def text(self, words: str, x: float, y: float, row: int) -> None:
        """Write `words` centred below (x, y), in row 0, 1, …"""
        place = {"x": x, "y": y, "yanchor": "top", "yshift": -2 - LINE_HEIGHT * row}
        self._texts.append({**place, "text": words, "showarrow": False, "font": {"size": 12}})

    def put_on(self, figure: go.Figure) -> None:
        """Put everything on `figure`, in the order it was drawn."""
        figure.update_layout(shapes=self._shapes, annotations=self._texts)

    def _polygon(self, corners: Sequence[tuple[float, float]], colour: str) -> None:
        path = "M" + "L".join(f"{round(x, 1)},{round(y, 1)}" for x, y in corners) + "Z"
        line = {"width": 0.75, "color": _EDGE}
        self._shapes.append({"type": "path", "path": path, "fillcolor": colour, "line": line})


def mixed(colour: str, towards: int, share: float) -> str:
    """Return `colour` (#rrggbb) with a share of black (0) or white (255) mixed in."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({', '.join(str(round(part * (1 - share) + towards * share)) for part in parts)})"


def _moved(path: str, right: float, up: float) -> str:
    return _PAIR.sub(lambda pair: f"{round(float(pair[1]) + right, 4)},{round(float(pair[2]) + up, 4)}", path)
