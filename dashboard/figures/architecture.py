"""A network drawn block by block: height is the size of its maps, width the number of channels.

Frozen blocks are blue with a snowflake, trainable ones orange with a flame, grey where that plays no role. In a block
of which only some layers learn, colours share the width as its layers share the parameters. Heights grow with the
square root of the side, widths with the logarithm of the channels, so that 224 pixels and 2,048 channels fit beside
3 x 3 and 16.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Any, Literal

import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.drawing import LINE_HEIGHT, Canvas
from models.backbones.tables import Block, LayerRow, LayerTable
from models.training.spec import HeadSpec
from models.wording import grouped, in_millions

HEIGHT = 300  # pixels of the whole figure
_WIDTH, _TALL = 1000.0, 100.0  # the drawing's own units, along x and for the tallest cuboid
_SLANT_X, _SLANT_Y = 24.0, 20.0  # how far the tallest cuboid's top runs back
_SLOT = 68.0  # narrowest place of a column: its text needs it
_TEXT_PX = 47  # the longest of these texts, in pixels
_HAIRLINE = 0.03  # of a block's parameters
_FLOOR = -_TALL / 2 - 2
_ICONS: dict[Literal["snowflake", "flame"], str] = {"snowflake": theme.FROZEN, "flame": theme.TRAINABLE}
_NORM_WORDS = {"hold": "BatchNorm held: as it was", "train": "BatchNorm learns: statistics, scale and shift move"}
_POOLING_NAMES = {"average": "average", "max": "maximum", "average+max": "avg, max", "flatten": "flatten"}


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands at one place: its name, the lines below it, its size in drawing units and the colours of its runs."""

    name: str
    lines: tuple[str, ...]
    width: float
    height: float
    slant: float  # 0..1 of the tallest
    runs: tuple[tuple[str, float], ...]  # (colour, share of the width)
    hover: str
    clickable: bool
    norm: str = ""  # colour of the badge for what BatchNorm does; "" for none


def architecture(
    table: LayerTable,
    trainable: frozenset[str] | None,
    head: HeadSpec | None,
    selected: str | None,
    *,
    norms: Mapping[str, str] | None = None,
    height: int = HEIGHT,
) -> go.Figure:
    """Return the diagram; a click on a block is read with `clicked_block`.

    Args:
        table: The backbone's layers.
        trainable: Names of the layers that learn; None draws all blocks grey.
        head: The new layers on top, drawn behind the backbone; None for none.
        selected: Name of the block to mark.
        norms: What BatchNorm does in blocks that learn: {block: "hold" or "train"}; a badge shows it.
        height: Of the figure, in pixels.
    """
    columns = _columns(table, trainable, head, norms or {})
    slots = _slots(columns)
    canvas = Canvas()
    canvas.line(sum(slots[0]) / 2, sum(slots[-1]) / 2, 0)
    for slot, column in zip(slots, columns, strict=True):
        _draw(canvas, slot, column, marked=column.clickable and column.name == selected)
    figure = theme.layout(go.Figure(), height)
    canvas.put_on(figure)
    _clickable(figure, slots, columns)
    axis = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis={**axis, "range": [0, _WIDTH]},
        yaxis={**axis, "range": [_FLOOR, _TALL / 2 + _SLANT_Y + 2]},
        margin={"l": 0, "r": 0, "t": 4, "b": 3 * LINE_HEIGHT + 6},
        showlegend=False,
        clickmode="event+select",
    )
    return figure


def block_places(table: LayerTable, head: HeadSpec | None) -> list[tuple[str, float, float]]:
    """Return where the blocks stand in the diagram, input first: (name, left, width) in shares of its width."""
    columns = _columns(table, None, head, {})
    return [
        (column.name, left / _WIDTH, (right - left) / _WIDTH)
        for column, (left, right) in zip(columns, _slots(columns), strict=True)
        if column.clickable
    ]


def least_width(table: LayerTable, head: HeadSpec | None) -> int:
    """Return the width in pixels below which texts of the diagram would overlap."""
    narrowest = min(right - left for left, right in _slots(_columns(table, None, head, {})))
    return math.ceil(_TEXT_PX * _WIDTH / narrowest)


