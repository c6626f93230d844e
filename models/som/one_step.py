"""One step of online training with all its numbers, and any step of a whole training, forward and back.

Everything here is done by the functions that train, so what it shows is what training does, to the last bit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som.lattice import Doubles, Floats, Lattice, theta
from models.som.search import checked
from models.som.spec import SomSpec
from models.som.steps import Range, online_step, sample_order, squared_distances, weight_range
from models.som.training import snapshots
from models.wording import grouped

MAX_STEPS = 20_000  # of a training that can be looked at; later ones change little
MAX_VALUES = 40_000  # weights of a map that can be followed step by step
COLLAPSED = 0.01  # of the data's standard deviation: weights that spread less are one point
KEPT = 64  # moments kept, so that no step is far from one of them
# The lecture's worked example; it prints x, W1 and the three distances 23.5, 15.2 and 31.6. W2 and W3 are ours.
EXAMPLE_SAMPLE = (0.5, 0.3, 0.7)
EXAMPLE_WEIGHTS = ((5.0, 13.0, 20.0), (5.0, 8.0, 13.0), (5.0, 20.0, 25.0))


@dataclass(frozen=True, eq=False)
class Step:
    """One step of online training: `after = before + delta`, `delta = rate * theta * (sample - before)`.

    With the Mexican hat, `after` also stays within the range of the data.

    Attributes:
        number: Steps done before this one.
        index: Number of the sample in its data.
        sample: x, (D,), float32 or, of a table, float64.
        distances: Euclidean distance of x to the weights of every unit, float64 (rows, columns).
        bmu: The unit with the smallest of them, the first among equals, row * columns + column.
        runner_up: The unit with the second smallest, the first among equals; the BMU itself on a map of one unit.
        rate, radius: Learning rate and radius of this step.
        theta: The neighbourhood of the BMU, (rows, columns), typed as the sample.
        delta: What is added to the weights, (rows, columns, D), typed as the sample.
        before, after: The weights, (rows, columns, D), typed as the sample.
    """

    number: int
    index: int
    sample: Floats
    distances: Doubles
    bmu: int
    runner_up: int
    rate: float
    radius: float
    theta: Floats
    delta: Floats
    before: Floats
    after: Floats


def take_step(
    spec: SomSpec,
    sample: Floats,
    codebook: Floats,
    rate: float,
    radius: float,
    bounds: Range | None = None,
) -> Step:
    """Return what one step with `sample` does to `codebook` (rows, columns, D), which is left as it is.

    Args:
        spec: Says what the lattice is and how its neighbourhood falls off.
        sample: (D,), float32 or float64.
        codebook: (rows, columns, D), typed as the sample.
        rate, radius: Of this step.
        bounds: See `steps.online_step`.
    """
    lattice, after = Lattice.of(spec), codebook.copy()
    bmu = online_step(sample, after, rate, radius, spec, lattice, bounds)
    distances = np.sqrt(squared_distances(sample, codebook)).reshape(codebook.shape[:2])
    others = distances.ravel().copy()
    others[bmu] = np.inf
    runner_up = int(others.argmin()) if others.size > 1 else bmu
    near = theta(spec, lattice, bmu, radius, codebook)
    delta = (rate * near[..., None] * (sample - codebook)).astype(codebook.dtype)
    return Step(0, 0, sample, distances, bmu, runner_up, rate, radius, near, delta, codebook, after)


def worked_example(
    sample: tuple[float, ...], weights: tuple[tuple[float, ...], ...], rate: float, radius: float
) -> Step:
    """Return the step of a line of units with these weights (the lecture's example: three units in three dimensions).

    Raises:
        InputError: The weights and the sample have different lengths.
    """
    if any(len(one) != len(sample) for one in weights):
        raise InputError(f"Expected weights of {len(sample)} values each. Received {[len(one) for one in weights]}.")
    spec = SomSpec(rows=1, columns=len(weights), method="online", rate0=rate, radius0=radius)
    return take_step(spec, np.array(sample, np.float32), np.array([weights], np.float32), rate, radius)


@dataclass(frozen=True, eq=False)
class Trained:
    """A map at the end of its training.

    Attributes:
        codebook: (rows, columns, D).
        quantization_error, topographic_error: See `training.Snapshot`.
        collapsed: Whether all weights lie in (nearly) one point; the topographic error then means nothing.
    """

    codebook: Floats
    quantization_error: float
    topographic_error: float
    collapsed: bool


def trained(features: NDArray[Any], spec: SomSpec) -> Trained:
    """Train a map to its end. Raises InputError for features that `training.snapshots` refuses."""
    *_, last = snapshots(features, replace(spec, snapshots=2))
    spread = last.codebook.std(axis=(0, 1)).max()
    collapsed = last.codebook[..., 0].size > 1 and spread < COLLAPSED * features.std(axis=0).max()
    return Trained(last.codebook, last.quantization_error, last.topographic_error, bool(collapsed))


class Trace:
    """The online training of one map, to be looked at in any order; going back gives the same numbers.

    Args:
        features: Real numbers (N, D).
        spec: What to train; always online here.

    Attributes:
        steps: How many steps can be looked at: those of the training, at most MAX_STEPS.
        total: Steps of the whole training.

    Raises:
        InputError: No sample, NaN or infinity, or more than MAX_VALUES weights.

    Cost: a jump repeats at most steps / KEPT steps of training once the way there is known. Memory: KEPT codebooks.
    """

    def __init__(self, features: NDArray[Any], spec: SomSpec) -> None:
        self._samples = checked(features)
        self.spec = replace(spec, method="online", snapshots=2)
        values = spec.rows * spec.columns * self._samples.shape[1]
        if values > MAX_VALUES:
            raise InputError(
                f"Expected a map of at most {grouped(MAX_VALUES)} weights to follow step by step. Received "
                f"{grouped(values)}."
            )
        self.total = self.spec.steps(len(self._samples))
        self.steps = min(self.total, MAX_STEPS)
        self._order = sample_order(self.spec, len(self._samples))[: self.steps]
        self._lattice, self._bounds = Lattice.of(self.spec), weight_range(self._samples, self.spec)
        self._every = -(-self.steps // KEPT)
        self._kept = {0: next(snapshots(self._samples, self.spec)).codebook}
        self._lock = threading.Lock()  # several visitors may follow one training

    def step(self, number: int) -> Step:
        """Return step `number`, 0 to steps - 1; raises InputError outside."""
        if not 0 <= number < self.steps:
            raise InputError(f"Expected a step between 0 and {self.steps - 1}. Received {number}.")
        index = int(self._order[number])
        before = self._weights(number)
        step = take_step(self.spec, self._samples[index], before, *self._decayed(number), self._bounds)
        return replace(step, number=number, index=index)

    def _weights(self, number: int) -> Floats:
        """Return the weights before step `number`, from the nearest moment that is kept."""
        with self._lock:
            near = number - number % self._every
            while near not in self._kept:
                near -= self._every
            codebook = self._kept[near].copy()
            for moment in range(near, number):
                if moment % self._every == 0 and moment not in self._kept:
                    self._kept[moment] = codebook.copy()
                sample = self._samples[self._order[moment]]
                online_step(sample, codebook, *self._decayed(moment), self.spec, self._lattice, self._bounds)
            return codebook

    def _decayed(self, number: int) -> tuple[float, float]:
        rate, radius = (self.spec.decayed(value, number, self.total) for value in (self.spec.rate0, self.spec.radius0))
        return rate, radius
