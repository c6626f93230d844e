"""Makes the film of a map while it trains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models import som_rotation
from models.som import Lattice, Snapshot, snapshots
from models.som_data import SomData, SomTask, colours, picture_shape
from models.som_frames import Painter
from models.som_measures import Floats, u_matrix
from models.som_record import SomRecord

BLOCK = 4096  # samples whose distances are computed at once


class Recorder:
    """Collects the snapshots of one training; of earlier codebooks only their picture stays in memory.

    Attributes:
        som: The spec to train: the task's, with no more snapshots than fit into a film.
    """

    def __init__(self, task: SomTask, data: SomData) -> None:
        self.task, self.data = task, data
        self.painter = Painter(task, data)
        self.som = replace(task.som, snapshots=min(task.som.snapshots, self.painter.frames_that_fit()))
        self.frames: list[bytes] = []
        self.numbers: list[tuple[float, ...]] = []
        self.bmu: list[NDArray[np.uint16]] = []
        self.codebook: Floats = np.empty((0, 0, 0), np.float32)

    def add(self, snapshot: Snapshot) -> None:
        """Keep one more snapshot."""
        self.codebook = snapshot.codebook
        self.frames.append(self.painter.frame(snapshot.codebook))
        errors = (snapshot.quantization_error, snapshot.topographic_error)
        self.numbers.append((snapshot.step, snapshot.epoch, *errors, snapshot.rate, snapshot.radius))
        self.bmu.append(snapshot.bmu.astype(np.uint16))

    def _distances(self) -> Floats:
        samples, flat = self.data.features, self.codebook.reshape(-1, self.codebook.shape[-1])
        if self.task.rotations:
            side, _, channels = picture_shape(self.task.dataset)
            turned = som_rotation.poses(side, som_rotation.FILM_TURNS, True, channels)
            return np.sqrt(som_rotation.match(samples, flat, turned).squared).astype(np.float32)
        parts = (slice(start, start + BLOCK) for start in range(0, len(samples), BLOCK))
        found = [np.linalg.norm(samples[part] - flat[self.bmu[-1][part]], axis=1) for part in parts]
        return np.concatenate(found).astype(np.float32)

    def record(self, *, complete: bool) -> SomRecord:
        """Return all that was added, at least one snapshot."""
        steps, epochs, quantization, topographic, rate, radius = np.array(self.numbers).T
        moments = self.som.steps(len(self.data.features)) + 1
        return SomRecord(
            rows=self.som.rows,
            columns=self.som.columns,
            lattice=self.som.lattice,
            toroid=self.som.toroid,
            kind=self.painter.kind,
            wanted=min(self.task.som.snapshots, moments),
            planned=min(self.som.snapshots, moments),
            frames=np.frombuffer(b"".join(self.frames), np.uint8),
            sizes=np.array([len(frame) for frame in self.frames]),
            atlas=np.frombuffer(self.painter.atlas, np.uint8),
            cloud=self.painter.cloud,
            cloud_labels=self.painter.cloud_labels,
            steps=steps.astype(np.int64),
            epochs=epochs,
            quantization_error=quantization,
            topographic_error=topographic,
            rate=rate,
            radius=radius,
            bmu=np.stack(self.bmu),
            labels=self.data.labels,
            classes=self.data.classes,
            codebook=self.codebook,
            distances=self._distances() if complete else np.empty(0, np.float32),
            u_matrix=u_matrix(self.codebook, Lattice.of(self.som)),
            complete=complete,
        )


def example() -> SomRecord:
    """The map of random colours that a first visit shows: a tenth of a second of arithmetic."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    task = SomTask()
    data = colours(task.source)
    recorder = Recorder(task, data)
    with threadpool_limits(1):  # products this small are up to 20 times slower when BLAS threads wait for each other
        for snapshot in snapshots(data.features, recorder.som):
            recorder.add(snapshot)
    return recorder.record(complete=True)
