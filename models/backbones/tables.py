"""Layer tables: what every layer of a backbone costs and sees, for pictures of any side.

`assets/layers/<backbone>.json` lists the layers as Keras builds them (`python -m models.ship layers` writes it);
shapes, multiplications and receptive fields are worked out here from kernel, stride and padding.

What is counted:
    parameters   weights and biases, and BatchNorm's moving statistics
    MACs         multiply-accumulate operations of one picture: convolution h*w*c_out*k*k*c_in, depthwise convolution
                 h*w*c*k*k, dense n_in*n_out; everything else (BatchNorm, pooling, activations, sums) counts as 0
    activations  the values a layer puts out, 4 bytes each; reshapes and dropout pass theirs on and count as 0
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from models.backbones.receptive_field import PIXEL, Field, merged, output_size, same_padding, through
from models.backbones.registry import backbone as find
from models.errors import InputError
from models.storage.files import ASSETS

Shape = tuple[int, int, int]
FOLDER = ASSETS / "layers"
BYTES_PER_VALUE = 4
PICTURE = "image"  # the name by which layers call the picture as their input
_VIEWS = ("Flatten", "Reshape", "Dropout")
_GLOBAL = ("GlobalAveragePooling2D", "Flatten")


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer. Shapes are (height, width, channels); layers without height and width have 1 x 1.

    Attributes:
        inputs: Names of the layers it reads; "image" is the picture after preprocessing.
        parameters: All numbers it keeps, `biases` and BatchNorm's statistics included.
        macs: Multiply-accumulate operations for one picture.
        activation_bytes: Size of its output for one picture, in bytes.
        kernel, stride: Of convolutions and pooling, else 1.
        field: What its units see; `receptive_field` and `jump`, in pixels, are taken from there.
        sees_all: A squeeze-and-excitation gate before it looks at the whole picture, beyond `receptive_field`.
    """

    name: str
    kind: str
    block: str
    inputs: tuple[str, ...]
    output: Shape
    parameters: int
    biases: int
    macs: int
    activation_bytes: int
    kernel: int
    stride: int
    field: Field
    sees_all: bool

    @property
    def receptive_field(self) -> int:
        """Side of the square of pixels a unit depends on, not cut at the border."""
        return self.field.size

    @property
    def jump(self) -> int:
        """Pixels between neighbouring units."""
        return self.field.jump

    @property
    def has_batch_norm(self) -> bool:
        """Whether this is a BatchNorm layer."""
        return self.kind == "BatchNormalization"


@dataclass(frozen=True, slots=True)
class Block:
    """Layers that belong together, in the order of computation; sums and the last layer's output."""

    name: str
    layers: tuple[str, ...]
    parameters: int
    macs: int
    activation_bytes: int
    output: Shape
    receptive_field: int
    has_batch_norm: bool


