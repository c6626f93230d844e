"""What is known of a layer, a block and a whole backbone: plain data, made by `models.layer_tables`."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import InputError
from models.receptive_field import Field

BYTES_PER_VALUE = 4
Shape = tuple[int, int, int]


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
