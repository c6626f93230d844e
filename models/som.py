"""The self-organising map (Kohonen 1982): online and batch training on a rectangular lattice, and what a map is worth.

Vocabulary: a *unit* sits on the lattice and has *weights*, a point of the input space; the *codebook* is all weights;
the *BMU* of a sample is the unit with the nearest weights; the *radius* is the width of the Gaussian neighbourhood,
measured on the lattice. Step s of s_total uses `rate(s) = rate0 exp(-s/s_n)` and `radius(s) = radius0 exp(-s/s_n)`
with the time constant `s_n = s_total / decay`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som_measures import Floats, Indices, checked, nearest, quality
from models.som_start import STARTS, initial_codebook

METHODS = ("batch", "online")
MAX_SNAPSHOTS = 101  # the untrained map and one for each of a hundred epochs
LIMITS: dict[str, tuple[float, float]] = {
    "rows": (1, 60),
    "columns": (1, 60),
    "epochs": (1, 1000),
    "rate0": (1e-6, 1),
    "radius0": (1e-3, 100),
    "decay": (0, 20),
    "seed": (0, 2**32 - 1),
    "snapshots": (2, MAX_SNAPSHOTS),
}


@dataclass(frozen=True)
class SomSpec:
    """What to train.

    Attributes:
        rows, columns: Size of the lattice, 1 to 60 each; one row is a line of units.
        method: "batch" (every step uses all samples) or "online" (one random sample a step, as Kohonen wrote it).
        epochs: Batch: the number of steps. Online: passes, so the number of steps is epochs times samples.
        rate0: Learning rate at step 0, in (0, 1]; only online training has one.
        radius0: Radius at step 0, in units of the lattice.
        decay: How many time constants s_n the training lasts; 0 keeps rate and radius constant.
        start: Weights at step 0: "random" within the range of every feature, "sample", or "pca".
        seed: Fixes the start and the order of the samples.
        snapshots: How many moments to keep, the first and the last among them (at most, when steps are fewer).
    """

    rows: int = 20
    columns: int = 20
    method: str = "batch"
    epochs: int = 100
    rate0: float = 0.5
    radius0: float = 10.0
    decay: float = 3.0
    start: str = "random"
    seed: int = 0
    snapshots: int = MAX_SNAPSHOTS

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"Expected {name} between {low:g} and {high:g}. Received {value:g}.")
        for name, value, known in (("method", self.method, METHODS), ("start", self.start, STARTS)):
            if value not in known:
                raise InputError(f"Expected {name} to be one of {', '.join(known)}. Received {value}.")

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> SomSpec:
        """Return the spec that `to_json` wrote; raises InputError for values out of range."""
        return cls(**fields)

    def steps(self, samples: int) -> int:
        """Number of training steps on a data set of `samples`."""
        return self.epochs if self.method == "batch" else self.epochs * samples

    def decayed(self, initial: float, step: int, steps: int) -> float:
        """`initial * exp(-step / s_n)`, the value of the learning rate or of the radius at a step."""
        return initial * math.exp(-step * self.decay / steps)


@dataclass(frozen=True)
class Snapshot:
    """A map at one moment of its training.

    Attributes:
        step: Steps done, 0 for the untrained map.
        epoch: The same in epochs (online: samples seen / samples).
        codebook: Weights, float32 (rows, columns, D).
        bmu: BMU of every sample, row * columns + column, int64 (N,).
        quantization_error: Mean Euclidean distance of a sample to its BMU's weights, in units of the data.
        topographic_error: Share of samples (0..1) whose best and second best unit do not touch, not even diagonally.
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


@dataclass(frozen=True)
class SomHistory:
    """All snapshots of a training, stacked: codebooks float32 (F, rows, columns, D), the numbers float64 (F,)."""

    codebooks: Floats
    epochs: NDArray[np.float64]
    quantization_error: NDArray[np.float64]
    topographic_error: NDArray[np.float64]
    rate: NDArray[np.float64]
    radius: NDArray[np.float64]


def lattice_gaussian(size: int, radius: float) -> Floats:
    """exp(-(i - j)^2 / (2 radius^2)) between all places of one side of the lattice, float32 (size, size).

    The neighbourhood exp(-|r_i - r_j|^2 / (2 radius^2)) of two units is the product of one such factor for the rows
    and one for the columns.
    """
    places = np.arange(size, dtype=np.float64)
    gaussian: Floats = np.exp(-((places[:, None] - places) ** 2) / (2 * radius**2)).astype(np.float32)
    return gaussian


