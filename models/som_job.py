"""The job that trains a self-organising map and records its film while it grows. Runs in a worker."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from models.errors import Cancelled
from models.runs import Progress
from models.som import snapshots
from models.som_data import SomData, SomTask, colours, digits, pictures
from models.som_record import Recorder, save

WRITE_EVERY = 0.5  # seconds between two writes of the film


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Train the map that `spec` (the JSON of a SomTask) asks for; a film cut short by a cancel is kept.

    Started again after a kill, it begins anew and comes to the same map.
    """
    task = SomTask.from_json(spec)
    progress.event(share=0.0, note="Getting the data ready")
    data = _data(task)
    recorder = Recorder(task, data)
    steps = task.som.steps(len(data.features))
    written = 0.0
    try:
        for snapshot in snapshots(data.features, task.som, progress.check):
            recorder.add(snapshot)
            if time.monotonic() - written > WRITE_EVERY:
                save(folder, recorder.record(complete=False))
                progress.event(share=snapshot.step / steps, note=f"Step {snapshot.step:,} of {steps:,}")
                written = time.monotonic()
    except Cancelled:
        if recorder.frames:
            save(folder, recorder.record(complete=True))
        raise
    save(folder, recorder.record(complete=True))


def _data(task: SomTask) -> SomData:
    if task.source == "digits":
        return digits()
    if task.source != "features":
        return colours(task.source)
    from models import networks

    return pictures(task.dataset, networks.features(task.network, task.layer, task.dataset))
