"""A training run: its learning curves, and the proof that frozen layers did not change."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme
from models.training.results import WeightChange, opening
from models.wording import TICK_PERCENT, fixed, grouped, significant

TRAINING, VALIDATION = theme.NEUTRAL, theme.VALIDATION
PANELS = (("Accuracy", "accuracy", ".1%"), ("Loss", "loss", ".3f"))
MARKERS_UP_TO = 40  # epochs; beyond, the dots of a line touch each other
_ROOM = 1.05  # of an axis with a fixed range, for the highest line
NAMES_SHOWN = 30  # with more layers than this the names on the axis would be a grey band: the pointer shows them then


def learning_curves(
    history: Sequence[Mapping[str, float]],
    best_epoch: int | None,
    height: int = 240,
    *,
    beside: Sequence[Sequence[Mapping[str, float]]] | None = None,
) -> go.Figure:
    """Accuracy (left) and loss (right) per epoch, on the training and on the validation pictures.

    Args:
        history: One mapping per epoch, in order, with `epoch`, `accuracy`, `val_accuracy` (shares, 0 to 1), `loss` and
            `val_loss` (cross-entropy in nats). A line marks where `phase` changes, and where the gap between the losses
            opens. A value that is not finite leaves a gap in its line.
        best_epoch: The epoch whose weights were kept; a line marks it in both panels. None marks nothing.
        height: Of the figure, in px.
        beside: Histories that are drawn on axes of their own with the same range: accuracy from 0 to 1, loss from 0 to
            the highest of all. None lets the axes follow `history` alone.
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    mode = "lines+markers" if len(history) <= MARKERS_UP_TO else "lines"
    for column in (1, 2):
        for prefix, name, colour, dash in (
            ("", "training", TRAINING, "dot"),
            ("val_", "validation", VALIDATION, "solid"),
        ):
            style = {"mode": mode, "marker": {"size": 4}, "line": {"color": colour, "dash": dash, "width": 2}}
            add_line(figure, column, history, prefix, name, style)
    lay_out_panels(figure, height)
    figure.update_layout(legend={"x": 1, "xanchor": "right"}, margin={"t": 28})
    for first, after in itertools.pairwise(history):
        if first.get("phase", 1) != after.get("phase", 1):
            _mark_border(figure, (first["epoch"] + after["epoch"]) / 2)
    if best_epoch is not None:
        _mark_best(figure, best_epoch)
    if (gap := opening(history)) is not None:
        _mark_gap(figure, gap.epoch)
    if beside is not None:
        highest = max(row[name] for rows in (history, *beside) for row in rows for name in ("loss", "val_loss"))
        figure.update_yaxes(range=[0, _ROOM], row=1, col=1)
        figure.update_yaxes(range=[0, _ROOM * highest], row=1, col=2)
    return figure


def add_line(
    figure: go.Figure,
    column: int,
    history: Sequence[Mapping[str, float]],
    prefix: str,
    name: str,
    style: Mapping[str, Any],
) -> None:
    """Add one line to a figure of two panels; a value that is not finite leaves a gap.

    Args:
        figure: With two columns.
        column: 1 for the accuracy, 2 for the loss; the line of the first stands in the legend.
        history: One mapping per epoch (see `learning_curves`).
        prefix: "" for the training pictures, "val_" for the validation pictures.
        name: Of the line, as HTML.
        style: Its mode, marker and line.
    """
    _, measure, digits = PANELS[column - 1]
    figure.add_scatter(
        x=[row["epoch"] for row in history],
        y=[_finite(row[prefix + measure]) for row in history],
        name=name,
        legendgroup=name,
        showlegend=column == 1,
        hovertemplate=f"{name}, epoch %{{x}}: %{{y:{digits}}}<extra></extra>",
        row=1,
        col=column,
        **style,
    )


def lay_out_panels(figure: go.Figure, height: int) -> None:
    """Give a figure of accuracy (left) and loss (right) per epoch its axes; the height in px."""
    for column, (title, _, _) in enumerate(PANELS, start=1):
        figure.update_yaxes(title_text=title, row=1, col=column)
    theme.layout(figure, height)
    figure.update_xaxes(title_text="epoch", title_standoff=10, tickformat="d", automargin=True, gridcolor=theme.GRID)
    figure.update_yaxes(automargin=True, gridcolor=theme.GRID, zeroline=False)
    figure.update_yaxes(tickformat=TICK_PERCENT, row=1, col=1)


def _mark_border(figure: go.Figure, place: float) -> None:
    """Draw the border between the head's phase and fine-tuning through both panels."""
    for column in (1, 2):
        figure.add_vline(x=place, line={"color": theme.TRAINABLE, "width": 1.5}, row=1, col=column)
    figure.add_annotation(
        text="fine-tuning →",
        x=place,
        yref="y domain",
        y=0,
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font_size=11,
    )


def _mark_gap(figure: go.Figure, epoch: int) -> None:
    """Draw a line through the losses where the gap between training and validation opens."""
    figure.add_vline(x=epoch, line={"color": theme.NEUTRAL, "width": 1, "dash": "dash"}, row=1, col=2)
    figure.add_annotation(
        text="the gap opens →", x=epoch, yref="y2 domain", xref="x2", y=0, xanchor="left", yanchor="bottom",
        showarrow=False, font_size=11,
    )  # fmt: skip


