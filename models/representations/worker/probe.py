"""The job that probes every block of a network. Runs in a worker.

    python -m models.representations.worker.probe      probes Frame8 on every built-in data set and writes the results that are shipped

All blocks of a network are computed in one pass over the pictures; of every picture only averages over positions stay
in memory. Started again after a kill, it begins anew and comes to the same result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backbones import registry
from models.networks import layers
from models.networks.worker.answers import layer_features
from models.pictures import datasets, images
from models.representations import probe, probe_fit
from models.representations.probe import PIXELS, PIXELS_SIDE, RESULT, ProbeResult, ProbeSpec
from models.storage import files
from models.storage.files import write_atomically
from models.storage.progress import SILENT, Progress

_PASSES = 0.85  # of the bar


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Probe what `spec` (the JSON of a ProbeSpec) asks for and write the result."""
    write_atomically(folder / RESULT, files.encode(measure(ProbeSpec.from_json(spec), progress)))


def measure(spec: ProbeSpec, progress: Progress = SILENT) -> ProbeResult:
    """Return how well the classes can be told apart at every depth of a network and of its twin with random weights.

    Raises:
        InputError: The pictures make no regression, or the network's numbers overflow.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: two forward passes per picture, and up to some seconds a block for the regressions.
    """
    labels = np.asarray(datasets.labels(spec.dataset), np.int64)
    parts = probe.splits(spec.dataset, layers.split_seed(spec.network))
    for part in parts.values():
        probe_fit.check_pictures(labels, part)
    chosen, twins = probe.layers(spec.network), spec.networks
    start = pixels(spec.dataset)
    features = {}
    for number, (weights, network) in enumerate(twins.items()):
        bar = _PASSES * number / len(twins), _PASSES * (number + 1) / len(twins)
        features[weights] = [start, *_features(network, [layer.name for layer in chosen], spec.dataset, progress, bar)]
    fits = _fits(features, labels, parts, progress)
    numbers = np.array([[[(f.test_hits, f.validation_hits, f.strength) for f in of] for of in each] for each in fits])
    most = next(iter(parts.values()))
    return ProbeResult(
        network=spec.network,
        dataset=spec.dataset,
        digest=registry.frame8_digest() if spec.network.startswith("backbone:frame8:") else "",
        weights=tuple(twins),
        budgets=tuple(parts),
        layers=(PIXELS, *(layer.name for layer in chosen)),
        blocks=(PIXELS, *(layer.block for layer in chosen)),
        channels=np.array([start.shape[1], *(layer.shape[2] for layer in chosen)], np.int64),
        test_hits=numbers[..., 0].astype(np.int64),
        validation_hits=numbers[..., 1].astype(np.int64),
        strengths=numbers[..., 2],
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


def _features(
    network: str, names: list[str], dataset: str, progress: Progress, bar: tuple[float, float]
) -> list[NDArray[np.float32] | None]:
    """Return the features of every layer; None for those of a head, which a bare backbone has not."""
    has = [not name.startswith("head_") or network.startswith("run:") for name in names]
    found = iter(
        layer_features(network, [name for name, there in zip(names, has, strict=True) if there], dataset, progress, bar)
    )
    return [next(found) if there else None for there in has]


def _fits(
    features: dict[str, list[NDArray[np.float32] | None]],
    labels: NDArray[np.int64],
    parts: dict[int, datasets.Split],
    progress: Progress,
) -> list[list[list[probe_fit.Fit]]]:
    """Return the regressions by weights, budget and depth; those on pixels, the same for all weights, are made once."""
    nothing = probe_fit.Fit(0.0, -1, -1)
    total, done = sum(len(of) for of in features.values()) * len(parts), 0
    found: list[list[list[probe_fit.Fit]]] = []
    for of in features.values():
        found.append([[] for _ in parts])
        for depth, values in enumerate(of):
            for number, part in enumerate(parts.values()):
                share = _PASSES + (1 - _PASSES) * done / total
                progress.event(share=share, note=f"Regression {done + 1} of {total}")
                done += 1
                if depth == 0 and len(found) > 1:
                    fit = found[0][number][0]
                else:
                    fit = nothing if values is None else probe_fit.probe(values, labels, part, progress.check)
                found[-1][number].append(fit)
    return found


def record() -> None:
    """Probe Frame8 on every built-in data set and write the results to where the app ships them."""
    probe.SHIPPED.mkdir(exist_ok=True)
    for file in probe.SHIPPED.glob("*.npz"):
        file.unlink()
    for dataset in datasets.DATASETS:
        spec = ProbeSpec(dataset=dataset)
        write_atomically(probe.path_of(spec), files.encode(measure(spec)))


if __name__ == "__main__":
    record()
