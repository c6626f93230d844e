"""The search for the unit nearest to every sample: fast by matrix products, exact where these cannot decide.

A product of matrices gives all distances at once, but the smaller of two large numbers' difference drowns in their
rounding: where most samples lie close together and some far away, float32 knows no difference between the units among
the many. So a score (`Search`) is trusted only as far as its own rounding allows. Units that it cannot tell apart are
compared again by the squares of differences in float64, and where that happens often, products are in float64, too.
Of units that are equally near in float64, the one with the smallest number counts as the nearest.

Source: N. Higham and T. Mary, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from models.errors import InputError
from models.som.lattice import Doubles, Floats, Indices
from models.wording import significant

MAX_VALUE = 1e15  # larger values overflow when they are squared
BLOCK_VALUES = 1 << 21  # numbers held at once: 8 MiB
HUGE = 1 << 20  # from 4 MiB on, NumPy asks the system for huge pages, which are faster
BLOCK_SAMPLES = 640  # searched at once: their scores stay in the cache, and the weights are not prepared too often
SURE = 3.0  # standard deviations of its rounding within which a score is taken to lie
VAGUE = 1e-3  # rounding against the squared distance itself, from which on a training step looks closer
GRAIN = 40  # bits of a feature's range that weights of float64 keep: twelve digits
DEMANDING = 0.125  # share of the samples in doubt, from which on products are in float64


def silent() -> None:
    """The check of a computation that nobody wants to stop."""


def checked(features: NDArray[Any], check: Callable[[], None] = silent) -> Floats:
    """Features as contiguous floats (N, D), the given array itself if it is that already.

    They are float32 where that holds every number of the given type, so float32 itself, and float64 otherwise: a
    whole number of ten digits keeps all of them.

    Raises:
        InputError: Another shape, no sample, NaN, infinity, or values beyond 1e15.
    """
    if features.ndim != 2 or 0 in features.shape:
        raise InputError(
            f"Expected features of shape (samples, values), at least one of each. Received {features.shape}."
        )
    precise = np.result_type(features.dtype, np.float32) != np.float32
    samples: Floats = np.ascontiguousarray(features, np.float64 if precise else np.float32)
    for part in blocks(samples, 1, check):
        largest = np.abs(samples[part]).max()
        if not np.isfinite(largest):
            raise InputError("Expected finite features. Received NaN or infinity.")
        if largest > MAX_VALUE:
            raise InputError(f"Expected features between −10¹⁵ and 10¹⁵. Received {significant(largest, 6)}.")
    return samples


def blocks(samples: Floats, width: int, check: Callable[[], None] = silent) -> Iterator[slice]:
    """Slices of the samples, each so long that BLOCK_VALUES hold `width` numbers or the features of its samples."""
    size = max(1, BLOCK_VALUES // max(width, samples.shape[1]))
    for start in range(0, len(samples), size):
        check()
        yield slice(start, min(start + size, len(samples)))


class Centred:
    """Samples around a centre as arrays (n, D + 1) of one type: sample - centre, then a column of ones.

    Of few samples all are kept; of many, the array is one buffer, filled anew for every slice.

    Attributes:
        kept: How many samples a slice may have.
        squares: Squared distance from the centre of every sample that `block` has given, (N,).
    """

    def __init__(self, samples: Floats, centre: Floats, kind: DTypeLike) -> None:
        self._samples, self._centre = samples, centre
        self._whole = samples.size <= BLOCK_VALUES
        least = min(len(samples), BLOCK_SAMPLES)
        self.kept = len(samples) if self._whole else max(least, BLOCK_VALUES // samples.shape[1])
        self._values: Floats = np.ones((self.kept, samples.shape[1] + 1), kind)
        self.squares: Floats = np.empty(len(samples), kind)
        if self._whole:
            self._fill(slice(0, len(samples)))

    def _fill(self, part: slice | Indices) -> Floats:
        chosen = self._samples[part]
        block = self._values[: len(chosen)]
        # In the wider of the types: a difference rounded too early has lost its digits.
        kind = np.result_type(self._samples, self._centre, block)
        np.subtract(chosen, self._centre, out=block[:, :-1], dtype=kind)
        self.squares[part] = _squares(block[:, :-1])
        return block

    def block(self, part: slice | Indices) -> Floats:
        """A slice of the samples, or some by their numbers, (n, D + 1)."""
        return self._values[part] if self._whole else self._fill(part)


def _squares(rows: Floats) -> Floats:
    found: Floats = np.einsum("nd,nd->n", rows, rows)
    return found


class Search:
    """Samples made ready for one search after the other, as a training needs them; the buffers are kept.

    The smallest |x - w|^2 is the largest x.w - |w|^2 / 2, the score of a unit for a sample; the column of ones brings
    in the second term, so that one matrix product does it all.

    Args:
        samples: float32 or float64 (N, D).
        units: How many units a codebook has.
        centre: A point amid the data (D,): without it, differences between units would drown when the data lie far
            from the origin.
        check: Called before every block.
        exact: Whether every search is exact, see `nearest`.

    Attributes:
        parts: The slices of the samples that are searched together.
    """

    def __init__(
        self,
        samples: Floats,
        units: int,
        centre: Floats,
        check: Callable[[], None] = silent,
        *,
        exact: bool = False,
    ) -> None:
        self.samples, self.centre, self.check = samples, centre, check
        longest = min(len(samples), BLOCK_SAMPLES)
        starts = range(0, len(samples), longest)
        self.parts = [slice(start, min(start + longest, len(samples))) for start in starts]
        self._begins = np.arange(longest) * units  # where the scores of each sample of a slice begin
        self._shape = units, samples.shape[1] + 1
        self._exact = exact or samples.dtype == np.float64
        self._own = Centred(samples, centre, samples.dtype)
        self._use(np.float32)

    def _use(self, kind: DTypeLike) -> None:
        """Make the buffers for products of this type."""
        self._scores: Floats = np.empty(max(HUGE, self.parts[0].stop * self._shape[0]), kind)
        self._weights: Floats = np.empty(self._shape, kind)
        is_own = np.dtype(kind) == self.samples.dtype
        self._centred = self._own if is_own else Centred(self.samples, self.centre, kind)
        # Rounding is a random walk through the D + 1 terms of a score, and a few more before and after. A unit as near
        # as d to a sample that is r from the centre is at most r + d from it, which bounds its terms: its score may lie
        # `rounding` (5.1 r^2 + 3 d^2) too low against another, with d^2 = r^2 - 2 score.
        self._rounding = float(np.finfo(kind).eps) / 2 * (SURE * self._shape[1] ** 0.5 + 4)
        self._least = float(np.finfo(kind).tiny) * self._shape[1]
        # That is more than VAGUE d^2 where the score is more than this share of r^2.
        self._vague = (VAGUE - 8.1 * self._rounding) / max(2 * VAGUE - 6 * self._rounding, VAGUE)

    @cached_property
    def grain(self) -> Doubles | None:
        """What the weights of a map of float64 samples are multiples of, float64 (D,); None for float32 samples.

        The last digits of a sum depend on the order in which it is added up, and so on the machine. Weights that mean
        the same are made equal by leaving them out, so that units are equally near, or not, on every machine.
        """
        if self.samples.dtype == np.float32:
            return None
        low, high = self.samples.min(axis=0), self.samples.max(axis=0)
        _, exponent = np.frexp(np.where(high > low, high - low, np.abs(high)))
        grain: Doubles = np.ldexp(np.ones(len(exponent)), exponent - GRAIN)
        return grain

    def centred_blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Slices of the samples as long as memory allows, each with `Centred.block` in the samples' own type."""
        for start in range(0, len(self.samples), self._own.kept):
            self.check()
            part = slice(start, min(start + self._own.kept, len(self.samples)))
            yield part, self._own.block(part)

    def nearest(self, codebook: Floats, second: bool = False) -> tuple[Indices, Indices]:
        """The best and, when `second`, the second best unit of every sample (else the best again), int64 (N,) each.

        Both are exact (see the module) for float64 samples, in an exact search, and whenever `second`. Else, in the
        steps of a training, two units may be taken for each other whose squared distances differ by less than VAGUE.

        Args:
            codebook: (units, D), of either type.
        """
        ranks = np.zeros((2 if second and len(codebook) > 1 else 1, len(self.samples)), np.int64)
        if len(codebook) > 1:
            self._prepare(codebook)
            tops: Floats = np.empty((len(ranks) + 1, len(self.samples)), self._weights.dtype)
            sure = [self._rank(part, ranks[:, part], tops[:, part]) for part in self.parts]
            if not all(sure) and not self._settle(codebook, ranks, tops):
                self._use(np.float64)
                return self.nearest(codebook, second)
        return ranks[0], ranks[-1]

    def _prepare(self, codebook: Floats) -> None:
        weights = self._weights
        kind = np.result_type(codebook, self.centre, weights)
        np.subtract(codebook, self.centre, out=weights[:, :-1], dtype=kind)
        weights[:, -1] = -0.5 * _squares(weights[:, :-1])

    def _score(self, part: slice | Indices) -> Floats:
        """The scores of all units for some samples, (n, units), in the buffer."""
        block = self._centred.block(part)
        scores = self._scores[: len(block) * self._shape[0]].reshape(len(block), -1)
        return np.matmul(block, self._weights.T, out=scores)

    def _rank(self, part: slice, ranks: Indices, tops: Floats) -> bool:
        """Write the nearest units of the samples of a slice and their scores; return whether these are certain.

        Args:
            ranks: (count, n).
            tops: (count + 1, n); the last is the best score of all other units, where that may be of interest.
        """
        self.check()
        scores, begins = self._score(part), self._begins[: part.stop - part.start]
        flat = scores.reshape(-1)
        for best, top in zip(ranks, tops, strict=False):
            best[:] = scores.argmax(axis=1)
            places = begins + best
            top[:] = flat[places]
            if len(ranks) == 2 or self._exact:
                flat[places] = -np.inf
        if len(ranks) == 2 or self._exact:
            tops[-1] = flat[begins + scores.argmax(axis=1)]  # twice as fast as the largest value itself
            return False
        tops[-1] = -np.inf
        [asked] = np.nonzero(tops[0] > self._vague * self._centred.squares[part])
        if len(asked):
            others = scores[asked]
            others[np.arange(len(asked)), ranks[0, asked]] = -np.inf
            tops[-1, asked] = others.max(axis=1)
        return not len(asked)

    def _settle(self, codebook: Floats, ranks: Indices, tops: Floats) -> bool:
        """Compare again, by differences in float64, what scores cannot tell apart; False if that would be too much."""
        last = tops[-2]
        slack = self._rounding * (8.1 * self._centred.squares - 6 * last) + self._least
        least = last - slack
        doubtful = tops[-1] >= least
        if len(ranks) == 2:
            doubtful |= tops[0] - last <= slack
        [doubted] = np.nonzero(doubtful)
        if len(doubted) > DEMANDING * len(doubtful) and tops.dtype == np.float32:
            return False
        size = min(len(self._begins), max(1, BLOCK_VALUES // len(codebook)))
        for start in range(0, len(doubted), size):
            self.check()
            few = doubted[start : start + size]
            close = self._score(few) >= least[few, None]
            close[np.arange(len(few)), ranks[:, few]] = True
            row, unit = np.nonzero(close)
            squared = distances(self.samples[few], codebook, row, unit)
            ranks[:, few] = first_of(row, unit, squared, len(ranks))
        return True


def distances(samples: Floats, codebook: Floats, row: Indices, unit: Indices) -> Doubles:
    """Squared Euclidean distances of pairs of a sample and a unit, by their numbers, float64 (pairs,)."""
    found = np.empty(len(row))
    size = max(1, BLOCK_VALUES // samples.shape[1])
    for start in range(0, len(row), size):
        part = slice(start, start + size)
        apart = samples[row[part]].astype(np.float64) - codebook[unit[part]]
        found[part] = _squares(apart)
    return found


def first_of(row: Indices, unit: Indices, squared: Doubles, count: int) -> Indices:
    """For every row among the pairs the `count` units with the smallest squared distances, int64 (count, rows).

    Rows come in the order of their numbers, equally near units in that of theirs. Every row has `count` pairs or more.
    """
    order = np.lexsort((unit, squared, row))
    [begins] = np.nonzero(np.diff(row[order], prepend=-1))
    found: Indices = unit[order[begins + np.arange(count)[:, None]]]
    return found


def nearest(samples: Floats, codebook: Floats, second: bool = False) -> tuple[Indices, Indices]:
    """`Search.nearest` of a single codebook (units, D), always exact."""
    return Search(samples, len(codebook), codebook.mean(axis=0), exact=True).nearest(codebook, second)
