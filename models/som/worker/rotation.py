"""The plain map and the rotation-invariant one, trained with every seed and judged on pictures they never saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.pictures import datasets, images
from models.som.lattice import Floats
from models.som.measures import majority, purity
from models.som.rotation import SIDE, RotationResult, RotationTask, match, poses, snapshots
from models.storage.progress import SILENT, Progress

SPLIT = 0  # seed of the split: the maps see its training part, and are judged on the rest


def compare(task: RotationTask, progress: Progress = SILENT) -> RotationResult:
    """Train both maps with every seed and measure their purity.

    Raises:
        Cancelled: By `progress`.
    """
    with threadpool_limits(1):  # several threads would wait for each other
        return _compared(task, progress)


def _compared(task: RotationTask, progress: Progress) -> RotationResult:
    parts = datasets.split(task.dataset, SPLIT)
    test = np.concatenate([parts.validation, parts.test])
    labels = datasets.labels(task.dataset)
    turned = poses(SIDE, task.turns, task.mirror)
    kinds = (turned[:1], turned)
    samples = (turned[0] @ grey(task.dataset).T).T  # both see the same pixels: the disc, where turns are fine
    measured = np.zeros((2, 2, task.seeds))
    units = task.rows * task.columns
    mosaics, classes, shares = [], [], []
    for number in range(2 * task.seeds):
        seed, kind = divmod(number, 2)
        name = ("plain", "rotation-invariant")[kind]
        progress.event(share=number / (2 * task.seeds), note=f"Map {number + 1} of {2 * task.seeds}, {name}")
        *_, last = snapshots(samples[parts.train], task.spec(seed), kinds[kind], progress.check)
        named, share = majority(last.bmu, labels[parts.train], units, len(datasets.get(task.dataset).classes))
        known = np.flatnonzero(named >= 0)
        flat = last.codebook.reshape(units, -1)
        unseen = known[match(samples[test], flat[known], kinds[kind], progress.check).best]
        measured[:, kind, seed] = purity(unseen, labels[test], named), purity(last.bmu, labels[parts.train], named)
        if seed == 0:
            mosaics.append(_mosaic(last.codebook))
            classes.append(named)
            shares.append(share)
    judged, seen = measured
    return RotationResult(judged, seen, len(test), np.stack(mosaics), np.stack(classes), np.stack(shares))


def grey(dataset: str) -> Floats:
    """Return all pictures of a data set as float32 (N, SIDE * SIDE): grey, the sky at 0, equally bright (norm 1)."""
    small = images.resize(datasets.load(dataset).images, SIDE, SIDE).mean(axis=-1, dtype=np.float32)
    light = small - np.median(small, axis=(1, 2), keepdims=True)
    norm = np.sqrt(np.square(light).sum(axis=(1, 2), keepdims=True))
    found: Floats = (light / np.maximum(norm, 1e-6)).reshape(len(small), -1)
    return found


def _mosaic(codebook: Floats) -> NDArray[np.uint8]:
    """Return weights (rows, columns, SIDE * SIDE) as one picture, every unit between its darkest and its brightest."""
    rows, columns, _ = codebook.shape
    low, high = codebook.min(axis=-1, keepdims=True), codebook.max(axis=-1, keepdims=True)
    scaled = np.sqrt((codebook - low) / np.maximum(high - low, 1e-9)) * 255
    tiles: NDArray[np.uint8] = scaled.round().astype(np.uint8).reshape(rows, columns, SIDE, SIDE).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * SIDE, columns * SIDE)
