"""Measures of a map: its errors and U-matrix, the classes of its units, and whether confused classes are neighbours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from models.som.lattice import Floats, Indices, Lattice
from models.som.search import BLOCK_VALUES, Search, blocks, nearest, silent

AT_ONCE = 1 << 16  # pairs of units, at most, whose distances on the lattice are computed together
PERMUTATIONS = 9_999  # drawn at random, where there are more ways than this to exchange the classes


def quality(
    samples: Floats, codebook: Floats, lattice: Lattice | None = None, search: Search | None = None
) -> tuple[Indices, float, float]:
    """BMU numbers (N,), quantization and topographic error of a codebook (rows, columns, D), see `training.Snapshot`.

    BMUs and runners-up are exact. Of units equally near, those with smaller numbers come first.

    Args:
        lattice: Which units touch; by default rectangular and planar.
        search: Of these samples, if there is one already.
    """
    rows, columns, depth = codebook.shape
    flat = codebook.reshape(rows * columns, depth)
    search = search or Search(samples, rows * columns, flat.mean(axis=0))
    best, second = search.nearest(flat, second=True)
    touching = (lattice or Lattice(rows, columns)).touching
    parts = blocks(samples, BLOCK_VALUES // AT_ONCE, search.check)
    apart = sum(len(best[part]) - np.count_nonzero(touching(best[part], second[part])) for part in parts)
    return best, quantization_error(samples, codebook, best, search.check), apart / len(samples)


def quantization_error(samples: Floats, codebook: Floats, best: Indices, check: Callable[[], None] = silent) -> float:
    """Mean Euclidean distance of the samples (N, D) to the weights of the units numbered `best` (N,)."""
    flat, total = codebook.reshape(-1, codebook.shape[-1]), 0.0
    for part in blocks(samples, 1, check):
        apart = flat[best[part]].astype(np.result_type(samples, flat), copy=False)
        np.subtract(samples[part], apart, out=apart)
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


def class_counts(best: ArrayLike, labels: ArrayLike, units: int, classes: int) -> NDArray[np.int64]:
    """How many samples of each class every unit has, int64 (units, classes), from BMUs (N,) and labels (N,)."""
    cells = np.asarray(best, np.int64) * classes + np.asarray(labels, np.int64)
    return np.bincount(cells, minlength=units * classes).reshape(units, classes).astype(np.int64)


def unit_errors(distances: ArrayLike, best: ArrayLike, units: int) -> NDArray[np.float64]:
    """Mean distance of every unit's samples to its weights, float64 (units,); NaN for a unit without samples."""
    numbers = np.asarray(best, np.int64)
    sums = np.bincount(numbers, np.asarray(distances, np.float64), units)
    hits = np.bincount(numbers, minlength=units)
    errors: NDArray[np.float64] = np.full(units, math.nan)
    np.divide(sums, hits, out=errors, where=hits > 0)
    return errors


def majority(best: Indices, labels: NDArray[np.int64], units: int, classes: int) -> tuple[Indices, NDArray[np.float64]]:
    """Return the most frequent class among the samples of every unit, and its share of them.

    Args:
        best: BMU of every sample, int64 (N,).
        labels: Class of every sample, int64 (N,).

    Returns:
        int64 (units,), -1 for a unit without samples, the first among equals; float64 (units,) in 0..1, 0 without.
    """
    if len(best) != len(labels):
        raise InputError(f"Expected a class for each of {len(best)} samples. Received {len(labels)}.")
    counts = class_counts(best, labels, units, classes)
    total = counts.sum(axis=1)
    share = counts.max(axis=1) / np.maximum(total, 1)
    return np.where(total > 0, counts.argmax(axis=1), -1), share


def purity(best: Indices, labels: NDArray[np.int64], unit_classes: Indices) -> float:
    """Return the share of samples (0..1) whose class is the class of their unit; NaN without samples."""
    return float((unit_classes[best] == labels).mean()) if len(best) else float("nan")


def held_out(
    train: Floats, train_labels: NDArray[np.int64], test: Floats, test_labels: NDArray[np.int64], codebook: Floats
) -> tuple[float, float]:
    """Return the purity of the samples that named the units, and of samples that did not.

    A test sample goes to the nearest unit that has a class; units without training samples have none.

    Args:
        train, test: (N, D) and (M, D).
        train_labels, test_labels: int64 (N,) and (M,).
        codebook: (rows, columns, D) or (units, D), trained on `train` alone.
    """
    units = codebook.reshape(-1, codebook.shape[-1])
    best, _ = nearest(train, units)
    named, _ = majority(best, train_labels, len(units), int(max(train_labels.max(), test_labels.max())) + 1)
    known = np.flatnonzero(named >= 0)
    unseen, _ = nearest(test, units[known])
    return purity(best, train_labels, named), purity(known[unseen], test_labels, named)


