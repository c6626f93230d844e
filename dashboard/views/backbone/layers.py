"""The layers of a backbone: its diagram by blocks, the numbers of every layer, and the first layer's kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures.architecture import alt_text, architecture
from dashboard.figures.gabor import SCALES, Scale, mosaic
from dashboard.labels import safe_label
from dashboard.widgets import cache
from dashboard.widgets.block_diagram import block_diagram
from dashboard.widgets.formatted import formatted
from dashboard.widgets.gabor_kernel import first_layer
from models.backbones import registry, weights
from models.backbones.registry import BackboneSpec
from models.backbones.tables import LayerRow, LayerTable
from models.errors import FreezeframeError
from models.features import gabor
from models.features.gabor import Kernels
from models.ids import NetworkId
from models.pictures.images import png
from models.wording import file_size, grouped, short, significant

KERNEL_COLUMNS = 16
_WEIGHTS = {"pretrained": "Pretrained", "random": "Random"}


def block_map(table: LayerTable, *, height: int) -> str | None:
    """Draw the network and the names of its blocks; return the chosen block, None for all."""
    names = [block.name for block in table.blocks]
    key = f"backbone_block_{table.backbone}"
    if state.get(key) not in names:
        state.put(key, None)
    block_diagram(
        "backbone",
        table,
        None,
        architecture(table, None, None, state.get(key), height=height),
        alt=alt_text(table, None, None),
        words={name: name for name in names},
        press=lambda block: _choose(key, block),
    )
    return st.segmented_control(
        "Block", names, key=key, persist_state="session", label_visibility="collapsed", width="stretch"
    )


def _choose(key: str, block: str) -> None:
    """Open a block, or show all again when it is open."""
    state.put(key, None if state.get(key) == block else block)


def _counted_by_keras(table: LayerTable) -> str:
    """Return why Keras counts more; "" where it does not."""
    constants = registry.backbone(table.backbone).constants
    if not constants:
        return ""
    return (
        f" Keras counts {grouped(table.parameters + constants)}: its {constants} more are the fixed numbers with "
        "which it scales the pictures; training never changes them."
    )


def totals(table: LayerTable, block: str | None) -> None:
    """Draw what the chosen block, or the whole network, costs and sees."""
    rows = rows_of(table, block)
    activations = sum(row.activation_bytes for row in rows) if block else table.activation_bytes
    weighted = sum(1 for row in rows if row.parameters)
    columns = st.columns([2, 4, 3, 3, 3], gap="small")
    columns[0].metric("Layers", f"{len(rows)}", help=f"{weighted} of them have weights.")
    columns[1].metric(
        "Parameters",
        grouped(sum(row.parameters for row in rows)),
        help=f"Numbers it keeps; {grouped(sum(row.biases for row in rows))} of them are biases. BatchNorm's moving "
        "statistics "
        f"are counted too.{'' if block else _counted_by_keras(table)}",
    )
    columns[2].metric(
        "MACs per picture",
        short(sum(row.macs for row in rows), 4),
        help="Multiply-accumulate operations of convolutions (h·w·c_out·k·k·c_in; depthwise h·w·c·k·k) and dense "
        "layers (n_in·n_out). BatchNorm, pooling, activations and sums are counted as 0.",
    )
    columns[3].metric(
        "Activations per picture",
        file_size(activations),
        help=f"{grouped(activations // 4)} values of 4 bytes when every layer's output is kept"
        f"{'' if block else ', the picture included'}. Reshapes and dropout add none.",
    )
    field, jump = rows[-1].receptive_field, rows[-1].jump
    columns[4].metric(
        "Receptive field",
        f"{field} px",
        help=f"One value of the last layer can depend on {field} × {field} pixels, some of them beyond the border. The "
        f"next value looks {jump} px further. r = r_before + (k − 1) · j_before, j = j_before · stride."
        + (" Squeeze-and-excitation gates add a glance at the whole picture." if rows[-1].sees_all else ""),
    )


def _macs(number: int) -> str:
    """Return the operations of one layer, which may be few or none."""
    return short(number) if number >= 1e5 else grouped(number)


def rows_of(table: LayerTable, block: str | None) -> Sequence[LayerRow]:
    """Return the layers of a block, or all of them."""
    return [row for row in table.layers if block in (None, row.block)]


def _slides(row: LayerRow) -> bool:
    """Return whether the layer moves a window over its input."""
    return row.kind.endswith(("Conv2D", "Pooling2D")) and not row.kind.startswith("Global")


def layer_table(table: LayerTable, block: str | None) -> None:
    """Draw one line per layer."""
    rows = rows_of(table, block)
    number = st.column_config.NumberColumn
    columns: dict[str, Sequence[object]] = {
        "Block": [row.block for row in rows],
        "Layer": [row.name for row in rows],
        "Kind": [row.kind for row in rows],
        "Output": [" × ".join(map(str, row.output)) for row in rows],
        "Kernel": [row.kernel if _slides(row) else None for row in rows],
        "Stride": [row.stride if _slides(row) else None for row in rows],
        "Parameters": [row.parameters for row in rows],
        "Activations": [row.activation_bytes for row in rows],
        "MACs": [row.macs for row in rows],
        "Field": [row.receptive_field for row in rows],
        "Jump": [row.jump for row in rows],
        "Reads": [", ".join(row.inputs) for row in rows],
    }
    st.dataframe(
        formatted(
            columns,
            dict.fromkeys(("Kernel", "Stride", "Parameters", "Field", "Jump"), grouped)
            | {"Activations": file_size, "MACs": _macs},
        ),
        hide_index=True,
        key="backbone_layers",
        placeholder="–",
        height=min(38 + 35 * len(rows), 420),
        alt=f"The {len(rows)} layers of {block or table.backbone} with shapes, parameters, memory, MACs and fields",
        column_config={
            "Block": None if block else st.column_config.TextColumn(width="small"),
            "Output": st.column_config.TextColumn(help="Height × width × channels"),
            "Activations": number("Memory", help="Of its output: 4 bytes per value, for one picture"),
            "MACs": number(help="Multiply-accumulate operations per picture"),
            "Field": number("Field, px", help="Receptive field: side of the square of pixels one unit depends on"),
            "Jump": number("Jump, px", help="Pixels between the windows of neighbouring units"),
            "Reads": st.column_config.TextColumn(help="The layers whose output it takes"),
        },
    )


def kernel_panel(spec: BackboneSpec, side: int) -> None:
    """Draw the kernels of the first convolution; random ones only where a visitor chooses them, and labelled."""
    which, scale = _kernel_controls()
    if which == "pretrained" and not weights.available(spec.id):
        st.info(
            "These kernels can be shown once the pretrained weights are on this machine: download them above, "
            "or choose **Random** to see what they start from.",
            icon=":material/cloud_download:",
        )
        return
    network = NetworkId(backbone=spec.id, side=side, weights="random" if which == "random" else "pretrained")
    try:
        kernels = cache.first_kernels(str(network))
    except FreezeframeError as error:
        st.warning(safe_label(str(error), 400), icon=":material/hourglass_top:")
        return
    _kernels(kernels, scale)
    if not gabor.too_small(*kernels.values.shape[:2]) and st.button(
        "A Gabor function for each kernel", key="backbone_gabor", icon=":material/waves:"
    ):
        first_layer()


def _kernel_controls() -> tuple[str, Scale]:
    """Draw the choice of the weights and of the scale, and return both."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("## First-layer kernels")
        which = st.segmented_control(
            "Weights",
            list(_WEIGHTS),
            default="pretrained",
            required=True,
            format_func=lambda name: _WEIGHTS[name],
            key="backbone_kernel_weights",
            persist_state="session",
            label_visibility="collapsed",
        )
        scale = st.segmented_control(
            "Scale",
            list(SCALES),
            default="kernel",
            required=True,
            format_func=lambda name: SCALES[name],
            key="backbone_kernel_scale",
            persist_state="session",
            label_visibility="collapsed",
        )
        if which == "random":
            st.badge("random weights, not pretrained", icon=":material/casino:", color="gray")
    return which, "joint" if scale == "joint" else "kernel"


def _kernels(kernels: Kernels, scale: Scale) -> None:
    """Draw the kernels as colour pictures, and what the colours stand for."""
    drawn = mosaic(kernels.values, scale, columns=KERNEL_COLUMNS)
    height, width, _, count = kernels.values.shape
    st.image(
        png(drawn.image),
        width=min(drawn.image.shape[1], 956),
        alt=f"The {count} kernels of {kernels.layer} as small colour pictures, {drawn.columns} in a row",
    )
    limit = "its own largest weight" if drawn.limit is None else f"±{significant(drawn.limit)}, the largest of all"
    largest = np.abs(kernels.values).max(axis=(0, 1, 2))
    st.caption(
        f"{count} kernels of {kernels.layer}, {height} × {width} × 3 (red, green, blue). Mid-grey is 0; a kernel's "
        f"brightest and darkest values stand for {limit}; nothing is clipped. Largest weights: "
        f"{significant(largest.min())} to "
        f"{significant(largest.max())}. The kernels show what the first layer looks for, not how often it finds it."
    )
