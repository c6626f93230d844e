"""The layer tables that are shipped, `assets/layers/<backbone>.json`, from the networks as Keras builds them."""

from __future__ import annotations

import json
from typing import Any

import keras

from models.backbones.registry import BACKBONES, PREPROCESSING_LAYERS, BackboneSpec
from models.backbones.tables import FOLDER, PICTURE
from models.backbones.worker import build
from models.storage.files import write_atomically

# The layer with which each block begins; blocks follow the stages of the papers.
_VGG = {f"block{i}_conv1": f"block{i}" for i in range(1, 6)} | {
    "block5_pool_flatten": "fc1",
    "fc2": "fc2",
    "predictions": "fc3",
}
BLOCK_STARTS: dict[str, dict[str, str]] = {
    "frame8": {f"conv{i}": f"conv{i}" for i in range(1, 6)} | {"pool5": "fc6", "fc7": "fc7", "fc8": "fc8"},
    "lite0": {"stem_conv": "stem", "block1a_dw_conv": "block1", "top_conv": "last"}
    | {f"block{i}a_expand_conv": f"block{i}" for i in range(2, 8)},
    "mobilenetv2": {
        "Conv1": "stem",
        "expanded_conv_depthwise": "stage1",
        "block_1_expand": "stage2",
        "block_3_expand": "stage3",
        "block_6_expand": "stage4",
        "block_10_expand": "stage5",
        "block_13_expand": "stage6",
        "block_16_expand": "stage7",
        "Conv_1": "last",
    },
    "mobilenetv3small": {
        "conv": "stem",
        "expanded_conv_depthwise_pad": "stage1",
        "expanded_conv_1_expand": "stage2",
        "expanded_conv_3_expand": "stage3",
        "expanded_conv_6_expand": "stage4",
        "expanded_conv_8_expand": "stage5",
        "conv_1": "last",
    },
    "efficientnetb0": {"stem_conv_pad": "stem", "block1a_dwconv": "block1", "top_conv": "last"}
    | {f"block{i}a_expand_conv": f"block{i}" for i in range(2, 8)},
    "resnet50v2": {"conv1_pad": "conv1", "post_bn": "last"}
    | {f"conv{i}_block1_preact_bn": f"conv{i}" for i in range(2, 6)},
    "densenet121": {"normalise_zero_padding2d": "conv1", "bn": "last"}
    | {f"conv{i}_block1_0_bn": f"conv{i}" for i in range(2, 6)},
    "vgg16": _VGG,
    "vgg19": _VGG,
}


def describe(spec: BackboneSpec) -> list[dict[str, Any]]:
    """Return every layer of `spec` with its top: what `models.backbones.tables` needs of it, nothing derived."""
    network = build.build(spec.id, weights="random", include_top=True)
    without_top = {layer.name for layer in build.build(spec.id, weights="random", side=spec.top_side).layers}
    starts = dict(BLOCK_STARTS[spec.id])
    rows: list[dict[str, Any]] = []
    block, previous = "", PICTURE
    for layer in network.layers:
        if layer.name in PREPROCESSING_LAYERS:
            continue
        top = layer.name not in without_top
        if top and not rows[-1].get("top"):
            block = "top"
        block = starts.pop(layer.name, block)
        row = {"name": layer.name, "kind": type(layer).__name__, "block": block, **_numbers(layer)}
        inputs = _inputs(layer)
        if inputs != [previous]:
            row["inputs"] = inputs
        if top:
            row["top"] = True
        rows.append(row)
        previous = layer.name
    if starts:
        raise ValueError(f"Expected {spec.id} to have layers {', '.join(starts)}. Received a network without them.")
    return rows


def _inputs(layer: keras.layers.Layer) -> list[str]:
    """Return the names of the layers that `layer` reads; preprocessing counts as the picture."""
    tensors = layer.input if isinstance(layer.input, list) else [layer.input]
    names = [tensor._keras_history.operation.name for tensor in tensors]
    return [PICTURE if name in PREPROCESSING_LAYERS else name for name in names]


def _numbers(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return parameters, kernel, stride, padding and width of `layer`, those that are not trivial."""
    numbers: dict[str, Any] = {"parameters": layer.count_params()}
    if getattr(layer, "use_bias", False):
        numbers["biases"] = int(layer.bias.shape[0])
    if isinstance(layer, keras.layers.ZeroPadding2D):
        rows, columns = layer.padding
        numbers["padding"] = list(_same(layer, (tuple(rows), tuple(columns))))
    elif hasattr(layer, "padding"):
        kernel = layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size
        numbers |= {"kernel": _same(layer, kernel), "stride": _same(layer, layer.strides), "padding": layer.padding}
        numbers["dilation"] = _same(layer, getattr(layer, "dilation_rate", (1, 1)))
    if hasattr(layer, "filters") or hasattr(layer, "units"):
        numbers["width"] = getattr(layer, "filters", None) or layer.units
    trivial = {"parameters": 0, "kernel": 1, "stride": 1, "dilation": 1, "padding": "valid"}
    return {key: value for key, value in numbers.items() if trivial.get(key) != value}


def _same(layer: keras.layers.Layer, pair: tuple[Any, ...]) -> Any:
    if pair[0] != pair[1]:
        raise ValueError(f"Expected the same numbers along rows and columns of {layer.name}. Received {pair}.")
    return pair[0]


def ship() -> None:
    """Write the file of every backbone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for spec in BACKBONES.values():
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in describe(spec))
        write_atomically(FOLDER / f"{spec.id}.json", f"[\n{lines}\n]\n".encode())
