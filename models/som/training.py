"""The self-organising map (Kohonen 1982): online and batch training on any lattice.

Vocabulary: a *unit* sits on the lattice and has *weights*, a point of the input space; the *codebook* is all weights;
the *BMU* of a sample is the unit with the nearest weights, of units equally near the one with the smallest number; the
*radius* is the width of the neighbourhood, measured on the lattice. With the exponential law, step s of s_total uses
`rate(s) = rate0 exp(-s/s_n)` and `radius(s) = radius0 exp(-s/s_n)` with the time constant `s_n = s_total / decay`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.som import costs
from models.som.lattice import Doubles, Floats, Indices, Lattice
from models.som.measures import quality
from models.som.search import Search, blocks, checked, silent
from models.som.spec import SomSpec
from models.som.steps import batch_step, epoch_orders, online_step, weight_range

CHECK_AFTER = 1 << 20  # weights moved online between two checks: some milliseconds
MAX_EXACT = 1024  # features whose whole covariance is held for the start "pca"
SPANNED, ITERATIONS = 6, 20  # beyond: directions searched at once, and how often they are turned towards the data


@dataclass(frozen=True)
class Snapshot:
    """A map at one moment of its training.

    Attributes:
        step: Steps done, 0 for the untrained map.
        epoch: The same in epochs (online: samples seen / samples).
        codebook: Weights (rows, columns, D), float32, or float64 where the samples are.
        bmu: BMU of every sample, exact for this codebook: row * columns + column, int64 (N,).
        quantization_error: Mean Euclidean distance of a sample to its BMU's weights, in units of the data.
        topographic_error: Share of samples (0..1) whose best and second best unit do not touch (`Lattice.touching`).
            Of units equally near to a sample, those with smaller numbers come first: where all units have the same
            weights, units 0 and 1 are best and second best, they touch, and the error is 0.
        rate: Learning rate of the step that comes next; NaN for batch training.
        radius: Radius of the step that comes next, in units of the lattice.
    """

    step: int
    epoch: float
    codebook: Floats
    bmu: Indices
    quantization_error: float
    topographic_error: float
    rate: float
    radius: float


def snapshots(features: NDArray[Any], spec: SomSpec, check: Callable[[], None] = silent) -> Iterator[Snapshot]:
    """Train a map and yield it at up to `spec.snapshots` evenly spaced moments, the first and the last among them.

    Args:
        features: Real numbers (N, D); an array of float32 or float64, memory-mapped or not, is not copied. The map
            has weights of the type of `search.checked`.
        spec: What to train.
        check: Called several times a second; it may raise to stop the training.

    Raises:
        InputError: No sample, NaN, infinity or values beyond 1e15.
        TooLarge: The training would not fit into memory.

    Source: Kohonen, "Self-organized formation of topologically correct feature maps", 1982.
    """
    samples = checked(features, check)
    costs.refuse_too_large(spec, costs.estimate(spec, len(samples), samples.shape[1], number=samples.itemsize))
    codebook = initial_codebook(samples, spec, check)
    search = Search(samples, spec.rows * spec.columns, codebook.mean(axis=(0, 1)), check)
    walk = _batch if spec.method == "batch" else _online
    return walk(search, codebook, spec)


def _batch(search: Search, codebook: Floats, spec: SomSpec) -> Iterator[Snapshot]:
    wanted = _moments(spec, spec.epochs)
    for step in range(spec.epochs + 1):
        search.check()
        best = None
        if step in wanted:
            snapshot = _snapshot(search, codebook, spec, step)
            best = snapshot.bmu
            yield snapshot
        if step < spec.epochs:
            radius = spec.decayed(spec.radius0, step, spec.epochs)
            codebook = batch_step(search.samples, codebook, radius, spec, best, search=search)


def _online(search: Search, codebook: Floats, spec: SomSpec) -> Iterator[Snapshot]:
    samples, lattice = search.samples, Lattice.of(spec)
    steps, bounds = spec.steps(len(samples)), weight_range(samples, spec)
    wanted, every = _moments(spec, steps), max(1, CHECK_AFTER // codebook.size)
    order = (number for epoch in epoch_orders(spec, len(samples)) for number in epoch.tolist())
    for step in range(steps + 1):
        if step in wanted:
            yield _snapshot(search, codebook, spec, step)
        if step % every == 0:
            search.check()
        if step < steps:
            rate, radius = (spec.decayed(value, step, steps) for value in (spec.rate0, spec.radius0))
            online_step(samples[next(order)], codebook, rate, radius, spec, lattice, bounds)


def _moments(spec: SomSpec, steps: int) -> set[int]:
    return {round(moment) for moment in np.linspace(0, steps, spec.snapshots)}


def _snapshot(search: Search, codebook: Floats, spec: SomSpec, step: int) -> Snapshot:
    steps = spec.steps(len(search.samples))
    best, quantization, topographic = quality(search.samples, codebook, Lattice.of(spec), search)
    rate = spec.decayed(spec.rate0, step, steps) if spec.method == "online" else math.nan
    radius = spec.decayed(spec.radius0, step, steps)
    return Snapshot(step, spec.epochs * step / steps, codebook.copy(), best, quantization, topographic, rate, radius)


def initial_codebook(samples: Floats, spec: SomSpec, check: Callable[[], None] = silent) -> Floats:
    """Weights before training, (rows, columns, D) of the samples' type, always on the scale of the data.

    "pca" spans the plane of the first two principal components, one standard deviation to each side, with the first
    component along the longer side of the lattice.
    """
    rows, columns, rng = spec.rows, spec.columns, np.random.default_rng(spec.seed)
    shape = (rows, columns, samples.shape[1])
    if spec.start == "random":
        low, high = samples.min(axis=0), samples.max(axis=0)
        drawn: Floats = (low + (high - low) * rng.random(shape)).astype(samples.dtype)
        return drawn
    if spec.start == "sample":
        return np.take(samples, rng.integers(len(samples), size=shape[:2]), axis=0)
    mean, axes = principal_axes(samples, check)
    down, across = (axes[0], axes[1]) if rows > columns else (axes[1], axes[0])
    row, column = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape[:2])
    plane = row[:, None, None] * down + column[None, :, None] * across
    spanned: Floats = (mean + plane).astype(samples.dtype)
    return spanned


def principal_axes(samples: Floats, check: Callable[[], None] = silent) -> tuple[Doubles, Doubles]:
    """The mean, float64 (D,), and the first two principal directions, each as long as its standard deviation, (2, D).

    Zeros where the data have no second direction, or none at all. With more than MAX_EXACT features, whose covariance
    would not fit into memory, the directions come from power iterations and are close to the principal ones.
    """
    from scipy.linalg import eigh

    depth = samples.shape[1]
    mean = sum(samples[part].sum(axis=0, dtype=np.float64) for part in blocks(samples, 1, check)) / len(samples)
    if depth <= MAX_EXACT:
        covariance = _covariance(samples, mean, None, check)
        variances, directions = eigh(covariance, subset_by_index=[max(0, depth - 2), depth - 1])
    else:
        basis = np.random.default_rng(0).standard_normal((depth, SPANNED))
        for _ in range(ITERATIONS):
            basis = np.linalg.qr(_covariance(samples, mean, basis, check))[0]
        variances, inside = eigh(basis.T @ _covariance(samples, mean, basis, check))
        variances, directions = variances[-2:], basis @ inside[:, -2:]
    axes = np.zeros((2, depth))
    for i, (variance, direction) in enumerate(zip(variances[::-1], directions.T[::-1], strict=True)):
        sign = math.copysign(1, direction[np.abs(direction).argmax()])  # the sign of an eigenvector is arbitrary
        axes[i] = sign * direction * math.sqrt(max(0.0, variance))
    return mean, axes


def _covariance(samples: Floats, mean: Doubles, basis: Doubles | None, check: Callable[[], None]) -> Doubles:
    """The covariance of the samples (D, D), or its product with a basis (D, K), for which it is never held as such."""
    depth = samples.shape[1]
    total = np.zeros((depth, depth if basis is None else basis.shape[1]))
    for part in blocks(samples, 1, check):
        centred = samples[part] - mean
        total += centred.T @ (centred if basis is None else centred @ basis) / len(samples)
    return total