@dataclass(frozen=True, eq=False)
class NextDoor:
    """How often pairs of classes are confused, against how near they live on a map.

    Attributes:
        pairs: The P pairs of classes (a < b), int64 (P, 2).
        confused: Share of the test pictures of both that got the other's class, float64 (P,) in 0..1.
        near: `neighbours` of the pair, float64 (P,) in 0..1.
        rho: Spearman's rank correlation of the two; NaN with fewer than three pairs or where one of them never varies.
        p: Share of the ways to exchange the classes that give a rho at least as large; NaN with `rho`.
        ways: How many of these ways were tried.
    """

    pairs: NDArray[np.int64]
    confused: NDArray[np.float64]
    near: NDArray[np.float64]
    rho: float
    p: float
    ways: int


def neighbours(counts: NDArray[np.int64], lattice: Lattice) -> NDArray[np.float64]:
    """How much classes live next door, float64 (C, C), symmetric.

    Look around every sample of class a: at the other samples of its unit and of the units that it touches (four, or six
    on a hexagonal lattice). The value is the share of class b among them, averaged over the samples of a, then over
    both directions. A sample without others around it counts as 0.
    """
    padded = np.vstack([counts, np.zeros((1, counts.shape[1]), np.int64)])  # adjacent is -1 where there is no unit
    around = counts + padded[lattice.adjacent].sum(axis=1)
    others = np.maximum(around.sum(axis=1, keepdims=True) - 1, 1)
    samples = np.maximum(counts.sum(axis=0), 1)
    shares: NDArray[np.float64] = counts.T @ (around / others) / samples[:, None]
    return (shares + shares.T) / 2


def next_door(matrix: NDArray[np.int64], near: NDArray[np.float64], seed: int = 0) -> NextDoor:
    """Compare a confusion matrix (C, C) with `neighbours` (C, C) of a map of the same classes.

    The pairs of one class are not independent, so p comes from exchanging whole classes (Mantel's test, one-sided).

    Raises:
        InputError: The two have different shapes.

    Source: Mantel, The detection of disease clustering and a generalized regression approach, Cancer Research 1967.
    """
    if matrix.shape != near.shape:
        raise InputError(f"Expected a map of {len(matrix)} classes. Received one of {len(near)}.")
    classes, totals = len(matrix), matrix.sum(axis=1)
    mistakes = (matrix + matrix.T) / np.maximum(totals[:, None] + totals, 1)
    rows, columns = np.triu_indices(classes, 1)
    confused, close = mistakes[rows, columns], near[rows, columns]
    pairs = np.stack([rows, columns], axis=1).astype(np.int64)
    if len(pairs) < 3 or np.ptp(confused) == 0 or np.ptp(close) == 0:
        return NextDoor(pairs, confused, close, math.nan, math.nan, 0)
    ranks = np.zeros((classes, classes))
    ranks[rows, columns] = ranks[columns, rows] = _standard(_ranks(confused))
    orders = _orders(classes, seed)
    # The first order leaves the classes as they are; every other one has the same ranks in other places.
    found = ranks[orders[:, rows], orders[:, columns]] @ _standard(_ranks(close))
    return NextDoor(pairs, confused, close, float(found[0]), float((found >= found[0] - 1e-12).mean()), len(orders))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    means: NDArray[np.float64] = (last - (counts - 1) / 2)[place]
    return means


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values moved and scaled to mean 0 and length 1: the product of two such vectors is their correlation."""
    centred = values - values.mean()
    scaled: NDArray[np.float64] = centred / np.linalg.norm(centred)
    return scaled


def _orders(classes: int, seed: int) -> NDArray[np.int64]:
    """All ways to order the classes, or PERMUTATIONS random ones after it; the one as it is comes first."""
    if math.factorial(classes) <= PERMUTATIONS:
        return np.array(list(itertools.permutations(range(classes))))
    rng = np.random.default_rng(seed)
    return np.stack([np.arange(classes), *(rng.permutation(classes) for _ in range(PERMUTATIONS))])