def clicked_block(event: Mapping[str, Any] | None) -> str | None:
    """Return the block that an `on_select` event of the diagram is about; None for none, or for what is no block."""
    points = (event or {}).get("selection", {}).get("points", [])
    found = points[0].get("customdata") if points else None
    name = found[0] if isinstance(found, list | tuple) and found else found
    return str(name) if name else None


def alt_text(
    table: LayerTable,
    trainable: frozenset[str] | None,
    head: HeadSpec | None,
    norms: Mapping[str, str] | None = None,
) -> str:
    """Return the diagram in words, for those who cannot see it."""
    parts = []
    for block in table.blocks:
        size = " by ".join(map(str, block.output[:2]))
        state = "" if trainable is None else f", {state_words(table, block.name, trainable, norms)}"
        parts.append(f"{block.name}: {size}, {block.output[2]} channels{state}")
    new = "" if head is None else " Then the new head, trainable."
    return f"{table.backbone} for pictures of {table.side} pixels, {len(parts)} blocks. {'; '.join(parts)}.{new}"


def state_words(
    table: LayerTable, block: str, trainable: Collection[str], norms: Mapping[str, str] | None = None
) -> str:
    """Return what of a block learns, in words: "frozen", "1 of 2 layers trainable", "trainable, BatchNorm held"."""
    policy = (norms or {}).get(block, "")
    norm = {"hold": ", BatchNorm held", "train": ", BatchNorm learns"}.get(policy, "")
    rows = [row for row in _weighted(table, block) if not (row.has_batch_norm and policy == "hold")]
    learning = sum(row.name in trainable for row in rows)
    if not learning:
        return "frozen"
    return f"trainable{norm}" if learning == len(rows) else f"{learning} of {len(rows)} layers trainable{norm}"


def _weighted(table: LayerTable, block: str) -> list[LayerRow]:
    return [row for row in table.layers if row.block == block and row.parameters]


def _columns(
    table: LayerTable, trainable: frozenset[str] | None, head: HeadSpec | None, norms: Mapping[str, str]
) -> list[_Column]:
    blocks = (_block(table, block, trainable, norms) for block in table.blocks)
    return [_picture(table), *blocks, *(() if head is None else _head(table, head))]


def _runs(table: LayerTable, block: Block, trainable: frozenset[str] | None) -> tuple[tuple[str, float], ...]:
    """Return the colours of a block from left to right, each with its share of the parameters.

    Layers with hardly any (BatchNorm beside convolutions) would be hairlines: they take their neighbour's colour.
    """
    if trainable is None:
        return ((theme.NEUTRAL, 1.0),)
    seen = [row for row in _weighted(table, block.name) if row.parameters >= _HAIRLINE * block.parameters]
    total = sum(row.parameters for row in seen)
    return tuple(
        (theme.TRAINABLE if learns else theme.FROZEN, sum(row.parameters for row in rows) / total)
        for learns, rows in groupby(seen, key=lambda row: row.name in trainable)
    )


def _block(table: LayerTable, block: Block, trainable: frozenset[str] | None, norms: Mapping[str, str]) -> _Column:
    side, _, channels = block.output
    share = math.sqrt(side / table.side)
    runs = _runs(table, block, trainable)
    state = "" if trainable is None else f", {state_words(table, block.name, trainable, norms)}"
    hover = (
        f"<b>{block.name}</b>{state}: click to {'open' if trainable is None else 'switch'} it<br>"
        f"{grouped(block.parameters)} parameters, {in_millions(block.macs)} MACs<br>"
        f"a value at its end sees {block.receptive_field} × {block.receptive_field} pixels"
    )
    policy = norms.get(block.name)
    if policy:
        hover += f"<br>{_NORM_WORDS[policy]}"
    lines = (f"{side}×{side}", f"×{grouped(channels)}")
    badge = {"hold": theme.FROZEN, "train": theme.TRAINABLE}.get(policy or "", "")
    return _Column(block.name, lines, _thickness(channels), _TALL * share, share, runs, hover, True, badge)


