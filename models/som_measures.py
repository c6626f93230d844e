"""What a codebook is worth and how it looks from the data: BMUs, errors, U-matrix, hits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.som_lattice import Floats, Indices, Lattice
from models.som_search import BLOCK_VALUES, Search, blocks, checked, nearest, silent
from models.som_updates import Range

__all__ = [  # with what else one needs to read a map
    "BLOCK_VALUES",
    "Floats",
    "Indices",
    "Range",
    "bmu",
    "checked",
    "hit_map",
    "nearest",
    "quality",
    "quantization_error",
    "silent",
    "u_matrix",
]


def bmu(samples: NDArray[Any], codebook: Floats) -> Indices:
    """(row, column) of the BMU of every sample, int64 (N, 2), for a codebook (rows, columns, D)."""
    rows, columns, depth = codebook.shape
    best, _ = nearest(checked(samples), codebook.reshape(rows * columns, depth))
    return np.stack(np.divmod(best, columns), axis=1)


def quality(
    samples: Floats, codebook: Floats, lattice: Lattice | None = None, search: Search | None = None
) -> tuple[Indices, float, float]:
    """BMU numbers (N,), quantization error and topographic error of a codebook (rows, columns, D). See Snapshot.

    Args:
        lattice: Which units touch; by default rectangular and planar.
        search: Of these samples, if there is one already.
    """
    rows, columns, depth = codebook.shape
    flat = codebook.reshape(rows * columns, depth)
    search = search or Search(samples, rows * columns, flat.mean(axis=0))
    best, second = search.nearest(flat, second=True)
    touching = (lattice or Lattice(rows, columns)).touching
    apart = sum(int((~touching(best[part], second[part])).sum()) for part in search.parts)
    return best, quantization_error(samples, codebook, best, search.check), apart / len(samples)


def quantization_error(samples: Floats, codebook: Floats, best: Indices, check: Callable[[], None] = silent) -> float:
    """Mean Euclidean distance of the samples (N, D) to the weights of the units numbered `best` (N,)."""
    flat, total = codebook.reshape(-1, codebook.shape[-1]), 0.0
    for part in blocks(samples, 1, check):
        apart = samples[part] - flat[best[part]]
        total += float(np.sqrt(np.einsum("nd,nd->n", apart, apart)).sum(dtype=np.float64))
    return total / len(samples)


def u_matrix(codebook: Floats, lattice: Lattice | None = None) -> Floats:
    """Mean Euclidean distance of a unit's weights to those of its neighbours at distance 1, float32 (rows, columns).

    Two to four neighbours, up to six on a hexagonal lattice. Zero everywhere for a flat map and for a single unit: it
    is never divided by its maximum.

    Args:
        lattice: By default rectangular and planar.
    """
    rows, columns, depth = codebook.shape
    flat = codebook.reshape(rows * columns, depth)
    total, neighbours = np.zeros(len(flat), np.float32), np.zeros(len(flat), np.float32)
    for other in (lattice or Lattice(rows, columns)).adjacent.T:
        [here] = np.nonzero(other >= 0)
        total[here] += np.linalg.norm(flat[here] - flat[other[here]], axis=1)
        neighbours[here] += 1
    total /= np.maximum(neighbours, 1)
    return total.reshape(rows, columns)


def hit_map(best: Indices, rows: int, columns: int) -> Indices:
    """How many samples have each unit as their BMU, int64 (rows, columns), from BMU numbers (N,)."""
    return np.bincount(best, minlength=rows * columns).reshape(rows, columns)
