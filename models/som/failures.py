"""Failures of maps: a detector of folds, twists and the like, and maps that fail on purpose, each beside its cure.

The detector puts the lattice where its weights lie, in the plane of the data's first two principal components, and
walks around its cells in the order of the lattice. Where the map lies flat, all cells turn the same way; where it was
folded over, cells are seen from behind and turn the other way. Where two such regions meet tells the rest: a fold runs
along a line; a twist, half of the map turned over against the other half, is pinched into one point.

A failure and its cure differ in one setting, on the same data, with the same seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som.lattice import Floats, Indices, Lattice, areas, cells, crossings, plane_of, shared_edges
from models.som.measures import quality
from models.som.samples import cloud
from models.som.search import checked
from models.som.spec import SomSpec
from models.som.training import snapshots
from models.wording import fixed, grouped, percent

FLAT = 0.02  # share of a map's area that may be turned over before it is called folded
OVERLAP = 1.1  # area of all cells against the area they cover at the most, above which a map lies over itself
TANGLED = 0.25  # share of all inner edges that part the two sides, from which on a map is a tangle
PINCHED = 0.6  # extent of these edges in the data against their extent on the lattice, below which they are a point
COLLAPSED, SHRUNK = 0.05, 0.6  # spread of the weights against the spread of the data
IGNORED, SEEN = 0.25, 0.5  # share of a feature's variance that a map explains where it ignores it, where it sees it
FEW = 10  # features, up to which one that is ignored is looked for
PLANE = 0.85  # share of the variance that the plane must hold for cells in it to mean anything
RESTLESS = 0.5  # way of a unit in the last epoch against the distance of neighbours, above which a map is not done

# Of the prepared failures:
UNITS = 10  # along each side
METRES = 1000.0  # what the unscaled feature is multiplied by
END = 0.5  # radius of every map at its end, unless its failure is the radius


@dataclass(frozen=True)
class Diagnosis:
    """What the detector finds in a map.

    Attributes:
        verdict: "flat", "folded", "twisted", "tangled", "collapsed", "shrunk", "restless", "one-sided" (it ignores a
            feature), or "unclear" (a toroid, or data that fill more than a plane: cells then turn over without fault).
        sentence: The verdict and its evidence, for people.
        sides: +1 or -1 per cell, 0 for one without area, int64 (cells,); the larger side is +1.
        flipped: Share of the map's area that is turned over, the smaller of both sides, 0..0.5; NaN without cells.
        crossings: How often a line crosses itself; 0 for other lattices.
        topographic_error: Share of samples whose best and second best unit do not touch.
        spread: Standard deviation of the weights against that of the data, each from its middle.
        plane: Share of the data's variance in the plane.
        explained: Per feature, the share of its variance that the BMUs' weights explain, float64 (D,).
        moved: Mean way of a unit in the last epoch against the distance of neighbours; NaN if not known.
    """

    verdict: str
    sentence: str
    sides: Indices
    flipped: float
    crossings: int
    topographic_error: float
    spread: float
    plane: float
    explained: NDArray[np.float64]
    moved: float

    @property
    def twist(self) -> bool:
        """Whether two sides of the map meet in a point."""
        return self.verdict == "twisted"

    @property
    def fold(self) -> bool:
        """Whether the map lies over itself along a line."""
        return self.verdict == "folded"


def diagnose(codebook: Floats, lattice: Lattice, samples: Floats, before: Floats | None = None) -> Diagnosis:
    """Return whether a trained map is folded, twisted, collapsed or the like.

    Args:
        codebook: (rows, columns, D).
        lattice: Its lattice.
        samples: What it was trained on, (N, D).
        before: The codebook an epoch earlier, to see whether it still moves.

    Raises:
        InputError: No sample, NaN or infinity.
    """
    samples = checked(samples)
    units = codebook.reshape(-1, codebook.shape[-1]).astype(np.float64)
    best, _, topographic = quality(samples, codebook, lattice)
    variance = samples.var(axis=0, dtype=np.float64)
    middle, axes, plane = plane_of(samples)
    left = np.square(samples - units[best]).mean(axis=0)
    explained = 1 - np.divide(left, variance, out=np.zeros_like(variance), where=variance > 0)
    spread = math.sqrt(np.square(units - units.mean(axis=0)).sum(axis=1).mean() / max(variance.sum(), 1e-30))
    placed = (units - middle) @ axes.T
    found = Diagnosis(
        "", "", *_orientation(cells(lattice), placed), crossings(placed) if 1 in (lattice.rows, lattice.columns) else 0,
        topographic, spread, plane, explained, _moved(codebook, before, lattice),
    )  # fmt: skip
    verdict = _verdict(found, lattice, placed)
    sentences = _SENTENCES | (_OF_LINES if not len(found.sides) else {})
    return replace(found, verdict=verdict, sentence=sentences[verdict].format_map(_words(found)))


def _words(found: Diagnosis) -> dict[str, str]:
    """Return the numbers that the sentences speak of, by their names in braces."""
    return {
        "flipped": percent(found.flipped),
        "crossings": grouped(found.crossings),
        "topographic_error": percent(found.topographic_error),
        "spread": percent(found.spread),
        "moved": fixed(found.moved, 1),
        "ignored": _ignored(found.explained),
    }


def _orientation(faces: Indices, placed: NDArray[np.float64]) -> tuple[Indices, float]:
    """Return the side of every cell, and the share of the area that the smaller side has."""
    if not len(faces):
        return np.empty(0, np.int64), math.nan
    sizes = areas(placed[faces])
    sides = np.sign(sizes).astype(np.int64) * (1 if sizes.sum() >= 0 else -1)
    return sides, float(np.abs(sizes[sides < 0]).sum() / max(np.abs(sizes).sum(), 1e-30))


def _moved(codebook: Floats, before: Floats | None, lattice: Lattice) -> float:
    if before is None:
        return math.nan
    units = codebook.reshape(-1, codebook.shape[-1])
    here, there = np.nonzero(lattice.adjacent >= 0)
    gaps = np.linalg.norm(units[here] - units[lattice.adjacent[here, there]], axis=1)
    way = np.linalg.norm(codebook - before, axis=-1).mean()
    return float(way / gaps.mean()) if gaps.size and gaps.mean() > 0 else math.nan


def _ignored(explained: NDArray[np.float64]) -> str:
    """Return the numbers of the features a map does not see, beginning with 1; none where it sees no other either."""
    if len(explained) > FEW or explained.max() < SEEN:
        return ""
    return ", ".join(str(number + 1) for number in np.flatnonzero(explained < IGNORED))


def _verdict(found: Diagnosis, lattice: Lattice, placed: NDArray[np.float64]) -> str:
    if found.spread < COLLAPSED:
        return "collapsed"
    if _ignored(found.explained):
        return "one-sided"
    if found.moved > RESTLESS:
        return "restless"
    if found.spread < SHRUNK:
        return "shrunk"
    parting, extent = _boundary(lattice, found.sides, placed)
    if parting >= TANGLED:
        return "tangled"
    if lattice.toroid or found.plane < PLANE:
        return "unclear"
    if found.flipped > FLAT and extent < PINCHED:
        return "twisted"
    return "folded" if found.flipped > FLAT or found.crossings or _lies_over_itself(lattice, placed) else "flat"


def _boundary(lattice: Lattice, sides: Indices, placed: NDArray[np.float64]) -> tuple[float, float]:
    """Return the share of inner edges that part the two sides, and how far they extend in the data.

    The extent is their corners' spread in the data against the whole map's, divided by the same on the lattice: about 1
    along a fold, and much less where a line of the lattice runs through one point.
    """
    if not len(sides):
        return 0.0, 1.0
    ends, owners = shared_edges(cells(lattice))
    parting = sides[owners].prod(axis=1) < 0
    if not parting.any():
        return 0.0, 1.0
    corners = np.unique(ends[parting])
    in_data, on_lattice = (
        _spread(points[corners]) / max(_spread(points), 1e-30) for points in (placed, lattice.positions)
    )
    return float(parting.mean()), float(in_data / max(on_lattice, 1e-30))


def _spread(points: NDArray[Any]) -> float:
    return math.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean())


def _lies_over_itself(lattice: Lattice, placed: NDArray[np.float64]) -> bool:
    """Whether the cells have more area than the smallest convex region around them."""
    from scipy.spatial import ConvexHull, QhullError

    faces = cells(lattice)
    if not len(faces):
        return False
    try:
        covered = float(ConvexHull(placed).volume)
    except QhullError:  # all on one line
        return False
    return bool(np.abs(areas(placed[faces])).sum() > OVERLAP * covered)


_SENTENCES = {
    "flat": "Unfolded: all cells of the lattice turn the same way in the data, and none lies over another.",
    "folded": "Folded: {flipped} of its area is turned over, or lies over the rest, along a line.",
    "twisted": "Twisted: {flipped} of its area is turned over, and both sides meet in one point.",
    "tangled": "Tangled: neighbouring cells turn in opposite ways nearly everywhere. The lattice has no order yet.",
    "collapsed": "Collapsed: the units' spread is {spread} of the data's. All units say the same.",
    "shrunk": "Shrunk: the units' spread is {spread} of the data's. The map has not unfolded to the edge.",
    "restless": "Restless: in the last epoch a unit still moved {moved} times the distance of two neighbours.",
    "one-sided": "One-sided: the map explains next to nothing of feature {ignored}. Its distances never saw it.",
    "unclear": "Not to be told from cells: a toroid, or data that fill more than a plane, fold without any fault. "
    "Its topographic error is {topographic_error}.",
}
_OF_LINES = {
    "flat": "Unfolded: the line nowhere crosses itself.",
    "folded": "Folded: the line crosses itself {crossings} times.",
}


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
        "Each corner of the data pulls the units that happen to be near. With a radius this small, two halves of the "
        "map order themselves independently, one of them mirrored. Later the radius is too small to flip it.",
        "Radius at the start 5, half the side of the map, instead of 1.5.",
        "square",
        _spec("online", 10, 1.5),
        _spec("online", 10, 5.0),
    ),
    "fold": Failure(
        "Radius too small at the start: a fold",
        "Batch training settles fast, also in the wrong place: a corner that starts on the wrong side is folded over "
        "the rest of the map instead of being pulled across.",
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
        "then depend on the metres alone, so that units line up along the first feature and ignore the second.",
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
    points = cloud(failure.shape).features
    spec = failure.right if cured else failure.wrong
    scale = np.ones(2, np.float32)
    if failure.unscaled:
        points = (points - points.mean(axis=0)) / points.std(axis=0)
        scale = scale if cured else np.array([METRES, 1], np.float32)
    *_, before, last = snapshots(points * scale, spec)
    earlier = before.codebook if spec.method == "online" else None  # a batch map moves as long as its radius shrinks
    lattice = Lattice.of(spec)
    return Outcome(last.codebook / scale, points, lattice, diagnose(last.codebook, lattice, points * scale, earlier))
