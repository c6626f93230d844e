"""What hiding a square costs, told from the layer tables before anything runs. NumPy only; the page reads it.

It follows the way `models.patch_scorer` takes: windows of maps up to a cut, whole maps behind it.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final

import numpy as np

from models import incremental_costs as costs
from models.backbones import PREPROCESSING_LAYERS
from models.incremental_plan import Kind, Node, Placed, reaches
from models.layer_rows import LayerRow
from models.layer_tables import PICTURE, table
from models.occlusion import patch_origins

_WINDOWED: Final = ("Conv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D")
_MERGES: Final = ("Add", "Multiply", "Concatenate")
_POINT: Final = ("ReLU", "Activation", "Rescaling", "BatchNormalization")
_FOLDING: Final = ("Conv2D", "DepthwiseConv2D", "Dense")  # take over a BatchNorm that alone reads them


@lru_cache(maxsize=512)
def share(backbone: str, side: int, patch: int, stride: int) -> float:
    """Return the time one hidden square takes as a share of a whole forward pass, mean over the grid, 0..1.

    Raises:
        InputError: Unknown backbone or side, or not 1 <= stride <= patch <= side.
    """
    origins = patch_origins(side, patch, stride)
    rows, cols = np.meshgrid(origins, origins, indexing="ij")
    squares = Placed(rows.ravel(), cols.ravel(), patch)
    nodes = operations(backbone, side)
    reach = reaches(nodes, side, side)
    cut = costs.cut(nodes, reach, squares)
    seconds, changed = costs.node_seconds(nodes), costs.shares(nodes, reach, squares)
    return float((changed[:cut] @ seconds[:cut] + seconds[cut:].sum()) / seconds.sum())


def operations(backbone: str, side: int) -> tuple[Node, ...]:
    """Return the operations of a backbone, as `models.incremental_graph.graph` finds them in the network itself."""
    nodes: list[Node] = []
    seen_as = dict.fromkeys((PICTURE, *PREPROCESSING_LAYERS), PICTURE)
    rows = {row.name: row for row in table(backbone, side).layers}
    readers = Counter(name for row in rows.values() for name in row.inputs)
    for row in rows.values():
        inputs = tuple(seen_as[name] for name in row.inputs)
        before = rows.get(row.inputs[0])
        foldable = before is not None and before.kind in _FOLDING and readers[before.name] == 1
        folded = row.kind == "Dropout" or (row.kind == "BatchNormalization" and foldable)
        seen_as[row.name] = inputs[0] if folded else row.name
        if not folded:
            nodes.append(_node(row, inputs, rows, side))
    whole = Node("head", "head", (seen_as[row.name],), "whole", (1, 1, row.output[2]))
    return (*nodes, whole)


def _node(row: LayerRow, inputs: tuple[str, ...], rows: dict[str, LayerRow], side: int) -> Node:
    kind = _kind(row, [rows[name].output[0] if name in rows else side for name in row.inputs])
    kernel, before = 1, 0
    if kind in ("window", "pad"):
        field = rows[row.inputs[0]].field if row.inputs[0] in rows else None
        size, jump, start = (field.size, field.jump, field.start) if field else (1, 1, 0.0)
        kernel = (row.field.size - size) // jump + 1
        before = round((kernel - 1) / 2 - (row.field.start - start) / jump)
    return Node(
        row.name, row.kind, inputs, kind, row.output, (kernel, kernel), (row.stride, row.stride), (before, before),
        macs=float(row.macs), weight_bytes=4 * row.parameters,
    )  # fmt: skip


def _kind(row: LayerRow, sizes: list[int]) -> Kind:
    if row.kind in _WINDOWED:
        return "point" if row.kernel == row.stride == 1 else "window"
    if row.kind == "ZeroPadding2D":
        return "pad"
    if row.kind in _MERGES and len(set(sizes)) == 1:
        return "merge"
    return "point" if row.kind in _POINT else "whole"