def batch_step(samples: Floats, codebook: Floats, radius: float) -> Floats:
    """Every unit becomes the mean of all samples, each weighted by the neighbourhood of unit and sample's BMU.

    A unit whose neighbourhood reaches no sample keeps its weights. Returns a new codebook (rows, columns, D).
    """
    from scipy.sparse import csr_array

    rows, columns, depth = codebook.shape
    units, count = rows * columns, len(samples)
    best, _ = nearest(samples, codebook.reshape(units, depth))
    members = csr_array((np.ones(count, np.float32), best, np.arange(count + 1)), shape=(count, units))
    sums = np.asarray(members.T @ samples, np.float32)
    hits = np.bincount(best, minlength=units).astype(np.float32).reshape(rows, columns)
    vertical, horizontal = lattice_gaussian(rows, radius), lattice_gaussian(columns, radius)
    spread = (vertical @ sums.reshape(rows, columns * depth)).reshape(rows, columns, depth)
    spread = np.matmul(horizontal, spread)
    mass = (vertical @ hits @ horizontal.T)[..., None]
    return np.where(mass > 1e-12, spread / np.maximum(mass, 1e-12), codebook)


def online_step(sample: Floats, codebook: Floats, rate: float, radius: float) -> int:
    """`W_i <- W_i + rate * theta_i * (x - W_i)` for one sample (D,), in place, with theta of `lattice_gaussian`.

    Args:
        codebook: float32 (rows, columns, D), changed.

    Returns:
        The number of the sample's BMU before the update, the first among equals.
    """
    rows, columns, _ = codebook.shape
    difference = sample - codebook
    unit = int(np.einsum("rcd,rcd->rc", difference, difference).argmin())
    row, column = divmod(unit, columns)
    vertical = np.exp((np.arange(rows) - row) ** 2 / (-2 * radius**2))
    horizontal = np.exp((np.arange(columns) - column) ** 2 / (-2 * radius**2))
    theta = (rate * vertical[:, None] * horizontal).astype(np.float32)
    difference *= theta[..., None]
    codebook += difference
    return unit


def snapshots(features: NDArray[Any], spec: SomSpec, check: Callable[[], None] = lambda: None) -> Iterator[Snapshot]:
    """Train a map and yield it at up to `spec.snapshots` evenly spaced moments, the first and the last among them.

    Args:
        features: Real numbers (N, D).
        spec: What to train.
        check: Called at least every 20 steps; it may raise to stop the training.

    Raises:
        InputError: No sample, NaN or infinity.

    Source: Kohonen, "Self-organized formation of topologically correct feature maps", 1982.
    """
    samples = checked(features)
    rng = np.random.default_rng(spec.seed)
    codebook = initial_codebook(samples, spec.rows, spec.columns, spec.start, rng)
    steps = spec.steps(len(samples))
    wanted = {round(moment) for moment in np.linspace(0, steps, spec.snapshots)}
    for step in range(steps + 1):
        rate, radius = (spec.decayed(value, step, steps) for value in (spec.rate0, spec.radius0))
        if step in wanted:
            yield _snapshot(samples, codebook, spec, step, rate, radius)
        if step % 20 == 0 or spec.method == "batch":
            check()
        if step < steps and spec.method == "batch":
            codebook = batch_step(samples, codebook, radius)
        elif step < steps:
            online_step(samples[rng.integers(len(samples))], codebook, rate, radius)


def _snapshot(samples: Floats, codebook: Floats, spec: SomSpec, step: int, rate: float, radius: float) -> Snapshot:
    best, quantization, topographic = quality(samples, codebook)
    epoch = spec.epochs * step / spec.steps(len(samples))
    shown_rate = rate if spec.method == "online" else math.nan
    return Snapshot(step, epoch, codebook.copy(), best, quantization, topographic, shown_rate, radius)


def train(features: NDArray[Any], spec: SomSpec) -> SomHistory:
    """All snapshots of one training at once (memory: snapshots * rows * columns * D float32)."""
    kept = list(snapshots(features, spec))
    return SomHistory(
        np.stack([snapshot.codebook for snapshot in kept]),
        np.array([snapshot.epoch for snapshot in kept]),
        np.array([snapshot.quantization_error for snapshot in kept]),
        np.array([snapshot.topographic_error for snapshot in kept]),
        np.array([snapshot.rate for snapshot in kept]),
        np.array([snapshot.radius for snapshot in kept]),
    )
