"""Backbones measured one after the other on the same pictures: a linear model on their last maps, time and memory.

Of every picture only averages over positions stay in memory. Started again after a kill, it begins anew; the answers
are the same then, the times are not.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from models.backbones import registry
from models.networks import layers as networks_layers
from models.networks.worker import opened
from models.networks.worker.answers import layer_features
from models.pictures import datasets, images
from models.representations import probe, probe_fit
from models.representations.architectures import REPEATS, ArchitecturesResult, ArchitecturesSpec
from models.storage.progress import SILENT, Part, Progress
from models.training.costs import rates

_PASSES = 0.8  # of a backbone's part of the bar
_WARM = 2  # passes before time is taken


def measure(spec: ArchitecturesSpec, progress: Progress = SILENT) -> ArchitecturesResult:
    """Return what a linear model reads from every backbone, and what each costs.

    Raises:
        InputError: The pictures make no regression, or a network's numbers overflow.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass per picture and backbone, and about two seconds a backbone for building and regressions.
    """
    labels = np.asarray(datasets.labels(spec.dataset), np.int64)
    parts = probe.splits(spec.networks[0], spec.dataset)
    for part in parts.values():
        probe_fit.check_pictures(labels, part)
    fits: list[list[probe_fit.Fit]] = []
    widths, times, sizes = [], [], []
    for number, network in enumerate(spec.networks):
        share = Part(progress, number / len(spec.networks), (number + 1) / len(spec.networks))
        last = networks_layers.layers(network)[-1].name
        times.append(milliseconds(network, last, spec.dataset))
        sizes.append(sum(weight.numpy().nbytes for weight in opened.load(network).model.weights))
        [features] = layer_features(network, [last], spec.dataset, Part(share, 0.0, _PASSES))
        share.event(share=_PASSES, note=f"Regressions for {registry.BACKBONES[spec.backbones[number]].title}")
        widths.append(features.shape[1])
        fits.append([probe_fit.probe(features, labels, part, progress.check) for part in parts.values()])
    most = next(iter(parts.values()))
    return ArchitecturesResult(
        dataset=spec.dataset,
        digest=registry.frame8_digest() if "frame8" in spec.backbones else "",
        backbones=spec.backbones,
        sides=np.array([networks_layers.side(network) for network in spec.networks], np.int64),
        features=np.array(widths, np.int64),
        budgets=tuple(parts),
        n_train=np.array([len(part.train) for part in parts.values()], np.int64),
        n_validation=len(most.validation),
        n_classes=len(datasets.get(spec.dataset).classes),
        right=np.array([[fit.right for fit in row] for row in fits], bool),
        strengths=np.array([[fit.strength for fit in row] for row in fits]),
        milliseconds=np.array(times),
        bytes=np.array(sizes, np.int64),
        processor=rates.identity()["processor"],
    )


def milliseconds(network: str, layer: str, dataset: str) -> NDArray[np.float64]:
    """Return the times (`REPEATS`,) of one picture's pass up to a layer, after two that are not counted."""
    loaded = opened.load(network)
    answer = opened.layer_function(loaded, (layer,))
    picture = images.resize(datasets.load(dataset).images[:1], loaded.height, loaded.width)
    taken = []
    for _ in range(_WARM + REPEATS):
        begun = time.perf_counter()
        answer(picture)
        taken.append(1000 * (time.perf_counter() - begun))
    return np.array(taken[_WARM:])
