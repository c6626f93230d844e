"""Backbones compared on one data set: what a linear model reads from each of them, and what each of them costs.

Every picture is described by the averages of the backbone's last maps over their positions. A logistic regression on
these numbers is fitted, chosen and measured on the same pictures for every backbone, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.backbones import tables, weights
from models.backbones.registry import BACKBONES, FRAME8_WEIGHTS
from models.errors import InputError
from models.ids import NetworkId
from models.intervals import Estimate, mcnemar, paired_difference, wilson
from models.jobs.job import Job, PricedSpec
from models.networks import layers as networks_layers
from models.pictures import datasets

OWN_SIDE: Final = 0  # every backbone gets pictures of the side that it proposes
COSTS: Final = ("macs", "parameters", "milliseconds")
LEVEL: Final = 0.05  # of the p of a difference, times the number of pairs
REPEATS: Final = 9  # passes of one picture whose time is taken
_START_SECONDS: Final = 4.0
_BUILD_SECONDS: Final = 1.5  # of a backbone, with the tracing of its pass
_FIT_SECONDS: Final = 2.0  # both regressions of a backbone; measured 0.6 to 3 on one thread


@dataclass(frozen=True, slots=True)
class Published:
    """The accuracy on ImageNet that was published for the weights which the app uses.

    Attributes:
        top_1: Share of the 50,000 validation pictures, one central crop each, whose class is named first; at the side
            that the weights were trained at.
        source: Where it stands.
    """

    top_1: float
    source: str


_KERAS: Final = "keras.io/api/applications"
PUBLISHED: Final[dict[str, Published]] = {
    "lite0": Published(0.751, "Liu, TensorFlow blog 2020"),
    "mobilenetv2": Published(0.603, "docstring of keras.applications.mobilenet_v2"),
    "mobilenetv3small": Published(0.681, "docstring of keras.applications.mobilenet_v3"),
    "efficientnetb0": Published(0.771, _KERAS),
    "resnet50v2": Published(0.760, _KERAS),
    "densenet121": Published(0.750, _KERAS),
    "vgg16": Published(0.713, _KERAS),
    "vgg19": Published(0.713, _KERAS),
}


@dataclass(frozen=True, slots=True)
class ArchitecturesSpec(PricedSpec):
    """Which backbones are compared on which data set.

    Attributes:
        backbones: Two or more ids, in the order of the registry.
        dataset: Id of the data set.
        side: Of the pictures in px, one that all of them offer; `OWN_SIDE` gives each the side that it proposes.
    """

    backbones: tuple[str, ...] = ("frame8", "lite0")
    dataset: str = "galaxies"
    side: int = OWN_SIDE

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        if len(self.backbones) < 2 or self.backbones != ordered(self.backbones):
            known = ", ".join(BACKBONES)
            raise InputError(
                f"Expected two or more different backbones out of {known}, in this order. Received "
                f"{', '.join(self.backbones) or 'none'}."
            )
        if self.side not in common_sides(self.backbones):
            sides = ", ".join(map(str, common_sides(self.backbones)))
            raise InputError(f"Expected a side that all of them offer: {sides}. Received {self.side}.")

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"{datasets.get(self.dataset).title}: {len(self.backbones)} backbones compared"

    @property
    def networks(self) -> tuple[str, ...]:
        """The ids of the networks, in the order of `backbones`."""
        return tuple(
            str(NetworkId(backbone=name, side=self.side or BACKBONES[name].default_side, weights="pretrained"))
            for name in self.backbones
        )

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        passes = datasets.get(self.dataset).size + REPEATS
        return _START_SECONDS + sum(
            networks_layers.seconds(network, passes) + _BUILD_SECONDS + _FIT_SECONDS for network in self.networks
        )


def ordered(backbones: Sequence[str]) -> tuple[str, ...]:
    """Return the known ones of these ids, each once, in the order of the registry."""
    return tuple(name for name in BACKBONES if name in backbones)


def here() -> tuple[str, ...]:
    """Return the ids of the backbones whose pretrained weights are on this machine."""
    return tuple(name for name in BACKBONES if weights.available(name))


def common_sides(backbones: Sequence[str]) -> tuple[int, ...]:
    """Return `OWN_SIDE` and the picture sides that all of the backbones offer, the smallest first."""
    shared = set.intersection(*(set(BACKBONES[name].sides) for name in backbones))
    return (OWN_SIDE, *sorted(shared))


@dataclass(frozen=True, slots=True)
class Difference:
    """How two backbones differ on the same test pictures.

    Attributes:
        first, second: Places of the backbones in the result.
        estimate: second - first, as shares, with the 95 % interval of this pair alone.
        p: Of McNemar's exact test, times the number of pairs that are compared (Bonferroni), at most 1.
    """

    first: int
    second: int
    estimate: Estimate
    p: float

    @property
    def clear(self) -> bool:
        """Whether luck alone would seldom give so large a difference, all pairs considered."""
        return self.p < LEVEL


@dataclass(frozen=True, slots=True, eq=False)
class ArchitecturesResult:
    """What was measured; the first axis of every array is the backbone.

    Attributes:
        dataset: Id.
        digest: Of Frame8's weights, if it is among them; else "".
        backbones: Ids.
        sides: int64 (B,), px.
        features: int64 (B,), numbers that describe a picture.
        budgets: Training pictures a class, the smaller budget first: the second axis.
        n_train: int64 (budgets,), pictures fitted on.
        n_validation: Pictures that chose the regularisation.
        n_classes: Classes.
        right: bool (B, budgets, n_test), whether a test picture was named right.
        strengths: float64 (B, budgets), the C that did best on the validation pictures.
        milliseconds: float64 (B, repeats), of one picture's pass on one thread.
        bytes: int64 (B,), of all weights in memory.
        processor: What the times were taken on.
    """

    dataset: str
    digest: str
    backbones: tuple[str, ...]
    sides: NDArray[np.int64]
    features: NDArray[np.int64]
    budgets: tuple[int, ...]
    n_train: NDArray[np.int64]
    n_validation: int
    n_classes: int
    right: NDArray[np.bool_]
    strengths: NDArray[np.float64]
    milliseconds: NDArray[np.float64]
    bytes: NDArray[np.int64]
    processor: str

    @property
    def n_test(self) -> int:
        """Pictures that all of them are measured on."""
        return int(self.right.shape[2])

    def accuracy(self, place: int, budget: int) -> Estimate:
        """Return the share of test pictures that is right, with its 95 % interval after Wilson."""
        return wilson(int(self.right[place, self.budgets.index(budget)].sum()), self.n_test)

    def cost(self, place: int, kind: str) -> float:
        """Return what a backbone costs: "macs" of one picture, "parameters", or "milliseconds" of one picture."""
        table = tables.table(self.backbones[place], int(self.sides[place]))
        if kind == "milliseconds":
            return float(np.median(self.milliseconds[place]))
        return float({"macs": table.macs, "parameters": table.parameters}[kind])

    def per_million(self, place: int, budget: int) -> float:
        """Return the percentage points of accuracy for every million parameters."""
        return 100 * self.accuracy(place, budget).value / (self.cost(place, "parameters") / 1e6)

    def front(self, budget: int, kind: str) -> tuple[int, ...]:
        """Return the places on the Pareto front, the cheapest first.

        On it are those to which no other is preferable: at most as costly and at least as accurate, and in one of the
        two better.
        """
        points = {
            place: (self.cost(place, kind), self.accuracy(place, budget).value) for place in range(len(self.backbones))
        }
        best = [
            place
            for place, (cost, value) in points.items()
            if not any(
                other <= cost and reached >= value and (other, reached) != (cost, value)
                for other, reached in points.values()
            )
        ]
        return tuple(sorted(best, key=lambda place: points[place]))

    def order(self, budget: int) -> tuple[int, ...]:
        """Return all places, the most accurate first; of equals the one with fewer multiplications."""
        key = [(-self.accuracy(place, budget).value, self.cost(place, "macs")) for place in range(len(self.backbones))]
        return tuple(sorted(range(len(self.backbones)), key=key.__getitem__))

    def differences(self, budget: int) -> tuple[Difference, ...]:
        """Return every pair, the places in the order of `order`, so that the second is at most as accurate."""
        pairs = list(combinations(self.order(budget), 2))
        at, found = self.budgets.index(budget), []
        for first, second in pairs:
            one, two = self.right[first, at], self.right[second, at]
            counts = [int(both.sum()) for both in (one & two, one & ~two, ~one & two, ~one & ~two)]
            p = min(1.0, mcnemar(counts[1], counts[2]) * len(pairs))
            found.append(Difference(first, second, paired_difference(*counts), p))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Preferable:
    """Another backbone that is clearly more accurate on all training pictures of a data set, as shipped.

    Attributes:
        backbone: Its id.
        difference: Of the two; the worse one comes second.
        times_as_long: The time of one picture, in those of the worse one.
    """

    backbone: str
    difference: Difference
    times_as_long: float


def preferable(dataset: str, backbone: str) -> Preferable | None:
    """Return the most accurate of the shipped backbones if it is clearly more accurate than `backbone`."""
    result = ARCHITECTURES.shipped(ArchitecturesSpec(dataset=dataset))
    if result is None or backbone not in result.backbones:
        return None
    place = result.backbones.index(backbone)
    for one in result.differences(result.budgets[-1]):  # the most accurate first
        if one.second == place and one.clear:
            times = result.cost(one.first, "milliseconds") / result.cost(place, "milliseconds")
            return Preferable(result.backbones[one.first], one, times)
    return None


ARCHITECTURES = Job(
    "architectures",
    ArchitecturesSpec,
    "models.representations.worker.architectures:measure",
    ArchitecturesResult,
    weights=(FRAME8_WEIGHTS,),
    examples=lambda: tuple(ArchitecturesSpec(dataset=dataset) for dataset in datasets.DATASETS),
)
