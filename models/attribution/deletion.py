"""Deletion and insertion: does the score fall when what a map calls important is taken away first?

Takes a score function, not a network. Only the order that a map gives the places counts, not its values.

Source: Petsiuk, Das and Saenko, RISE (BMVC 2018), arXiv 1806.07421. Known limits: Gomez, Fréour and Mouchère, Metrics
for saliency map evaluation (2022), arXiv 2201.13291: only the order counts, and the pictures on the way are none that
the network has learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Task
from models.networks.answers import ScoreFunction
from models.occlusion.occlusion import filling
from models.storage.progress import SILENT, Progress

FILLS: Final = ("mean", "blur")
STEPS: Final = 16
RANDOM_ORDERS: Final = 5
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Curves:
    """The score of one picture as its places vanish (deletion) or come back (insertion), most important first.

    Attributes:
        methods: M names of the maps.
        shares: (S,) float32, 0..1, the share of the picture that was taken away or put back.
        deletion, insertion: (M, S) float32, the score of the class.
        random_deletion, random_insertion: (R, S) float32, the same in R random orders.
        cell: Side in pixels of the squares that come and go together.
        fill: What stands in for what is missing.
        score: "probability" or "logit".
    """

    methods: tuple[str, ...]
    shares: NDArray[np.float32]
    deletion: NDArray[np.float32]
    insertion: NDArray[np.float32]
    random_deletion: NDArray[np.float32]
    random_insertion: NDArray[np.float32]
    cell: int
    fill: str
    score: str


def area(curve: NDArray[np.floating], shares: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the area under curves (..., S) over `shares` 0..1, which is a mean score: (...)."""
    return np.asarray(((curve[..., 1:] + curve[..., :-1]) / 2 * np.diff(shares)).sum(axis=-1), np.float64)


def better_than_chance(found: Curves) -> tuple[str, ...]:
    """Return the methods that beat every random order of the picture: lower in deletion, higher in insertion."""
    down, up = (area(curve, found.shares) for curve in (found.deletion, found.insertion))
    lowest = area(found.random_deletion, found.shares).min()
    highest = area(found.random_insertion, found.shares).max()
    better = (down < lowest) & (up > highest)
    return tuple(name for name, known in zip(found.methods, better.tolist(), strict=True) if known)


def order(values: NDArray[np.floating], cell: int, seed: int = 0) -> NDArray[np.intp]:
    """Return the numbers of the squares, row by row from the top left, most important first.

    A square is as important as the mean of its pixels; those at the right and bottom edge may be cut off. Equal
    squares come in a random, seeded order: in the order of their numbers a flat region would vanish from the top,
    which is in no map.

    Args:
        values: (H, W), signed or not.
        cell: Side of the squares in pixels, at least 1.
        seed: Of the order among equals.
    """
    if cell < 1:
        raise InputError(f"Expected squares of at least 1 px. Received {cell} px.")
    rows, cols = (np.arange(0, size, cell) for size in values.shape)
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float64), rows, axis=0), cols, axis=1)
    heights, widths = (np.diff(np.append(start, size)) for start, size in zip((rows, cols), values.shape, strict=True))
    importance = (sums / np.outer(heights, widths)).ravel()
    # Rounding must not decide between squares that are equal but for it.
    importance = np.round(importance / (np.abs(importance).max() or 1.0), 9)
    return np.lexsort((np.random.default_rng(seed).permutation(importance.size), -importance))


def _pictures(
    start: NDArray[np.uint8], end: NDArray[np.uint8], ranking: NDArray[np.intp], cell: int, counts: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Return `start` (H, W, 3) with the first squares of the ranking taken from `end`: one for each of `counts`."""
    height, width = start.shape[:2]
    place = np.empty(ranking.size, np.intp)
    place[ranking] = np.arange(ranking.size)
    down, across = np.arange(height) // cell, np.arange(width) // cell
    when = place.reshape(-(-height // cell), -(-width // cell))[np.ix_(down, across)]  # (H, W): which comes how late
    return np.where(when[None, ..., None] < counts[:, None, None, None], end, start)


def curves(
    scorer: ScoreFunction,
    image: NDArray[np.uint8],
    maps: Mapping[str, NDArray[np.floating]],
    *,
    fill: str = "mean",
    cell: int = 4,
    steps: int = STEPS,
    score: str = "probability",
    progress: Progress = SILENT,
) -> Curves:
    """Return both curves of every map, and those of random orders.

    Args:
        scorer: Pictures (N, H, W, 3) uint8 -> their scores (N,).
        image: (H, W, 3) uint8 at the size the network takes.
        maps: (H, W) by name; large is important.
        fill: "mean" or "blur" (sigma an eighth of the shorter side).
        cell: Side in pixels of the squares that come and go together.
        steps: At least 1; as many equal parts, but no more than there are squares.
        score: What the scorer returns, for the result.
        progress: Asked before every batch whether to go on.

    Raises:
        InputError: Another fill, or squares or steps below 1.

    Cost: 2 (maps + `RANDOM_ORDERS`) (steps - 1) + 2 forward passes.
    """
    if fill not in FILLS or steps < 1:
        raise InputError(f"Expected the fill to be one of {', '.join(FILLS)}. Received {fill!r} and {steps} steps.")
    hidden = filling(image, fill, max(min(image.shape[:2]) // 4, 1))
    rankings = [order(values, cell) for values in maps.values()]
    squares = -(-image.shape[0] // cell) * -(-image.shape[1] // cell)
    random = np.random.default_rng(0)
    rankings += [random.permutation(squares) for _ in range(RANDOM_ORDERS)]
    counts = np.unique(np.rint(np.linspace(0, squares, steps + 1)).astype(np.intp))
    (first, last) = scorer(np.stack([image, hidden]))
    found = np.empty((2, len(rankings), len(counts)), np.float32)
    found[0, :, 0], found[0, :, -1] = first, last
    found[1, :, 0], found[1, :, -1] = last, first
    for number, ranking in enumerate(rankings):
        for way, (start, end) in enumerate(((image, hidden), (hidden, image))):
            for at in range(1, len(counts) - 1, _BATCH):
                progress.check()
                part = counts[at : min(at + _BATCH, len(counts) - 1)]
                found[way, number, at : at + len(part)] = scorer(_pictures(start, end, ranking, cell, part))
    m = len(maps)
    return Curves(
        tuple(maps), (counts / squares).astype(np.float32), found[0, :m], found[1, :m], found[0, m:], found[1, m:],
        cell, fill, score,
    )  # fmt: skip


DELETION_CURVES = Task("deletion_curves", "models.attribution.worker.explain:deletion_curves", Curves)
