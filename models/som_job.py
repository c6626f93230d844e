"""The job that trains a self-organising map and records its film while it grows. Runs in a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from models import som_rotation
from models.errors import Cancelled
from models.runs import Progress, write_atomically
from models.som import Snapshot, SomSpec, snapshots
from models.som_data import FEATURES_FILE, SomData, SomTask, load, picture_shape, pictures
from models.som_features import layer_features
from models.som_record import save
from models.som_recorder import Recorder

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
    return som_rotation.snapshots(
        data.features, som, som_rotation.poses(side, som_rotation.FILM_TURNS, True, channels), check
    )


def _data(folder: Path, task: SomTask, progress: Progress) -> SomData:
    if task.source != "features":
        return load(task)
    [found] = layer_features(task.network, (task.layer,), task.dataset, progress, (0.0, FEATURES_SHARE))
    buffer = BytesIO()
    np.save(buffer, found)
    write_atomically(folder / FEATURES_FILE, buffer.getvalue())
    return pictures(task.dataset, found)