def _picture(table: LayerTable) -> _Column:
    hover = f"the picture: {table.side} × {table.side} pixels, red, green and blue"
    lines = (f"{table.side}×{table.side}", "×3")
    return _Column("picture", lines, 10.0, _TALL, 1.0, ((theme.NEUTRAL, 1.0),), hover, False)


def _head(table: LayerTable, head: HeadSpec) -> Iterator[_Column]:
    rows, columns, channels = table.layers[-1].output
    features = channels * {"flatten": rows * columns, "average+max": 2}.get(head.pooling, 1)
    hover = f"{_POOLING_NAMES[head.pooling]} pooling: {grouped(features)} features, no weights"
    second = "" if head.pooling == "flatten" else "pooling"
    yield _bar(_POOLING_NAMES[head.pooling], second, features, theme.NEUTRAL, hover)
    for number, units in enumerate(head.widths, start=1):
        yield _bar(
            f"dense {number}",
            "ReLU",
            units,
            theme.TRAINABLE,
            f"new dense layer, {grouped(units)} units, ReLU: trainable",
        )
    yield _bar("classes", "softmax", None, theme.TRAINABLE, "new dense layer, softmax over your classes: trainable")


def _bar(name: str, second: str, units: int | None, colour: str, hover: str) -> _Column:
    tall = min(20.0 + 7.0 * math.log2(units), _TALL) if units else 30.0
    lines = (second, f"×{grouped(units)}" if units else "")
    return _Column(name, lines, 12.0, tall, 0.12, ((colour, 1.0),), hover, False)


def _thickness(channels: int) -> float:
    """Return the width of a cuboid in drawing units: 32 for 16 channels, 88 for 2,048."""
    return 8.0 * math.log2(channels)


def _slots(columns: Sequence[_Column]) -> list[tuple[float, float]]:
    """Return the (left, right) of every column's slot: as wide as it needs, the rest shared out evenly."""
    needed = [max(column.width + column.slant * _SLANT_X + 8, _SLOT) for column in columns]
    spare = max(_WIDTH - sum(needed), 0) / len(columns)
    edges = [0.0, *accumulate(need + spare for need in needed)]
    return list(pairwise(edge * _WIDTH / edges[-1] for edge in edges))


def _draw(canvas: Canvas, slot: tuple[float, float], column: _Column, *, marked: bool) -> None:
    """Draw one cuboid in the middle of its slot, its icons above it and its lines of text below."""
    back_x, back_y, half = column.slant * _SLANT_X, column.slant * _SLANT_Y, column.height / 2
    middle = sum(slot) / 2
    if marked:
        reach = min((column.width + back_x) / 2 + 14, (slot[1] - slot[0]) / 2)
        canvas.frame(middle - reach, middle + reach, _FLOOR, _TALL / 2 + _SLANT_Y + 2)
    canvas.cuboid(middle - (column.width + back_x) / 2, column.width, half, (back_x, back_y), column.runs)
    colours = dict(column.runs)
    kinds = [kind for kind, colour in _ICONS.items() if colour in colours]
    for number, kind in enumerate(kinds):
        place = 18 * (number - (len(kinds) - 1) / 2) - (12 if column.norm else 0)
        canvas.icon(kind, middle + back_x / 2, half + back_y, (place, 13))
    if column.norm:
        canvas.badge("BN", column.norm, middle + back_x / 2, half + back_y, (9 * len(kinds) + 3, 13))
    name = f"<b>{column.name}</b>" if column.clickable else column.name
    for row, words in enumerate((name, *column.lines)):
        canvas.text(words, middle, _FLOOR, row)


def _clickable(figure: go.Figure, slots: Sequence[tuple[float, float]], columns: Sequence[_Column]) -> None:
    """Lay an invisible bar over every column: it answers to the mouse where pictures and shapes do not."""
    invisible = {"marker": {"opacity": 0}}
    figure.add_bar(
        x=[(left + right) / 2 for left, right in slots],
        y=[_TALL + _SLANT_Y] * len(columns),
        base=-_TALL / 2,
        width=[right - left for left, right in slots],
        customdata=[[column.name if column.clickable else ""] for column in columns],
        hovertext=[column.hover for column in columns],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"opacity": 0},
        selected=invisible,
        unselected=invisible,
    )
