"""Do classes come apart with depth? A small map on the answers of each layer, and its purity, in a job."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import answers, datasets, network_layers, runs
from models.errors import InputError
from models.network_layers import LayerChoice
from models.runs import Progress
from models.som import SomSpec, snapshots
from models.som_features import layer_features
from models.som_measures import Floats
from models.som_purity import held_out

FILE = "depth.npz"
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
        network_layers.layers(self.network)

    @property
    def random(self) -> str:
        """Return the id of the same backbone with random weights."""
        return network_layers.random_twin(self.network)

    @property
    def seconds(self) -> float:
        """Return about how long a warm worker takes, both networks together."""
        passes = datasets.get(self.dataset).size * (1 if self.network == self.random else 2)
        return network_layers.seconds(self.network, passes) + 0.2 * SEEDS * len(chosen_layers(self.network))


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
    everything = network_layers.layers(network)
    last = {choice.block: choice.name for choice in everything}
    ends = [choice for choice in everything if choice.name == last[choice.block]]
    outputs = [choice for choice in everything if choice in ends or choice.name.endswith(_OUTPUTS)]
    return tuple(outputs if len(outputs) <= MOST_LAYERS else ends)


def measure(task: DepthTask, progress: Progress = runs.SILENT) -> DepthResult:
    """Train a map on every chosen layer with every seed, for the network and for random weights."""
    layers = chosen_layers(task.network)
    known = {choice.name for choice in network_layers.layers(task.random)}
    parts = datasets.split(task.dataset, network_layers.split_seed(task.network))  # a run has not seen its test part
    test, labels = np.concatenate([parts.validation, parts.test]), datasets.labels(task.dataset)
    found = np.full((2, len(layers), SEEDS), math.nan)
    networks = [task.network] if task.network == task.random else [task.network, task.random]
    for number, network in enumerate(networks):
        places = [i for i, choice in enumerate(layers) if number == 0 or choice.name in known]
        start, end = number / len(networks), (number + 1) / len(networks)
        middle = start + _FEATURES_SHARE * (end - start)
        features = layer_features(network, [layers[i].name for i in places], task.dataset, progress, (start, middle))
        for done, (i, values) in enumerate(zip(places, features, strict=True)):
            share = middle + (end - middle) * done / len(places)
            progress.event(share=share, note=f"Maps of layer {layers[i].name}")
            found[number, i] = purities(values, labels, parts.train, test, progress)
    names = tuple(choice.name for choice in layers)
    chance = float(np.bincount(labels[test]).max() / len(test))
    return DepthResult(names, tuple(choice.block for choice in layers), found[0], found[1], len(test), chance)


def purities(
    values: Floats, labels: NDArray[np.int64], train: NDArray[np.int64], test: NDArray[np.int64], progress: Progress
) -> NDArray[np.float64]:
    """Return the held-out purity of a small map of features (N, C) for every seed, float64 (SEEDS,).

    Every channel is first given mean 0 and standard deviation 1 over the training part; a silent one becomes 0.
    """
    spread = values[train].std(axis=0)
    scaled = np.divide(values - values[train].mean(axis=0), spread, out=np.zeros_like(values), where=spread > 1e-9)
    radius = SIDE / 2
    spec = SomSpec(SIDE, SIDE, epochs=EPOCHS, radius0=radius, decay=math.log(2 * radius), start="sample", snapshots=2)
    found = []
    for seed in range(SEEDS):
        *_, last = snapshots(scaled[train], replace(spec, seed=seed), progress.check)
        found.append(held_out(scaled[train], labels[train], scaled[test], labels[test], last.codebook)[1])
    return np.array(found)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Measure what `spec` (the JSON of a DepthTask) asks for and leave the result in the folder."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if set(spec) != {"network", "dataset"}:
        raise InputError(f"Expected a network and a data set. Received {', '.join(sorted(spec)) or 'nothing'}.")
    with threadpool_limits(1):
        result = measure(DepthTask(**spec), progress)
    runs.write_atomically(folder / FILE, answers.encode(result))


def load(run: runs.Run) -> DepthResult | None:
    """Return what a run measured; None before its end, and for a damaged file."""
    return answers.read(run.path(FILE), DepthResult)
