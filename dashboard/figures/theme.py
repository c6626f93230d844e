"""The house style of figures: colour by meaning, the layout every figure starts from, accuracies in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from models.intervals import Estimate
from models.wording import TICK_PERCENT, percent, percent_range

FROZEN: Final = "#0072B2"
TRAINABLE: Final = "#E69F00"
NEUTRAL: Final = "#7F8B93"
# Class i has colour i, everywhere. Found by a search for colours of moderate chroma that stay apart for eyes without
# red, green or blue cones (Machado, Oliveira and Fernandes, 2009), from FROZEN and TRAINABLE, and from the red of
# errors; the first five are furthest apart. In the order of `chartCategoricalColors` in .streamlit/config.toml.
CLASS_COLOURS: Final = (
    "#882255",
    "#B4C34B",
    "#1EC3FF",
    "#5A5A00",
    "#F0A5A5",
    "#5A4BA5",
    "#9678A5",
    "#A5695A",
    "#78963C",
    "#D2B478",
)
# Of trainings, methods and lines beside each other (Okabe and Ito, 2008, without FROZEN and TRAINABLE, and two more).
LINE_COLOURS: Final = ("#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8F7BC4", "#B8A800")
VALIDATION: Final = LINE_COLOURS[0]
# Over the page's own ground. At its deepest the page's ink has a contrast of 4.8 on it, in the light and in the dark.
MISTAKES: Final = [[0.0, "rgba(213, 80, 30, 0.06)"], [1.0, "rgba(213, 80, 30, 0.8)"]]
SEQUENTIAL: Final = "Viridis"  # unsigned values
FOR, AGAINST = "Purple", "Green"  # the ends of DIVERGING in words: evidence for a class and against it
DIVERGING: Final = [  # signed values; green below zero, white at zero, purple above (ColorBrewer's PRGn)
    [0.0, "rgb(20, 130, 70)"],
    [0.25, "rgb(127, 191, 123)"],
    [0.5, "rgb(255, 255, 255)"],
    [0.75, "rgb(175, 141, 195)"],
    [1.0, "rgb(145, 45, 180)"],
]
WEIGHTS: Final = "Cividis"  # kernels, so that weights never look like activations
GRID: Final = "rgba(127, 139, 147, 0.25)"  # readable on light and dark pages
_NUMBERS: Final = {"separatethousands": True, "exponentformat": "power"}
CONFIG: Final[dict[str, Any]] = {"displayModeBar": False, "scrollZoom": False}


def base(height: int, width: int | None = None) -> dict[str, Any]:
    """Return the house layout: no frame, thin margins, transparent ground, sizes in px."""
    return {
        "height": height,
        "width": width,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "hoverlabel": {"font_size": 13},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }


def layout(figure: go.Figure, height: int, *, width: int | None = None) -> go.Figure:
    """Give `figure` the house layout; ticks write numbers as `models.wording` does."""
    figure.update_xaxes(_NUMBERS)
    figure.update_yaxes(_NUMBERS)
    return figure.update_layout(base(height, width))


def accuracy_axis(figure: go.Figure) -> go.Figure:
    """Make the upright axis one of test accuracies."""
    return figure.update_yaxes(
        title_text="accuracy on test pictures",
        tickformat=TICK_PERCENT,
        automargin=True,
        gridcolor=GRID,
        zeroline=False,
        fixedrange=True,
    )


def interval(estimate: Estimate) -> str:
    """Return an accuracy with its interval, as people read it."""
    return f"{percent(estimate.value)} ({percent_range(estimate.low, estimate.high)})"


def whiskers(estimates: Sequence[Estimate], colour: str) -> dict[str, Any]:
    """Return the error bars of points that stand at the values of estimates: their intervals."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [estimate.high - estimate.value for estimate in estimates],
        "arrayminus": [estimate.value - estimate.low for estimate in estimates],
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }
