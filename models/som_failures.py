"""Maps that go wrong on purpose, each beside its cure: one setting apart, on the same data, with the same seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from models.errors import InputError
from models.som import Lattice, SomSpec, snapshots
from models.som_folds import Diagnosis, diagnose
from models.som_measures import Floats
from models.som_points import cloud

UNITS = 10  # along each side
METRES = 1000.0  # what the unscaled feature is multiplied by
END = 0.5  # radius of every map at its end, unless its failure is the radius


@dataclass(frozen=True)
class Failure:
    """A prepared failure.

    Attributes:
        title: What was set wrong.
        why: What that does to a map.
        changed: What the cure sets differently, and nothing else.
        shape: The cloud of points.
        wrong, right: Both specs.
        unscaled: Whether the first feature of the wrong map's data is in metres and the second in kilometres.
    """

    title: str
    why: str
    changed: str
    shape: str
    wrong: SomSpec
    right: SomSpec
    unscaled: bool = False


@dataclass(frozen=True)
class Outcome:
    """A trained map: its weights and the points as drawn, and what the detector says.

    Both are float32, (rows, columns, 2) and (N, 2); unscaled data are drawn standardised, and so are their weights.
    """

    codebook: Floats
    points: Floats
    lattice: Lattice
    diagnosis: Diagnosis


def _spec(method: str, epochs: int, radius: float, end: float = END, rate: float = 0.5, seed: int = 0) -> SomSpec:
    decay = math.log(radius / end)
    return SomSpec(UNITS, UNITS, method, epochs, rate, radius, decay, seed=seed, snapshots=epochs + 1)


_CALM = replace(_spec("online", 6, 2.0, end=1.2, rate=0.1), start="pca")
FAILURES: dict[str, Failure] = {
    "twist": Failure(
        "Radius too small at the start: a twist",
        "Each corner of the data pulls the units that happen to be near. With a radius this small, two parts of the "
        "map settle before they know of each other, one of them the wrong way round. Later the radius only shrinks: "
        "nothing large enough is left to turn half a map over.",
        "Radius at the start 5, half the side of the map, instead of 1.5.",
        "square",
        _spec("online", 10, 1.5),
        _spec("online", 10, 5.0),
    ),
    "fold": Failure(
        "Radius too small at the start: a fold",
        "Batch training settles fast, and just as fast in the wrong place: a corner that starts on the wrong side "
        "is laid over the rest of the map instead of being pulled across.",
        "Radius at the start 5, half the side of the map, instead of 1.5.",
        "square",
        _spec("batch", 40, 1.5, seed=3),
        _spec("batch", 40, 5.0, seed=3),
    ),
    "rate": Failure(
        "Learning rate too high",
        "At a rate near 1 the BMU jumps onto each sample and forgets all samples before it. The map never comes to "
        "rest: it shows the last few samples, not the data.",
        "Learning rate at the start 0.1 instead of 1.",
        "square",
        replace(_CALM, rate0=1.0),
        _CALM,
    ),
    "scale": Failure(
        "Features on different scales",
        "The first feature is in metres, the second in kilometres: its numbers are a thousand times smaller. Distances "
        "are made of metres alone, so units line up along the first feature and take no notice of the second.",
        "Both features standardised: mean 0, standard deviation 1.",
        "square",
        _spec("batch", 40, 5.0, seed=1),
        _spec("batch", 40, 5.0, seed=1),
        unscaled=True,
    ),
    "steps": Failure(
        "Too few steps",
        "A wide neighbourhood first pulls all units to the middle; they spread only as the radius shrinks. Here the "
        "training is over before they could.",
        "40 epochs instead of 1.",
        "square",
        _spec("batch", 1, 5.0, seed=1),
        _spec("batch", 40, 5.0, seed=1),
    ),
}


def outcome(name: str, cured: bool) -> Outcome:
    """Train one of the maps (under a second) and look at it.

    Raises:
        InputError: There is no such failure.
    """
    if name not in FAILURES:
        raise InputError(f"Expected a failure out of {', '.join(FAILURES)}. Received {name[:40]!r}.")
    failure = FAILURES[name]
    points, _, _ = cloud(failure.shape)
    spec = failure.right if cured else failure.wrong
    scale = np.ones(2, np.float32)
    if failure.unscaled:
        points = (points - points.mean(axis=0)) / points.std(axis=0)
        scale = scale if cured else np.array([METRES, 1], np.float32)
    *_, before, last = snapshots(points * scale, spec)
    earlier = before.codebook if spec.method == "online" else None  # a batch map moves as long as its radius shrinks
    lattice = Lattice.of(spec)
    return Outcome(last.codebook / scale, points, lattice, diagnose(last.codebook, lattice, points * scale, earlier))
