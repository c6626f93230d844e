"""The job that trains a self-organising map and records its film while it grows. Runs in a worker."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import Cancelled, InputError
from models.networks import layers as networks_layers
from models.networks.worker.answers import layer_features
from models.pictures import datasets
from models.som import rotation
from models.som.data import FEATURES_FILE, SomData, SomTask, load, picture_shape, pictures
from models.som.depth import (
    _FEATURES_SHARE,
    DEPTH_FILE,
    DEPTH_TASK,
    EPOCHS,
    FOLDER,
    SEEDS,
    SIDE,
    DepthResult,
    DepthTask,
    _depth_path,
    chosen_layers,
)
from models.som.film import Recorder, save
from models.som.lattice import Floats
from models.som.measures import held_out
from models.som.rotation import ROTATION_FILE, RotationTask, compare
from models.som.spec import SomSpec
from models.som.training import Snapshot, snapshots
from models.storage import files
from models.storage import progress as storage_progress
from models.storage.files import write_atomically
from models.storage.progress import Part, Progress

WRITE_EVERY = 0.5  # seconds between two writes of the film
FEATURES_SHARE = 0.7  # of the bar, when a network has to look at all pictures first


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Train the map that `spec` (the JSON of a SomTask) asks for; a film cut short by a cancel is kept.

    Started again after a kill, it begins anew and comes to the same map.
    """
    task = SomTask.from_json(spec)
    progress.event(share=0.0, note="Getting the data ready")
    data = _data(folder, task, progress)
    done = FEATURES_SHARE if task.source == "features" else 0.0
    recorder = Recorder(task, data)
    steps = task.som.steps(len(data.features))
    due = 0.0
    try:
        for snapshot in _walk(task, recorder.som, data, progress.check):
            recorder.add(snapshot)
            if (began := time.monotonic()) > due:
                save(folder, recorder.record(complete=False))
                share = done + (1 - done) * snapshot.step / steps
                progress.event(share=share, note=f"Step {snapshot.step:,} of {steps:,}")
                due = began + WRITE_EVERY * max(1, 20 * (time.monotonic() - began))  # a large film takes long to write
    except Cancelled:
        if recorder.frames:
            save(folder, recorder.record(complete=True))
        raise
    save(folder, recorder.record(complete=True))


def _walk(task: SomTask, som: SomSpec, data: SomData, check: Callable[[], None]) -> Iterator[Snapshot]:
    if not task.rotations:
        return snapshots(data.features, som, check)
    side, _, channels = picture_shape(task.dataset)
    return rotation.snapshots(data.features, som, rotation.poses(side, rotation.FILM_TURNS, True, channels), check)


def _data(folder: Path, task: SomTask, progress: Progress) -> SomData:
    if task.source != "features":
        return load(task)
    [found] = layer_features(task.network, (task.layer,), task.dataset, Part(progress, 0.0, FEATURES_SHARE))
    buffer = BytesIO()
    np.save(buffer, found)
    write_atomically(folder / FEATURES_FILE, buffer.getvalue())
    return pictures(task.dataset, found)


# FOLDED models/som/depth.py: Do classes come apart with depth? A small map on the answers of each layer, and its
# purity, in a job.


def measure(task: DepthTask, progress: Progress = storage_progress.SILENT) -> DepthResult:
    """Train a map on every chosen layer with every seed, for the network and for random weights."""
    layers = chosen_layers(task.network)
    known = {choice.name for choice in networks_layers.layers(task.random)}
    parts = datasets.split(task.dataset, networks_layers.split_seed(task.network))  # a run has not seen its test part
    test, labels = np.concatenate([parts.validation, parts.test]), datasets.labels(task.dataset)
    found = np.full((2, len(layers), SEEDS), math.nan)
    networks = [task.network] if task.network == task.random else [task.network, task.random]
    for number, network in enumerate(networks):
        places = [i for i, choice in enumerate(layers) if number == 0 or choice.name in known]
        start, end = number / len(networks), (number + 1) / len(networks)
        middle = start + _FEATURES_SHARE * (end - start)
        part = Part(progress, start, middle)
        features = layer_features(network, [layers[i].name for i in places], task.dataset, part)
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


def run_depth(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Measure what `spec` (the JSON of a DepthTask) asks for and leave the result in the folder."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if set(spec) != {"network", "dataset"}:
        raise InputError(f"Expected a network and a data set. Received {', '.join(sorted(spec)) or 'nothing'}.")
    with threadpool_limits(1):
        result = measure(DepthTask(**spec), progress)
    files.write_atomically(folder / DEPTH_FILE, files.encode(result))


# FOLDED models/som/depth.py: Results of maps that are shipped with the app, so that a first visit sees them, and
# the script that makes them. python -m models.som.depth Run it (a minute) after `python -m
# models.training.worker.ship` or new weights of Frame8: the file of the purity by depth is named after both, and an
# old one is not shown.


def main() -> None:
    """Compute and write both; replaces older ones."""
    from threadpoolctl import threadpool_limits

    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("depth-*.npz"):
        old.unlink()
    with threadpool_limits(1):
        write_atomically(FOLDER / "rotation.npz", files.encode(compare(RotationTask())))
        write_atomically(_depth_path(), files.encode(measure(DEPTH_TASK)))


if __name__ == "__main__":
    main()

# FOLDED models/som/rotation.py: The plain map and the rotation-invariant one on the same pictures, several seeds of
# each. A job; a worker runs it.


def run_rotation(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Compare what `spec` (the JSON of a RotationTask) asks for and leave the result in the folder."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        result = compare(RotationTask(**spec), progress)
    files.write_atomically(folder / ROTATION_FILE, files.encode(result))
