"""Trust in maps: what is measured over the test pictures of a data set, and the result.

For every test picture of the run's own split each method explains the class that the network answers. Where the data
set knows the object of a picture, the maps are held against it; on a sample of the pictures their deletion and
insertion curves are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.attribution.deletion import area
from models.attribution.maps import CURVE_PASSES, ExplanationSpec
from models.errors import InputError
from models.ids import NetworkId
from models.intervals import Estimate, mean, wilson
from models.jobs.job import Job, PricedSpec
from models.networks import layers
from models.pictures import datasets
from models.storage.runs import EXAMPLE, EXAMPLE_WEIGHTS

SAMPLE: Final = 60  # test pictures whose curves are drawn
CHOICES: Final = ("all", "right")
_BESIDE: Final = 75  # forward passes that holding the maps of a picture against its object takes as long as


@dataclass(frozen=True, slots=True)
class TrustSpec(PricedSpec):
    """Which classifier's maps are held against the truth; they explain the logit, which no softmax flattens."""

    network: str

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"{datasets.get(self.dataset).title}: maps against the truth"

    @property
    def dataset(self) -> str:
        """The data that the run was trained on."""
        return layers.dataset(self.network)

    @property
    def n_pictures(self) -> int:
        """How many test pictures are looked at: all where their objects are known, else the sample."""
        size = len(layers.test_pictures(self.network, self.dataset))
        return size if datasets.get(self.dataset).has_masks else min(SAMPLE, size)

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        one = ExplanationSpec(self.network, "", "logit", 0).with_few()
        passes = self.n_pictures * (one.map_passes + _BESIDE) + min(SAMPLE, self.n_pictures) * CURVE_PASSES
        return layers.seconds(self.network, passes)


@dataclass(frozen=True, slots=True, eq=False)
class TrustResult:
    """What the maps of M methods are worth over N test pictures.

    Attributes:
        dataset: Id.
        methods: M names.
        index: (N,) int64, of the pictures in the data set.
        label, answer: (N,) int64, the true class and the network's.
        share: (M, N) float32, 0..1 of what raises the score lies in the object; NaN where nothing does, or where
            nobody knows the object.
        hit: (M, N) bool, whether the strongest place lies in the object.
        area: (N,) float32, the share of the picture that the object covers: what an even map has inside.
        chance: (N,) float32, the share of places from which one would hit.
        centre_share, centre_hit: (N,), of the map that always points to the middle.
        within: Pixels by which the strongest place may miss.
        sample: (S,) int64, numbers in `index` of the pictures with curves.
        shares: (K,) float32, of the picture taken away or put back.
        deletion, insertion: (M, S, K) float32, the probability of the answer.
        random_deletion, random_insertion: (S, K) float32, the mean of some random orders.
    """

    dataset: str
    methods: tuple[str, ...]
    index: NDArray[np.int64]
    label: NDArray[np.int64]
    answer: NDArray[np.int64]
    share: NDArray[np.float32]
    hit: NDArray[np.bool_]
    area: NDArray[np.float32]
    chance: NDArray[np.float32]
    centre_share: NDArray[np.float32]
    centre_hit: NDArray[np.bool_]
    within: int
    sample: NDArray[np.int64]
    shares: NDArray[np.float32]
    deletion: NDArray[np.float32]
    insertion: NDArray[np.float32]
    random_deletion: NDArray[np.float32]
    random_insertion: NDArray[np.float32]

    @property
    def has_truth(self) -> bool:
        """Whether the objects of the pictures are known."""
        return bool(np.isfinite(self.area).any())

    def chosen(self, which: str) -> NDArray[np.bool_]:
        """Return which pictures count, (N,): "all", or those that the network got "right"."""
        if which not in CHOICES:
            raise InputError(f"Expected pictures out of {', '.join(CHOICES)}. Received {which!r}.")
        return np.ones(len(self.index), bool) if which == "all" else self.label == self.answer

    def shares_inside(self, which: str) -> dict[str, Estimate]:
        """Return the mean share inside the object, with Student intervals: methods, then "even" and "centre"."""
        keep = self.chosen(which)
        rows = dict(zip(self.methods, self.share, strict=True)) | {"even": self.area, "centre": self.centre_share}
        return {name: mean(row[keep]) for name, row in rows.items()}

    def pointing(self, which: str) -> dict[str, Estimate]:
        """Return how often the strongest place lies in the object, with Wilson intervals, "even" being chance."""
        keep = self.chosen(which)
        rows = dict(zip(self.methods, self.hit, strict=True)) | {"centre": self.centre_hit}
        hits = {name: wilson(int(row[keep].sum()), int(keep.sum())) for name, row in rows.items()}
        return hits | {"even": mean(self.chance[keep])}

    def areas(self, way: str) -> dict[str, Estimate]:
        """Return the mean area under the curves of the sample, "deletion" or "insertion": methods, then "random"."""
        of_methods, of_random = (
            (self.deletion, self.random_deletion) if way == "deletion" else (self.insertion, self.random_insertion)
        )
        found = {name: mean(area(rows, self.shares)) for name, rows in zip(self.methods, of_methods, strict=True)}
        return found | {"random": mean(area(of_random, self.shares))}

    def gains(self, way: str) -> dict[str, Estimate]:
        """Return by how much each method's area beats that of random orders: the mean over pictures."""
        sign, of_methods, of_random = (
            (-1, self.deletion, self.random_deletion)
            if way == "deletion"
            else (1, self.insertion, self.random_insertion)
        )
        chance = area(of_random, self.shares)
        pairs = zip(self.methods, of_methods, strict=True)
        return {name: mean(sign * (area(rows, self.shares) - chance)) for name, rows in pairs}


def of_own_test(spec: TrustSpec, result: TrustResult) -> bool:
    """Return whether a result is over test pictures of the run's own split.

    Up to version 0.4 it was over those of split 0: to a run of another split they were training pictures.
    """
    return bool(np.isin(result.index, layers.test_pictures(spec.network, spec.dataset)).all())


TRUST = Job(
    "trust",
    TrustSpec,
    "models.attribution.worker.trust:measure",
    TrustResult,
    weights=EXAMPLE_WEIGHTS,
    examples=lambda: (TrustSpec(str(NetworkId(EXAMPLE))),),
    holds=of_own_test,
)