def _mark_best(figure: go.Figure, epoch: int) -> None:
    """Draw a line through both panels at the epoch whose weights were kept."""
    for column in (1, 2):
        figure.add_vline(x=epoch, line={"color": VALIDATION, "width": 1, "dash": "dash"}, row=1, col=column)
    text = f"kept: epoch {epoch}"
    figure.add_annotation(text=text, x=epoch, yref="y domain", y=1, yanchor="bottom", showarrow=False, font_size=11)


def weight_change(layers: Sequence[WeightChange], height: int = 280) -> go.Figure:
    """How far the weights of every layer moved, relative to their size before training, on a logarithmic axis.

    Zero has no place on a logarithmic axis. A layer that did not change at all stands as a snowflake (frozen) or a
    ring (trainable, and still unchanged) on a line of its own below the smallest change, which the axis labels "0".
    A frozen layer that did change would be drawn as a blue bar: the picture hides no failure.

    Args:
        layers: One row per layer with weights, input first.
        height: Of the figure, in px.
    """
    figure = go.Figure()
    theme.layout(figure, height)
    zero = lay_out_changes(figure, [row.name for row in layers], [row.relative_change for row in layers])
    _draw(figure, layers, True, theme.FROZEN, ("frozen", "frozen: exactly 0", "asterisk-open"), zero)
    _draw(figure, layers, False, theme.TRAINABLE, ("trainable", "trainable: no change", "circle-open"), zero)
    figure.update_layout(bargap=0.35, barmode="overlay", legend={"x": 1, "xanchor": "right"}, margin={"t": 32})
    return figure


def lay_out_changes(figure: go.Figure, names: Sequence[str], changes: Sequence[float]) -> float:
    """Give a figure layers along x (layer i at i) and their relative changes along a logarithmic y.

    Returns:
        Where 0 is drawn, below the smallest change.
    """
    zero, top = _axis_range(changes)
    named = len(names) <= NAMES_SHOWN
    figure.update_xaxes(
        tickvals=list(range(len(names))) if named else None,
        ticktext=list(names) if named else None,
        tickangle=-45 if named else 0,
        title_text=None if named else "layer, input first",
        range=[-0.7, len(names) - 0.3],
        showgrid=False,
        automargin=True,
    )
    decades = range(round(math.log10(zero)) + 2, round(math.log10(top)) + 1)
    figure.update_yaxes(
        type="log",
        range=[math.log10(zero) - 0.5, math.log10(top)],
        tickvals=[zero, *(10.0**decade for decade in decades)],
        ticktext=["0", *(_power(decade) for decade in decades)],
        title_text="relative change",
        automargin=True,
        gridcolor=theme.GRID,
    )
    return zero


def _draw(
    figure: go.Figure,
    layers: Sequence[WeightChange],
    frozen: bool,
    colour: str,
    names: tuple[str, str, str],
    zero: float,
) -> None:
    """Add the frozen or the trainable layers: bars for those that moved, marks on the zero line for the others.

    `names` are the legend of the bars, the legend of the marks, and the marks' symbol.
    """
    moved = [index for index, row in enumerate(layers) if row.frozen is frozen and row.relative_change != 0]
    still = [index for index, row in enumerate(layers) if row.frozen is frozen and row.relative_change == 0]
    hover = f"%{{customdata[0]}} ({'frozen' if frozen else 'trainable'})<br>%{{customdata[1]}} parameters<br>"
    figure.add_bar(
        x=moved,
        y=[_finite(layers[index].relative_change) for index in moved],
        customdata=[_row_data(layers[index]) for index in moved],
        name=names[0],
        marker={"color": colour},
        showlegend=bool(moved),
        hovertemplate=f"{hover}relative change %{{customdata[2]}}<extra></extra>",
    )
    figure.add_scatter(
        x=still,
        y=[zero] * len(still),
        customdata=[_row_data(layers[index]) for index in still],
        name=names[1],
        mode="markers",
        marker={"color": colour, "size": 11, "symbol": names[2], "line": {"color": colour, "width": 2}},
        showlegend=bool(still),
        hovertemplate=f"{hover}change exactly %{{customdata[2]}}<extra></extra>",
    )


def _row_data(row: WeightChange) -> tuple[str, str, str]:
    """Return what the pointer shows: the layer's name, its parameters, its relative change."""
    return row.name, grouped(row.parameters), significant(row.relative_change)


def _finite(value: float | None) -> float | None:
    """Return `value`, or None where a line must have a gap."""
    return value if value is not None and math.isfinite(value) else None


def _power(decade: int) -> str:
    """Return a decade as the axis writes it: "1", "0.1", "0.01", then powers."""
    return significant(10.0**decade, 6) if -2 <= decade <= 2 else f"10<sup>{fixed(decade, 0)}</sup>"


def _axis_range(changes: Sequence[float]) -> tuple[float, float]:
    """Return where zero is drawn (two to three decades under the smallest change that is not 0) and the axis's top."""
    positive = [change for change in changes if 0 < change < math.inf]
    low, high = (min(positive), max(positive)) if positive else (1e-3, 1.0)
    return 10.0 ** (math.floor(math.log10(low)) - 2), 10.0 ** math.ceil(math.log10(high) + 1e-9)
