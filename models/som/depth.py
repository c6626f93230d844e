"""Do classes come apart with depth? Small maps of what each layer answers, and how pure their units are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.ids import NetworkId
from models.jobs.job import Job, PricedSpec
from models.networks import layers
from models.networks.layers import LayerChoice
from models.pictures import datasets
from models.storage.runs import EXAMPLE, EXAMPLE_WEIGHTS

SIDE, EPOCHS, SEEDS = 8, 20, 5  # of the maps
MOST_LAYERS = 14
_OUTPUTS = ("relu", "_out", "_add", "_activation", "pool")


@dataclass(frozen=True)
class DepthTask(PricedSpec):
    """Which network is looked into, by its id, and the data set whose classes are watched."""

    network: str
    dataset: str

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        layers.layers(self.network)

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"Purity by depth, {datasets.get(self.dataset).title}"

    @property
    def random(self) -> str:
        """The id of the same backbone with random weights."""
        return layers.random_twin(self.network)

    @property
    def seconds(self) -> float:
        """About how long a warm worker takes, both networks together."""
        passes = datasets.get(self.dataset).size * (1 if self.network == self.random else 2)
        return layers.seconds(self.network, passes) + 0.2 * SEEDS * len(chosen_layers(self.network))


@dataclass(frozen=True)
class DepthResult:
    """Purity by depth; L layers, S seeds of the map.

    Attributes:
        layers, blocks: Names, from the input up.
        purity: Share of pictures, neither network nor map saw which, whose unit's majority class is theirs,
            float64 (L, S).
        random: The same with random weights; NaN where these have no such layer (a run's head) or are the network.
        n_test: How many pictures that are.
        chance: Share of the most frequent class among them.
    """

    layers: tuple[str, ...]
    blocks: tuple[str, ...]
    purity: NDArray[np.float64]
    random: NDArray[np.float64]
    n_test: int
    chance: float


DEPTH = Job(
    "depth",
    DepthTask,
    "models.som.worker.depth:measure",
    DepthResult,
    weights=EXAMPLE_WEIGHTS,
    examples=lambda: (DepthTask(str(NetworkId(EXAMPLE)), "galaxies"),),
)


def chosen_layers(network: str) -> tuple[LayerChoice, ...]:
    """Return the layers to measure: those that end a step of the network, or of a deep one the last of each block."""
    everything = layers.layers(network)
    last = {choice.block: choice.name for choice in everything}
    ends = [choice for choice in everything if choice.name == last[choice.block]]
    outputs = [choice for choice in everything if choice in ends or choice.name.endswith(_OUTPUTS)]
    return tuple(outputs if len(outputs) <= MOST_LAYERS else ends)
