"""One step of a self-organising map, online or batch: its BMUs, the update, and the order of the samples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np

from models.som.lattice import Doubles, Factors, Floats, Indices, Lattice, factors, theta
from models.som.search import Search
from models.som.spec import SomSpec

Range = tuple[Floats, Floats]
MIN_MASS = 1e-12  # of the neighbourhood: less is no reach, and its quotient noise
CLOSE = 1e-4  # share by which squares in float32 may differ, and still be compared again in float64


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

    A unit whose neighbourhood reaches no sample keeps its weights. Returns a new codebook (rows, columns, D), of the
    samples' type; the weights of float64 samples are multiples of `Search.grain`.

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

    spread = reduce(np.add, map(spread_by, factors(Lattice.of(spec), spec.neighbourhood, radius, sums.dtype)))
    mass = spread[..., depth:]
    reached = mass > MIN_MASS
    new = np.divide(spread[..., :depth], np.maximum(mass, mass.dtype.type(MIN_MASS)))
    new += search.centre
    if not reached.all():
        new = np.where(reached, new, codebook)
    return new if search.grain is None else np.round(new / search.grain) * search.grain


def _sums(search: Search, codebook: Floats, best: Indices | None) -> Floats:
    """For every unit the sum of (sample - centre) over its samples, and their number: (units, D + 1), typed as they."""
    from scipy.sparse import csc_array

    units, depth = codebook.shape
    if best is None:
        best, _ = search.nearest(codebook)
    sums: Floats = np.zeros((units, depth + 1), search.samples.dtype)
    for part, block in search.centred_blocks():
        count = len(block)
        members = csc_array((np.ones(count, sums.dtype), best[part], np.arange(count + 1)), shape=(units, count))
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
        codebook: (rows, columns, D), of the sample's type, changed.
        spec: Neighbourhood; by default Gaussian.
        lattice: `Lattice.of(spec)`, if at hand; by default rectangular.
        bounds: `weight_range`: lowest and highest weights; None leaves them free.

    Returns:
        The number of the sample's BMU before the update, the first among equals.
    """
    spec = spec or SomSpec(*codebook.shape[:2])
    lattice = lattice or Lattice.of(spec)
    difference = sample - codebook
    unit = _nearest(sample, codebook, np.einsum("rcd,rcd->rc", difference, difference).ravel())
    weights = theta(spec, lattice, unit, radius, codebook)
    weights *= weights.dtype.type(rate)
    difference *= weights[..., None]
    codebook += difference
    if bounds is not None:
        np.clip(codebook, *bounds, out=codebook)
    return unit


def _nearest(sample: Floats, codebook: Floats, squares: Floats) -> int:
    """The number of the unit nearest to one sample; `squares` are its squared distances, rounded."""
    best = int(squares.argmin())
    if squares.dtype == np.float64:
        return best
    close = squares <= squares[best] * np.float32(1 + CLOSE)
    if np.count_nonzero(close) == 1:
        return best
    return int(np.where(close, squared_distances(sample, codebook), np.inf).argmin())


def squared_distances(sample: Floats, codebook: Floats) -> Doubles:
    """Squared Euclidean distance of a sample (D,) to every unit of (rows, columns, D), float64 (units,)."""
    apart = sample.astype(np.float64) - codebook.reshape(-1, codebook.shape[-1])
    found: Doubles = np.einsum("ud,ud->u", apart, apart)
    return found


def weight_range(samples: Floats, spec: SomSpec) -> Range | None:
    """The range of every feature, two arrays (D,), for the Mexican hat; None for others.

    A neighbourhood that pushes would drive weights away without end; they stop at the border of the data.
    """
    if spec.neighbourhood != "mexican hat":
        return None
    return samples.min(axis=0), samples.max(axis=0)
