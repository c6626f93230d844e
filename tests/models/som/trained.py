"""Trainings for tests: all snapshots of one at once, and its film."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.som.data import SomTask, load
from models.som.film import Recorder, SomRecord
from models.som.samples import SomData
from models.som.spec import SomSpec
from models.som.training import Snapshot, snapshots


@dataclass(frozen=True)
class History:
    """All snapshots of a training, stacked: codebooks (F, rows, columns, D), the numbers (F,)."""

    codebooks: NDArray[Any]
    quantization_error: NDArray[Any]
    topographic_error: NDArray[Any]
    rate: NDArray[Any]
    radius: NDArray[Any]


def train(features: NDArray[Any], spec: SomSpec) -> History:
    kept: list[Snapshot] = list(snapshots(features, spec))
    names = ("codebook", "quantization_error", "topographic_error", "rate", "radius")
    return History(*(np.array([getattr(one, name) for one in kept]) for name in names))


def filmed(task: SomTask, data: SomData | None = None) -> SomRecord:
    """The film of a whole training, on the task's own samples unless others are given."""
    data = data or load(task)
    recorder = Recorder(task, data)
    for snapshot in snapshots(data.features, recorder.som):
        recorder.add(snapshot)
    return recorder.record(complete=True)
