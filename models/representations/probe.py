"""Linear probes: how well a linear model tells the classes apart at the end of every block.

The outputs of a block, averaged over their positions, describe every picture; a logistic regression on them says how
well a linear model can tell the classes apart at that depth. The same is done with random weights, and with the pixels
as the starting point of both.

Source: Alain and Bengio, Understanding intermediate layers using linear classifier probes, 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.backbones.registry import BACKBONES, FRAME8_WEIGHTS
from models.ids import NetworkId
from models.intervals import Estimate, wilson
from models.jobs.job import Job, PricedSpec
from models.networks import layers as networks_layers
from models.pictures import datasets

PIXELS: Final = "pixels"
PIXELS_SIDE: Final = 32  # pixels are taken of pictures of at most this side
FEW: Final = 20  # training pictures a class of the smaller budget
_FIT_SECONDS: Final = 1.0  # all regressions at one depth; measured 0.3 to 3 on one thread
_START_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class ProbeSpec(PricedSpec):
    """Which network is probed on which data set; both are ids."""

    network: str = "backbone:frame8:64"
    dataset: str = "galaxies"

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        probed_layers(self.network)

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        network = NetworkId.parse(self.network)
        name = BACKBONES[network.backbone].title if network.backbone else "the trained run"
        random = " with random weights" if network.weights == "random" else ""
        return f"{datasets.get(self.dataset).title}: every block of {name}{random}"

    @property
    def networks(self) -> dict[str, str]:
        """The networks to run, by their weights: {"trained": id, "random": id}, or only the latter."""
        twin = networks_layers.random_twin(self.network)
        return {"random": twin} if self.network == twin else {"trained": self.network, "random": twin}

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        passes = networks_layers.seconds(self.network, datasets.get(self.dataset).size)
        return (
            _START_SECONDS
            + len(self.networks) * (passes + _FIT_SECONDS * len(probed_layers(self.network)))
            + _FIT_SECONDS
        )


@dataclass(frozen=True, slots=True, eq=False)
class ProbeResult:
    """How many pictures a linear model gets right at every depth.

    Attributes:
        network, dataset: Ids.
        digest: Of the shipped weights it was made with; empty for networks that are not shipped.
        weights: "trained" and "random", or only the latter: the first axis of the arrays.
        budgets: Training pictures a class, the smaller budget first: the second axis.
        layers: `PIXELS`, then the last layer of every block from the input up: the third axis.
        blocks: Their blocks.
        channels: int64 (depths,), features that the regression gets.
        test_hits, validation_hits: int64 (weights, budgets, depths); -1 where a network has no such layer.
        strengths: float64 (weights, budgets, depths), the C that did best on the validation pictures.
        n_train: int64 (budgets,).
        n_validation, n_test: Pictures.
        n_classes: Classes.
    """

    network: str
    dataset: str
    digest: str
    weights: tuple[str, ...]
    budgets: tuple[int, ...]
    layers: tuple[str, ...]
    blocks: tuple[str, ...]
    channels: NDArray[np.int64]
    test_hits: NDArray[np.int64]
    validation_hits: NDArray[np.int64]
    strengths: NDArray[np.float64]
    n_train: NDArray[np.int64]
    n_validation: int
    n_test: int
    n_classes: int

    def accuracy(self, weights: str, budget: int, depth: int) -> Estimate | None:
        """Return the share of test pictures that is right, with its interval; None where there is no such layer."""
        hits = int(self.test_hits[self.weights.index(weights), self.budgets.index(budget), depth])
        return wilson(hits, self.n_test) if hits >= 0 else None

    def best_depth(self, weights: str, budget: int) -> int:
        """Return the depth, pixels left out, with the most hits on the validation pictures; the first of equals."""
        hits = self.validation_hits[self.weights.index(weights), self.budgets.index(budget)]
        return 1 + int(hits[1:].argmax())


def probed_layers(network: str) -> tuple[networks_layers.LayerChoice, ...]:
    """Return the last layer of every block, and a head's hidden layers.

    Raises:
        InputError: The id is malformed, or names an unknown backbone or side.
        RunNotFound: There is no such run.
    """
    choices = networks_layers.layers(network)
    last = {choice.block: choice for choice in choices if choice.block != networks_layers.HEAD}
    hidden = [choice for choice in choices if choice.block == networks_layers.HEAD and choice.name.endswith("_relu")]
    return (*last.values(), *hidden)


def splits(network: str, dataset: str) -> dict[int, datasets.Split]:
    """Return the pictures to fit on, choose on and measure on, by training pictures a class.

    They are of a run's own split: it has not seen the pictures it is measured on.
    """
    everything = networks_layers.split(network, dataset)
    most = int(np.bincount(datasets.labels(dataset)[everything.train]).min())
    few = {FEW: networks_layers.split(network, dataset, FEW)} if most > FEW else {}
    return few | {most: everything}


PROBE = Job(
    "probe",
    ProbeSpec,
    "models.representations.worker.probe:measure",
    ProbeResult,
    weights=(FRAME8_WEIGHTS,),
    examples=lambda: tuple(ProbeSpec(dataset=dataset) for dataset in datasets.DATASETS),
)
