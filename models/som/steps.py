"""One step of a self-organising map, online or batch: the search for BMUs, the update, and the order of the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som.lattice import Factors, Floats, Indices, Lattice, factors, theta
from models.som.spec import SomSpec

Range = tuple[Floats, Floats]
MIN_MASS = 1e-12  # of the neighbourhood: less is no reach, and its quotient noise
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


def sample_order(spec: SomSpec, n_samples: int) -> Indices:
    """Number of the sample that each online step uses, int64 (steps,): drawn with replacement, fixed by the seed."""
    return np.concatenate(list(epoch_orders(spec, n_samples)))


def epoch_orders(spec: SomSpec, n_samples: int) -> Iterator[Indices]:
    """`sample_order`, one epoch at a time: a thousand epochs of a million samples would not fit into memory."""
    rng = np.random.default_rng((spec.seed, 1))  # not the generator of the start, which knows the features
    for _ in range(spec.epochs):
        yield rng.integers(n_samples, size=n_samples)


def batch_step(
    samples: Floats,
    codebook: Floats,
    radius: float,
    spec: SomSpec | None = None,
    best: Indices | None = None,
    search: Search | None = None,
) -> Floats:
    """Every unit becomes the mean of all samples, each weighted by the neighbourhood of unit and sample's BMU.

    A unit whose neighbourhood reaches no sample keeps its weights. Returns a new codebook (rows, columns, D).

    Args:
        spec: Lattice and neighbourhood; by default rectangular and Gaussian.
        best: BMU numbers of the samples, if they are known already.
        search: Of these samples, if there is one already.
    """
    rows, columns, depth = codebook.shape
    spec = spec or SomSpec(rows, columns)
    flat = codebook.reshape(rows * columns, depth)
    search = search or Search(samples, len(flat), flat.mean(axis=0))
    sums = _sums(search, flat, best).reshape(rows, columns, depth + 1)

    def spread_by(pair: Factors) -> Floats:
        search.check()  # other neighbourhoods than the Gaussian have as many pairs as the lattice has rows
        return _spread(sums, *pair)

    spread = reduce(np.add, map(spread_by, factors(Lattice.of(spec), spec.neighbourhood, radius)))
    mass = spread[..., depth:]
    reached = mass > MIN_MASS
    new = np.divide(spread[..., :depth], np.maximum(mass, np.float32(MIN_MASS)))
    new += search.centre
    return new if reached.all() else np.where(reached, new, codebook)


def _sums(search: Search, codebook: Floats, best: Indices | None) -> Floats:
    """For every unit the sum of (sample - centre) over its samples, and their number, float32 (units, D + 1)."""
    from scipy.sparse import csc_array

    units, depth = codebook.shape
    if best is None:
        best, _ = search.nearest(codebook)
    sums = np.zeros((units, depth + 1), np.float32)
    for part, block in search.blocks(together=True):
        count = len(block)
        members = csc_array((np.ones(count, np.float32), best[part], np.arange(count + 1)), shape=(units, count))
        sums += members @ block
    return sums


def _spread(values: Floats, vertical: Floats, horizontal: dict[float, Floats]) -> Floats:
    """Spread values (rows, columns, K) over the lattice by one pair of `lattice.factors`."""
    rows, columns, depth = values.shape
    if len(horizontal) == 1:
        return horizontal[0.0] @ (vertical @ values.reshape(rows, columns * depth)).reshape(values.shape)
    total = np.zeros_like(values)
    for target in (0, 1):  # even and odd rows of a hexagonal lattice are shifted against each other
        for source in (0, 1):
            given = values[source::2].reshape(-1, columns * depth)
            moved = vertical[target::2, source::2] @ given
            total[target::2] += horizontal[(target - source) / 2] @ moved.reshape(-1, columns, depth)
    return total


def online_step(
    sample: Floats,
    codebook: Floats,
    rate: float,
    radius: float,
    spec: SomSpec | None = None,
    lattice: Lattice | None = None,
    bounds: Range | None = None,
) -> int:
    """`W_i <- W_i + rate * theta_i * (x - W_i)` for one sample (D,), in place, with `lattice.theta`.

    Args:
        codebook: float32 (rows, columns, D), changed.
        spec: Neighbourhood; by default Gaussian.
        lattice: `Lattice.of(spec)`, if at hand; by default rectangular.
        bounds: `weight_range`: lowest and highest weights; None leaves them free.

    Returns:
        The number of the sample's BMU before the update, the first among equals.
    """
    spec = spec or SomSpec(*codebook.shape[:2])
    lattice = lattice or Lattice.of(spec)
    difference = sample - codebook
    unit = int(np.einsum("rcd,rcd->rc", difference, difference).argmin())
    weights = theta(spec, lattice, unit, radius, codebook)
    weights *= np.float32(rate)
    difference *= weights[..., None]
    codebook += difference
    if bounds is not None:
        np.clip(codebook, *bounds, out=codebook)
    return unit


def weight_range(samples: Floats, spec: SomSpec) -> Range | None:
    """The range of every feature, two float32 (D,), for the Mexican hat; None for others.

    A neighbourhood that pushes would drive weights away without end; they stop at the border of the data.
    """
    if spec.neighbourhood != "mexican hat":
        return None
    return samples.min(axis=0), samples.max(axis=0)