@dataclass(frozen=True, slots=True)
class LayerTable:
    """All layers of a backbone for square pictures of `side` pixels, in the order of computation."""

    backbone: str
    side: int
    layers: tuple[LayerRow, ...]
    blocks: tuple[Block, ...]

    @property
    def parameters(self) -> int:
        """Numbers the network keeps."""
        return sum(row.parameters for row in self.layers)

    @property
    def biases(self) -> int:
        """Those of them that are biases."""
        return sum(row.biases for row in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations for one picture."""
        return sum(row.macs for row in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Bytes of the picture and of all outputs, as float32, when everything is kept."""
        return self.side * self.side * 3 * BYTES_PER_VALUE + sum(row.activation_bytes for row in self.layers)

    @property
    def weighted_blocks(self) -> dict[str, tuple[str, ...]]:
        """The names of the layers that have weights, by block, input first; blocks without any are left out."""
        weighted = {row.name for row in self.layers if row.parameters}
        blocks = {block.name: tuple(name for name in block.layers if name in weighted) for block in self.blocks}
        return {name: layers for name, layers in blocks.items() if layers}

    def row(self, name: str) -> LayerRow:
        """Return the layer of that name.

        Raises:
            InputError: There is none.
        """
        for row in self.layers:
            if row.name == name:
                return row
        raise InputError(f"Expected a layer of {self.backbone}. Received {name!r}.")


@lru_cache(maxsize=64)
def table(backbone: str, side: int, include_top: bool = False) -> LayerTable:
    """Return the table of a backbone for pictures of `side` x `side`.

    Raises:
        InputError: Unknown backbone, side below 32, or the top at another side than it was made for.
    """
    spec = find(backbone)
    if side < 32 or (include_top and side != spec.top_side):
        wanted = f"{spec.top_side} with the top" if include_top else "at least 32"
        raise InputError(f"Expected a side of {wanted}. Received {side}.")
    kept = [layer for layer in _stored(backbone) if include_top or not layer.get("top")]
    rows: dict[str, LayerRow] = {}
    previous = PICTURE
    for layer in kept:
        inputs = tuple(layer.get("inputs", (previous,)))
        rows[layer["name"]] = _row(layer, inputs, rows, side)
        previous = layer["name"]
    layers = tuple(rows.values())
    names = dict.fromkeys(row.block for row in layers)
    return LayerTable(backbone, side, layers, tuple(_block(name, layers) for name in names))


@lru_cache(maxsize=16)
def _stored(backbone: str) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = json.loads((FOLDER / f"{backbone}.json").read_bytes())
    return stored


def _row(layer: dict[str, Any], inputs: tuple[str, ...], rows: dict[str, LayerRow], side: int) -> LayerRow:
    shapes = [rows[name].output if name in rows else (side, side, 3) for name in inputs]
    fields = [rows[name].field if name in rows else PIXEL for name in inputs]
    kind, kernel, stride = layer["kind"], layer.get("kernel", 1), layer.get("stride", 1)
    n, channels = shapes[0][0], shapes[0][2]
    size, field = _along(layer, n, fields[0])
    gated = False
    if len(inputs) > 1:
        full = [i for i, shape in enumerate(shapes) if shape[0] == max(shape[0] for shape in shapes)]
        size, field = shapes[full[0]][0], merged([fields[i] for i in full])
        gated = len(full) < len(inputs) or any(name in rows and rows[name].sees_all for name in inputs)
    output = (size, size, _channels(kind, layer, shapes))
    values = size * size * output[2]
    weights_per_output = {"Conv2D": kernel * kernel * channels, "DepthwiseConv2D": kernel * kernel, "Dense": channels}
    return LayerRow(
        name=layer["name"],
        kind=kind,
        block=layer["block"],
        inputs=inputs,
        output=output,
        parameters=layer.get("parameters", 0),
        biases=layer.get("biases", 0),
        macs=values * weights_per_output.get(kind, 0),
        activation_bytes=0 if kind in _VIEWS else values * BYTES_PER_VALUE,
        kernel=kernel,
        stride=stride,
        field=field,
        sees_all=gated or any(name in rows and rows[name].sees_all for name in inputs),
    )


def _along(layer: dict[str, Any], n: int, field: Field) -> tuple[int, Field]:
    """Return the output size and the field of a layer with one input of `n` values along an axis."""
    kernel, stride, dilation = layer.get("kernel", 1), layer.get("stride", 1), layer.get("dilation", 1)
    if layer["kind"] in _GLOBAL:
        return 1, through(field, n)
    if layer["kind"] == "ZeroPadding2D":
        before, after = layer["padding"]
        if before < after:  # Keras adds this zero only where the size is odd, so that every side comes out alike
            before += n % 2
        return n + before + after, Field(field.size, field.jump, field.start - before * field.jump)
    padding = same_padding(n, kernel, stride, dilation) if layer.get("padding") == "same" else (0, 0)
    return output_size(n, kernel, stride, padding, dilation), through(field, kernel, stride, padding[0], dilation)


def _channels(kind: str, layer: dict[str, Any], shapes: Sequence[Shape]) -> int:
    height, width, channels = shapes[0]
    if kind == "Concatenate":
        return sum(shape[2] for shape in shapes)
    if kind == "Flatten":
        return height * width * channels
    return int(layer.get("width", channels))


def _block(name: str, layers: Sequence[LayerRow]) -> Block:
    rows = [row for row in layers if row.block == name]
    return Block(
        name=name,
        layers=tuple(row.name for row in rows),
        parameters=sum(row.parameters for row in rows),
        macs=sum(row.macs for row in rows),
        activation_bytes=sum(row.activation_bytes for row in rows),
        output=rows[-1].output,
        receptive_field=rows[-1].receptive_field,
        has_batch_norm=any(row.has_batch_norm for row in rows),
    )
