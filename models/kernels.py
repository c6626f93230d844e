"""The kernels of a network's first convolution: the only ones that can be looked at as pictures. Numpy-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import layer_tables
from models.backbones import FRAME8_WEIGHTS
from models.errors import InputError
from models.layer_rows import LayerRow


@dataclass(frozen=True, slots=True)
class Kernels:
    """`values` (kernel height, kernel width, 3, n) float32, input channels red, green, blue; `layer` is its name."""

    values: np.ndarray
    layer: str


def first_row(backbone: str, side: int) -> LayerRow:
    """Return what is known of a backbone's first convolution without opening it."""
    return next(row for row in layer_tables.table(backbone, side).layers if row.kind == "Conv2D")


def first_kernels(layers: Iterable[Any]) -> Kernels:
    """Return the kernels of the first Keras Conv2D among `layers`, in the order of computation.

    Raises:
        InputError: There is none, or it does not look at three colours.
    """
    for layer in layers:
        if type(layer).__name__ == "Conv2D":
            values = np.array(layer.get_weights()[0], np.float32)
            if values.shape[2] == 3:
                return Kernels(values, str(layer.name))
            break
    raise InputError("Expected a network whose first convolution looks at red, green and blue. Received another.")


def shipped() -> Kernels | None:
    """Return Frame8's kernels straight from its weight file, in milliseconds; None where the file is missing."""
    if not FRAME8_WEIGHTS.exists():
        return None
    with np.load(FRAME8_WEIGHTS, allow_pickle=False) as saved:
        return Kernels(saved["conv1/kernel"].astype(np.float32), "conv1")
