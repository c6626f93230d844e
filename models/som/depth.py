"""Do classes come apart with depth? A small map on the answers of each layer, and its purity, in a job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.networks import layers as networks_layers
from models.networks.layers import LayerChoice
from models.pictures import datasets
from models.som.rotation import RotationResult
from models.storage import files, runs
from models.storage.files import ASSETS
from models.storage.runs import EXAMPLE

DEPTH_FILE = "depth.npz"
SIDE, EPOCHS, SEEDS = 8, 20, 5  # of the maps
MOST_LAYERS = 14
_FEATURES_SHARE = 0.8  # of the bar: the network's part
_OUTPUTS = ("relu", "_out", "_add", "_activation", "pool")


@dataclass(frozen=True)
class DepthTask:
    """What to look into: a network id and the data set whose classes are watched."""

    network: str
    dataset: str

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        networks_layers.layers(self.network)

    @property
    def random(self) -> str:
        """Return the id of the same backbone with random weights."""
        return networks_layers.random_twin(self.network)

    @property
    def seconds(self) -> float:
        """Return about how long a warm worker takes, both networks together."""
        passes = datasets.get(self.dataset).size * (1 if self.network == self.random else 2)
        return networks_layers.seconds(self.network, passes) + 0.2 * SEEDS * len(chosen_layers(self.network))


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


def chosen_layers(network: str) -> tuple[LayerChoice, ...]:
    """Return the layers to measure: those that end a step of the network, or of a deep one the last of each block."""
    everything = networks_layers.layers(network)
    last = {choice.block: choice.name for choice in everything}
    ends = [choice for choice in everything if choice.name == last[choice.block]]
    outputs = [choice for choice in everything if choice in ends or choice.name.endswith(_OUTPUTS)]
    return tuple(outputs if len(outputs) <= MOST_LAYERS else ends)


def load(run: runs.Run) -> DepthResult | None:
    """Return what a run measured; None before its end, and for a damaged file."""
    return files.read(run.path(DEPTH_FILE), DepthResult)


# FOLDED models/som/depth.py: Results of maps that are shipped with the app, so that a first visit sees them, and
# the script that makes them. python -m models.som.depth Run it (a minute) after `python -m
# models.training.worker.ship` or new weights of Frame8: the file of the purity by depth is named after both, and an
# old one is not shown.

FOLDER = ASSETS / "som"
DEPTH_TASK = DepthTask(f"run:{EXAMPLE}", "galaxies")
_WEIGHTS = (ASSETS / "frame8" / "frame8.npz", ASSETS / EXAMPLE / "head.npz")


def rotation() -> RotationResult | None:
    """Return the comparison of `RotationTask()`, if it is shipped."""
    return files.read(FOLDER / "rotation.npz", RotationResult)


def depth() -> DepthResult | None:
    """Return the purity by depth of `DEPTH_TASK`, if it is shipped for the weights that are."""
    return files.read(_depth_path(), DepthResult)


def _depth_path() -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in _WEIGHTS)).hexdigest()
    return FOLDER / f"depth-{digest[:12]}.npz"
