"""Linear probes of every block of a network, fitted and measured.

All blocks of a network are computed in one pass over the pictures; of every picture only averages over positions stay
in memory. Started again after a kill, it begins anew and comes to the same result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.backbones import registry
from models.ids import NetworkId
from models.networks.worker.answers import layer_features
from models.pictures import datasets, images
from models.representations import probe, probe_fit
from models.representations.probe import PIXELS, PIXELS_SIDE, ProbeResult, ProbeSpec
from models.storage.progress import SILENT, Part, Progress

_PASSES = 0.85  # of the bar


def measure(spec: ProbeSpec, progress: Progress = SILENT) -> ProbeResult:
    """Return how well the classes can be told apart at every depth of a network and of its twin with random weights.

    Raises:
        InputError: The pictures make no regression, or the network's numbers overflow.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: two forward passes per picture, and up to some seconds a block for the regressions.
    """
    labels = np.asarray(datasets.labels(spec.dataset), np.int64)
    parts = probe.splits(spec.network, spec.dataset)
    for part in parts.values():
        probe_fit.check_pictures(labels, part)
    chosen, twins = probe.probed_layers(spec.network), spec.networks
    start = pixels(spec.dataset)
    features = {}
    for number, (weights, network) in enumerate(twins.items()):
        passes = Part(progress, _PASSES * number / len(twins), _PASSES * (number + 1) / len(twins))
        features[weights] = [start, *features_of(network, [layer.name for layer in chosen], spec.dataset, passes)]
    fits = fits_of(features, labels, parts, Part(progress, _PASSES, 1.0))
    test_hits, validation_hits, strengths = (
        np.array([[[getattr(fit, name) for fit in row] for row in budgets] for budgets in fits])
        for name in ("test_hits", "validation_hits", "strength")
    )
    most = next(iter(parts.values()))
    return ProbeResult(
        network=spec.network,
        dataset=spec.dataset,
        digest=registry.frame8_digest() if NetworkId.parse(spec.network).backbone == "frame8" else "",
        weights=tuple(twins),
        budgets=tuple(parts),
        layers=(PIXELS, *(layer.name for layer in chosen)),
        blocks=(PIXELS, *(layer.block for layer in chosen)),
        channels=np.array([start.shape[1], *(layer.shape[2] for layer in chosen)], np.int64),
        test_hits=test_hits,
        validation_hits=validation_hits,
        strengths=strengths,
        n_train=np.array([len(part.train) for part in parts.values()], np.int64),
        n_validation=len(most.validation),
        n_test=len(most.test),
        n_classes=len(datasets.get(spec.dataset).classes),
    )


def pixels(dataset: str) -> NDArray[np.float32]:
    """Return every picture as the vector of its pixels, float32 (N, D), made smaller where it is large."""
    pictures = datasets.load(dataset).images
    side = min(PIXELS_SIDE, pictures.shape[1])
    small = [images.resize(pictures[i : i + 256], side, side) for i in range(0, len(pictures), 256)]
    return np.concatenate(small).reshape(len(pictures), -1).astype(np.float32)


def features_of(network: str, names: list[str], dataset: str, progress: Progress) -> list[NDArray[np.float32] | None]:
    """Return the features (N, channels) of every layer; None for those of a head, which a bare backbone has not."""
    with_head = bool(NetworkId.parse(network).run)
    there = [name for name in names if with_head or not name.startswith("head_")]
    found = dict(zip(there, layer_features(network, there, dataset, progress), strict=True))
    return [found.get(name) for name in names]


def fits_of(
    features: dict[str, list[NDArray[np.float32] | None]],
    labels: NDArray[np.int64],
    parts: dict[int, datasets.Split],
    progress: Progress,
) -> list[list[list[probe_fit.Fit]]]:
    """Return the regressions by weights, budget and depth; those on pixels, the same for all weights, are made once.

    Args:
        features: {weights: (N, channels) at every depth, or None where there is no such layer}, pixels first.
        labels: (N,), counted from 0.
        parts: {budget: pictures to fit on, choose on and measure on}.
        progress: Of this part of the work.
    """
    nothing = probe_fit.Fit(0.0, -1, -1)
    total, done = sum(len(depths) for depths in features.values()) * len(parts), 0
    found: list[list[list[probe_fit.Fit]]] = []
    for depths in features.values():
        found.append([[] for _ in parts])
        for depth, values in enumerate(depths):
            for number, part in enumerate(parts.values()):
                progress.event(share=done / total, note=f"Regression {done + 1} of {total}")
                done += 1
                if depth == 0 and len(found) > 1:
                    fit = found[0][number][0]
                else:
                    fit = nothing if values is None else probe_fit.probe(values, labels, part, progress.check)
                found[-1][number].append(fit)
    return found
