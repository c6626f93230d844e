"""One step of a self-organising map, online or batch, and the order in which online training sees the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from models.som_lattice import Floats, Indices, Lattice, factors, theta
from models.som_measures import Range, nearest, silent, unit_sums
from models.som_spec import SomSpec


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
    check: Callable[[], None] = silent,
) -> Floats:
    """Every unit becomes the mean of all samples, each weighted by the neighbourhood of unit and sample's BMU.

    A unit whose neighbourhood reaches no sample keeps its weights. Returns a new codebook (rows, columns, D).

    Args:
        spec: Lattice and neighbourhood; by default rectangular and Gaussian.
        best: BMU numbers of the samples, if they are known already.
    """
    rows, columns, depth = codebook.shape
    spec = spec or SomSpec(rows, columns)
    if best is None:
        best, _ = nearest(samples, codebook.reshape(-1, depth), check=check)
    centre = codebook.mean(axis=(0, 1))  # sums of differences to it are exact where the data lie far from the origin
    sums = unit_sums(samples, best, rows * columns, centre, check).reshape(rows, columns, depth)
    hits = np.bincount(best, minlength=rows * columns).astype(np.float32).reshape(rows, columns, 1)
    spread, mass = np.zeros_like(sums), np.zeros_like(hits)
    for vertical, horizontal in factors(Lattice.of(spec), spec.neighbourhood, radius):
        for total, values in ((spread, sums), (mass, hits)):
            _add_spread(total, values, vertical, horizontal)
    return np.where(mass > 1e-12, spread / np.maximum(mass, 1e-12) + centre, codebook)


def _add_spread(total: Floats, values: Floats, vertical: Floats, horizontal: dict[float, Floats]) -> None:
    """Add values (rows, columns, K) to total, spread by one pair of `som_lattice.factors`."""
    every = 2 if len(horizontal) > 1 else 1
    for odd in range(every):
        for odd_source in range(every):
            source = values[odd_source::every]
            height, columns, depth = source.shape
            rows = vertical[odd::every, odd_source::every] @ source.reshape(height, columns * depth)
            total[odd::every] += np.matmul(horizontal[(odd - odd_source) / 2], rows.reshape(-1, columns, depth))


def online_step(
    sample: Floats,
    codebook: Floats,
    rate: float,
    radius: float,
    spec: SomSpec | None = None,
    lattice: Lattice | None = None,
    bounds: Range | None = None,
) -> int:
    """`W_i <- W_i + rate * theta_i * (x - W_i)` for one sample (D,), in place, with `som_lattice.theta`.

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
