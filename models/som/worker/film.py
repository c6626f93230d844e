"""Trains a self-organising map and writes its film while it grows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from models.errors import Cancelled
from models.networks.worker.answers import layer_features
from models.som import rotation, samples
from models.som.data import SomTask, load
from models.som.film import FEATURE_MAP, FEATURE_MAP_FILE, SOM, Recorder, poses_of
from models.som.samples import SomData
from models.som.sources import FEATURES_FILE
from models.som.spec import SomSpec
from models.som.training import Snapshot, snapshots
from models.storage.files import pack, write_atomically
from models.storage.progress import SILENT, Part, Progress
from models.wording import grouped

WRITE_EVERY = 0.5  # seconds between two writes of the film
FEATURES_SHARE = 0.7  # of the bar, when a network has to look at all pictures first


def train(task: SomTask, progress: Progress, folder: Path) -> None:
    """Train a map; a film cut short by a cancel is kept.

    Started again after a kill, it begins anew and comes to the same map.

    Raises:
        InputError: The data are not there, or cannot be used.
        TooLarge: The training would not fit into memory.
        Cancelled: By `progress`.
    """
    progress.event(share=0.0, note="Getting the data ready")
    has_features = task.origin.sample_is == "features"
    data = _features(task, Part(progress, 0.0, FEATURES_SHARE), folder) if has_features else load(task)
    rest = Part(progress, FEATURES_SHARE if has_features else 0.0, 1.0)
    recorder = Recorder(task, data)
    steps = task.som.steps(len(data.features))
    due = 0.0
    try:
        for snapshot in _walk(task, recorder.som, data, progress.check):
            recorder.add(snapshot)
            if (began := time.monotonic()) > due:
                _write(recorder, folder, complete=False)
                rest.event(share=snapshot.step / steps, note=f"Step {grouped(snapshot.step)} of {grouped(steps)}")
                due = began + WRITE_EVERY * max(1, 20 * (time.monotonic() - began))  # a large film takes long to write
    except Cancelled:
        if recorder.frames:
            _write(recorder, folder, complete=True)
        raise
    _write(recorder, folder, complete=True)


def ship_feature_map() -> None:
    """Train the map that "Read the map" opens on, and put it in the place of the one that is shipped."""
    with tempfile.TemporaryDirectory() as folder:
        train(FEATURE_MAP, SILENT, Path(folder))
        FEATURE_MAP_FILE.parent.mkdir(exist_ok=True)
        write_atomically(FEATURE_MAP_FILE, (Path(folder) / SOM.file).read_bytes())


def _walk(task: SomTask, som: SomSpec, data: SomData, check: Callable[[], None]) -> Iterator[Snapshot]:
    if task.rotations:
        return rotation.snapshots(data.features, som, poses_of(task), check)
    return snapshots(data.features, som, check)


def _features(task: SomTask, progress: Progress, folder: Path) -> SomData:
    """Return what the network answers to the pictures, and leave it in the folder, where `load` finds it."""
    [found] = layer_features(task.network, (task.layer,), task.dataset, progress)
    buffer = BytesIO()
    np.save(buffer, found)
    write_atomically(folder / FEATURES_FILE, buffer.getvalue())
    return samples.described(task.dataset, found)


def _write(recorder: Recorder, folder: Path, *, complete: bool) -> None:
    """Write the film; a reader sees the old one or the new one."""
    write_atomically(folder / SOM.file, pack(recorder.record(complete=complete)))
