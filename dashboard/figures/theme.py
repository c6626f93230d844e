"""The house style of figures: colour by meaning, the layout every figure starts from, accuracies in words."""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go

from models.intervals import Estimate

FROZEN: Final = "#0072B2"
TRAINABLE: Final = "#E69F00"
NEUTRAL: Final = "#7F8B93"
# Okabe-Ito and fillers, in the order of `chartCategoricalColors` in .streamlit/config.toml; class i has colour i.
CLASS_COLOURS: Final = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#8F7BC4",
    "#B8A800",
    "#7F7F7F",
    "#4B5D67",
)
SEQUENTIAL: Final = "Viridis"  # unsigned values
DIVERGING: Final = [  # signed values; blue below zero, white at zero, orange above
    [0.0, "rgb(0, 84, 140)"],
    [0.25, "rgb(107, 174, 214)"],
    [0.5, "rgb(255, 255, 255)"],
    [0.75, "rgb(250, 176, 84)"],
    [1.0, "rgb(190, 90, 0)"],
]
WEIGHTS: Final = "Cividis"  # kernels, so that weights never look like activations
GRID: Final = "rgba(127, 139, 147, 0.25)"  # readable on light and dark pages
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
    """Give `figure` the house layout."""
    return figure.update_layout(base(height, width))


def accuracy_axis(figure: go.Figure) -> go.Figure:
    """Make the upright axis one of test accuracies."""
    return figure.update_yaxes(
        title_text="accuracy on test pictures",
        tickformat=".0%",
        automargin=True,
        gridcolor=GRID,
        zeroline=False,
        fixedrange=True,
    )


def interval(estimate: Estimate) -> str:
    """Return an accuracy with its interval, as people read it."""
    return f"{estimate.value:.1%} ({100 * estimate.low:.1f}–{100 * estimate.high:.1f}%)"
