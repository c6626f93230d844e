"""Trains a small map on the features of each layer with every seed, and measures how pure its units are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.networks import layers
from models.networks.worker.answers import layer_features
from models.pictures import datasets
from models.som.depth import EPOCHS, SEEDS, SIDE, DepthResult, DepthTask, chosen_layers
from models.som.lattice import Floats
from models.som.measures import held_out
from models.som.spec import SomSpec
from models.som.training import snapshots
from models.storage.progress import SILENT, Part, Progress

_FEATURES_SHARE = 0.8  # of the bar: the network's part


def measure(task: DepthTask, progress: Progress = SILENT) -> DepthResult:
    """Measure the purity of maps of every chosen layer, for the network and for random weights.

    Raises:
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.
        Cancelled: By `progress`.
    """
    chosen = chosen_layers(task.network)
    parts = layers.split(task.network, task.dataset)  # a run has not seen its test part
    test, labels = np.concatenate([parts.validation, parts.test]), datasets.labels(task.dataset)
    found = np.full((2, len(chosen), SEEDS), math.nan)
    networks = [task.network] if task.network == task.random else [task.network, task.random]
    for number, network in enumerate(networks):
        known = {choice.name for choice in layers.layers(network)}
        places = [i for i, choice in enumerate(chosen) if choice.name in known]
        names = [chosen[i].name for i in places]
        here = Part(progress, number / len(networks), (number + 1) / len(networks))
        features = layer_features(network, names, task.dataset, Part(here, 0.0, _FEATURES_SHARE))
        for done, (i, values) in enumerate(zip(places, features, strict=True)):
            share = _FEATURES_SHARE + (1 - _FEATURES_SHARE) * done / len(places)
            here.event(share=share, note=f"Maps of layer {chosen[i].name}")
            found[number, i] = purities(values, labels, parts.train, test, progress)
    chance = float(np.bincount(labels[test]).max() / len(test))
    return DepthResult(
        layers=tuple(choice.name for choice in chosen),
        blocks=tuple(choice.block for choice in chosen),
        purity=found[0],
        random=found[1],
        n_test=len(test),
        chance=chance,
    )


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
    with threadpool_limits(1):  # several threads would wait for each other
        for seed in range(SEEDS):
            *_, last = snapshots(scaled[train], replace(spec, seed=seed), progress.check)
            found.append(held_out(scaled[train], labels[train], scaled[test], labels[test], last.codebook)[1])
    return np.array(found)
