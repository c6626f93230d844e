"""Finds the BMUs of many samples: a block at a time, one matrix product each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som_lattice import Floats, Indices

MAX_VALUE = 1e15  # larger values overflow when they are squared
BLOCK_VALUES = 1 << 21  # numbers held at once: 8 MiB
HUGE = 1 << 20  # from 4 MiB on, NumPy asks the system for huge pages, which are faster
BLOCK_SAMPLES = 640  # searched at once: their scores stay in the cache, and the weights are not prepared too often


def silent() -> None:
    """The check of a computation that nobody wants to stop."""


def checked(features: NDArray[Any], check: Callable[[], None] = silent) -> Floats:
    """Features as contiguous float32 (N, D), the given array itself if it is that already.

    Raises:
        InputError: Another shape, no sample, NaN, infinity, or values beyond 1e15.
    """
    if features.ndim != 2 or 0 in features.shape:
        raise InputError(
            f"Expected features of shape (samples, values), at least one of each. Received {features.shape}."
        )
    with np.errstate(over="ignore"):  # what does not fit into float32 becomes infinity, which the loop finds
        samples: Floats = np.ascontiguousarray(features, np.float32)
    for part in blocks(samples, 1, check):
        largest = np.abs(samples[part]).max()
        if not np.isfinite(largest):
            raise InputError("Expected finite features. Received NaN or infinity.")
        if largest > MAX_VALUE:
            raise InputError(f"Expected features between -1e15 and 1e15. Received {largest:g}.")
    return samples


def blocks(samples: Floats, width: int, check: Callable[[], None] = silent) -> Iterator[slice]:
    """Slices of the samples, each so long that BLOCK_VALUES hold `width` numbers or the features of its samples."""
    size = max(1, BLOCK_VALUES // max(width, samples.shape[1]))
    for start in range(0, len(samples), size):
        check()
        yield slice(start, min(start + size, len(samples)))


class Search:
    """Samples made ready for one search after the other, as a training needs them; the buffers are kept.

    Args:
        samples: float32 (N, D).
        units: How many units a codebook has.
        centre: A point amid the data, float32 (D,): without it, differences between units would drown when the data
            lie far from the origin.
        check: Called before every block.
    """

    def __init__(self, samples: Floats, units: int, centre: Floats, check: Callable[[], None] = silent) -> None:
        self.samples, self.centre, self.check = samples, centre, check
        longest = min(len(samples), BLOCK_SAMPLES)
        starts = range(0, len(samples), longest)
        self.parts = [slice(start, min(start + longest, len(samples))) for start in starts]
        self._scores = np.empty(max(HUGE, longest * units), np.float32)
        self._weights = np.empty((units, samples.shape[1] + 1), np.float32)
        self._whole = samples.size <= BLOCK_VALUES
        kept = len(samples) if self._whole else max(longest, BLOCK_VALUES // samples.shape[1])
        self._centred = np.ones((kept, samples.shape[1] + 1), np.float32)
        if self._whole:
            np.subtract(samples, centre, out=self._centred[:, :-1])

    def blocks(self, together: bool = False) -> Iterator[tuple[slice, Floats]]:
        """Slices of the samples, and for each float32 (n, D + 1): sample - centre, then a column of ones.

        Slices are as long as a search is fast or, `together`, as the array allows. Of few samples all are kept; of
        many, the array is one buffer, filled anew for every slice.
        """
        kept = len(self._centred)
        starts = range(0, len(self.samples), kept)
        for part in [slice(i, min(i + kept, len(self.samples))) for i in starts] if together else self.parts:
            self.check()
            if self._whole:
                yield part, self._centred[part]
                continue
            block = self._centred[: part.stop - part.start]
            np.subtract(self.samples[part], self.centre, out=block[:, :-1])
            yield part, block

    def scores(self, codebook: Floats) -> Iterator[tuple[slice, Floats, Floats]]:
        """`blocks`, each with the scores of all units, float32 (n, units): the highest is the nearest unit's.

        The smallest |x - w|^2 is the largest x.w - |w|^2 / 2; the block's column of ones brings in the second term, so
        that one matrix product does it all. The scores are one buffer, too.

        Args:
            codebook: float32 (units, D).
        """
        weights = self._weights
        np.subtract(codebook, self.centre, out=weights[:, :-1])
        weights[:, -1] = -0.5 * np.einsum("ud,ud->u", weights[:, :-1], weights[:, :-1])
        for part, block in self.blocks():
            scores = self._scores[: len(block) * len(weights)].reshape(len(block), len(weights))
            yield part, block, np.matmul(block, weights.T, out=scores)

    def nearest(self, codebook: Floats, second: bool = False) -> tuple[Indices, Indices]:
        """The best and, when `second`, the second best unit of every sample (else the best again), int64 (N,) each."""
        best = np.empty(len(self.samples), np.int64)
        runner_up = np.empty_like(best) if second and len(codebook) > 1 else best
        for part, _, scores in self.scores(codebook):
            best[part] = scores.argmax(axis=1)
            if runner_up is not best:
                scores[np.arange(len(scores)), best[part]] = -np.inf
                runner_up[part] = scores.argmax(axis=1)
        return best, runner_up


def nearest(samples: Floats, codebook: Floats, second: bool = False) -> tuple[Indices, Indices]:
    """`Search.nearest` of a single codebook (units, D)."""
    return Search(samples, len(codebook), codebook.mean(axis=0)).nearest(codebook, second)
