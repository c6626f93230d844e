"""The settings of a self-organising map: their limits, and how rate and radius fall."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.errors import InputError
from models.storage.specs import PlainSpec
from models.wording import grouped, significant

METHODS = ("batch", "online")
STARTS = ("random", "sample", "pca")
LATTICES = ("rectangular", "hexagonal")
NEIGHBOURHOODS = ("gaussian", "bubble", "triangle", "mexican hat")
LAWS = ("exponential", "linear", "inverse")
DISTANCES = ("lattice", "weights")
CHOICES = {
    "method": METHODS,
    "start": STARTS,
    "lattice": LATTICES,
    "neighbourhood": NEIGHBOURHOODS,
    "law": LAWS,
    "distance": DISTANCES,
}
MAX_SNAPSHOTS = 101  # the untrained map and one for each of a hundred epochs
LIMITS: dict[str, tuple[float, float]] = {
    "rows": (1, 200),
    "columns": (1, 200),
    "epochs": (1, 1000),
    "rate0": (1e-6, 1),
    "radius0": (1e-3, 300),
    "decay": (0, 20),
    "seed": (0, 2**32 - 1),
    "snapshots": (2, MAX_SNAPSHOTS),
}


@dataclass(frozen=True)
class SomSpec(PlainSpec):
    """What to train.

    Attributes:
        rows, columns: Size of the lattice, 1 to 200 each; one row is a line of units.
        method: "batch" (every step uses all samples) or "online" (one random sample a step, as Kohonen wrote it).
        epochs: Batch: the number of steps. Online: passes, so the number of steps is epochs times samples.
        rate0: Learning rate at step 0, in (0, 1]; only online training has one.
        radius0: Radius at step 0, in units of the lattice (for `distance="weights"`, its square is in units of data).
        decay: How many time constants s_n the training lasts; 0 keeps rate and radius constant.
        start: Weights at step 0: "random" within the range of every feature, "sample", or "pca".
        seed: Fixes the start and the order of the samples.
        snapshots: How many moments to keep, the first and the last among them (at most, when steps are fewer).
        lattice: "rectangular" or "hexagonal".
        toroid: The lattice's borders touch: right and left, bottom and top. Hexagonal: needs an even number of rows.
        neighbourhood: See `lattice.profile`; "mexican hat" for online training only.
        law: How rate and radius fall to `exp(-decay)` times their start: see `decayed`.
        distance: What the neighbourhood is a function of: "lattice" (Kohonen), or "weights", the lecture slide's
            form exp(-||W_i - W_bmu|| / (2 radius^2)), which knows no topology; online and Gaussian only.
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
    lattice: str = "rectangular"
    toroid: bool = False
    neighbourhood: str = "gaussian"
    law: str = "exponential"
    distance: str = "lattice"

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"Expected {name} between {_said(low)} and {_said(high)}. Received {_said(value)}.")
        for name, known in CHOICES.items():
            if (choice := getattr(self, name)) not in known:
                raise InputError(f"Expected {name} to be one of {', '.join(known)}. Received {choice}.")
        self._check_together()

    def _check_together(self) -> None:
        """Refuse settings that are fine alone and unsound together."""
        if self.neighbourhood == "mexican hat" and self.method == "batch":
            raise InputError(
                "Expected online training with the Mexican hat: its negative weights make the mean of a batch step "
                "unsound. Received batch."
            )
        if self.distance == "weights" and (self.method == "batch" or self.neighbourhood != "gaussian"):
            raise InputError(
                "Expected online training and the gaussian neighbourhood for distances between weights, the slide's "
                f"form. Received {self.method} and {self.neighbourhood}."
            )
        if self.lattice == "hexagonal" and self.toroid and self.rows % 2 and self.rows > 1:
            raise InputError(
                "Expected an even number of rows for a hexagonal toroid, or its first and last row do not fit. "
                f"Received {self.rows}."
            )

    def steps(self, samples: int) -> int:
        """Number of training steps on a data set of `samples`."""
        return self.epochs if self.method == "batch" else self.epochs * samples

    def remarks(self, samples: int) -> tuple[str, ...]:
        """Return a sentence for each setting that works, but not as one would expect of a map of `samples`."""
        units, side = self.rows * self.columns, max(self.rows, self.columns)
        found = (
            (units == 1, "A single unit has no neighbours: its weights only follow the mean of the samples."),
            (
                units > samples,
                f"More units than samples: at least {grouped(units - samples)} of {grouped(units)} units "
                "stay nearest to none.",
            ),
            (
                self.distance == "lattice" and self.radius0 > side,
                f"A radius of {significant(self.radius0)} is larger than the map: "
                "at the start all units move nearly as one.",
            ),
            (
                self.decay == 0,
                "Without decay the radius stays as it is: neighbouring units stay alike, and the map remains coarse.",
            ),
        )
        return tuple(sentence for applies, sentence in found if applies)

    def decayed(self, initial: float, step: int, steps: int) -> float:
        """The learning rate or the radius at a step. All laws fall from `initial` to `initial * exp(-decay)`.

        "exponential" initial * exp(-step / s_n) with s_n = steps / decay; "linear" along a straight line; "inverse"
        initial / (1 + step / c), with the constant c = steps / (exp(decay) - 1).
        """
        share = step / steps
        if self.law == "linear":
            return initial * (1 - share * -math.expm1(-self.decay))
        if self.law == "inverse":
            return initial / (1 + share * math.expm1(self.decay))
        return initial * math.exp(-step * self.decay / steps)


def _said(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return grouped(value) if isinstance(value, int) else significant(value, 6)
