"""What a training run will cost, told from the layer tables before anything runs; without Keras.

Parameters are exact. Memory is the sum of what is held at the peak, within about a third. Time is multiply-accumulates
over a rate measured once (`GIGAMACS_PER_SECOND`) plus a fixed cost per step: the right size, not the right second.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from models import cluster, kept_epochs
from models.layer_tables import LayerRow, LayerTable
from models.training_specs import HeadSpec, TrainingSpec

WORKER_MB = 700  # a worker with TensorFlow loaded and nothing to do
CACHE_LIMIT_MB = 768  # larger boundary activations are not kept but computed again in every epoch
CHUNK = 32  # pictures per forward pass where nothing is learnt
MB = 2.0**20
FLOAT = 4
START_SECONDS = 3.0  # building the graph, tracing, saving
# One thread of an AMD EPYC with AVX-512 did 50-60 folded forward (frame8 at 64 px) and 90-110 in training steps; most
# laptops do less, so 40.
GIGAMACS_PER_SECOND = 40.0
STEP_SECONDS = 0.0005
AUGMENTATION_SECONDS = 7e-8  # for a pixel with everything on, on the same processor; most of it for turning
BACKWARD = 2  # a backward pass costs about two forward passes


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run will cost; of two phases, parameters and frozen prefix are those of the second.

    Attributes:
        parameters_trainable, parameters_frozen: Weights that training changes, and all others (statistics of
            BatchNorm that is trained move, but not by training: they count as frozen).
        seconds: Wall time on one thread; rough. `phase_seconds` says how much of it every phase takes.
        peak_mb: Memory of the worker at the peak, TensorFlow's own included.
        frozen_prefix_layers: Backbone layers below everything that learns; computed once if `cached`.
        cached: Their output is small enough to be kept (`CACHE_LIMIT_MB`). With augmentation they run in every epoch
            all the same, for the pictures that are learnt from.
        moving_mb: What one kept epoch takes: every number that moves, BatchNorm's statistics included.
        kept_epochs: Files of kept epochs at the end, at most; 0 where the run keeps none.
    """

    parameters_trainable: int
    parameters_frozen: int
    seconds: float
    peak_mb: float
    frozen_prefix_layers: int
    cached: bool
    moving_mb: float
    kept_epochs: int
    phase_seconds: tuple[float, ...] = ()


def memory_limit_mb() -> float:
    """Return how much memory a run may take: `FREEZEFRAME_MEMORY_MB`, else what machine and container have left.

    On a small machine the one worker that will carry the run is up already, and part of what is used.
    """
    if stated := os.environ.get("FREEZEFRAME_MEMORY_MB"):
        return float(stated)
    import psutil

    up = WORKER_MB if cluster.available_memory() < cluster.SMALL_MACHINE else 0
    free = float(psutil.virtual_memory().available) / MB + up
    try:
        folder = Path("/sys/fs/cgroup")
        left = int((folder / "memory.max").read_text()) - int((folder / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
    return min(free, left / MB + up)


def learning_layers(table: LayerTable, spec: TrainingSpec) -> set[str]:
    """Return the backbone layers whose weights training changes; held BatchNorm is not among them."""
    chosen = set(spec.trainable)
    return {
        row.name
        for row in table.layers
        if row.name in chosen
        and row.parameters
        and (not row.has_batch_norm or spec.batch_norm_in(row.block) == "train")
    }


def frozen_prefix(table: LayerTable, learning: set[str]) -> set[str]:
    """Return the layers that no learning layer feeds, directly or through others, and that do not learn."""
    moving: set[str] = set()
    for row in table.layers:  # in the order of computation
        if row.name in learning or any(name in moving for name in row.inputs):
            moving.add(row.name)
    return {row.name for row in table.layers} - moving


def head_parameters(head: HeadSpec, features: int, n_classes: int) -> tuple[int, int]:
    """Return (trainable, statistics): the head's weights on `features` values, and its BatchNorm statistics."""
    trainable, statistics, width = 0, 0, features
    if head.batch_norm:
        trainable, statistics = 2 * width, 2 * width
    for units in head.widths:
        trainable += width * units + (2 * units if head.batch_norm else units)
        statistics += 2 * units if head.batch_norm else 0
        width = units
    return trainable + width * n_classes + n_classes, statistics


def estimate_run(table: LayerTable, spec: TrainingSpec, *, n_classes: int, n_train: int, n_watched: int) -> Cost:
    """Return the cost of `spec` for `n_train` training and `n_watched` validation and test pictures."""
    phases = [_estimate_phase(table, phase, n_classes, n_train, n_watched) for phase in spec.phases()]
    last, seconds = phases[-1], tuple(phase.seconds for phase in phases)
    most = kept_epochs.files(last.moving_mb) if spec.keep_epochs else 0
    epochs = sum(phase.epochs for phase in spec.phases())
    return replace(
        last,
        seconds=START_SECONDS + sum(seconds),
        peak_mb=max(phase.peak_mb for phase in phases),
        kept_epochs=kept_epochs.stored(epochs, most) if most >= kept_epochs.FEWEST else 0,
        phase_seconds=seconds,
    )


def _estimate_phase(table: LayerTable, spec: TrainingSpec, n_classes: int, n_train: int, n_watched: int) -> Cost:
    """Return the cost of a single phase; start and kept epochs are not in it."""
    learning = learning_layers(table, spec)
    prefix = frozen_prefix(table, learning)
    rows = {row.name: row for row in table.layers}
    head_trainable, statistics = head_parameters(spec.head, _features(spec.head, table.layers[-1]), n_classes)
    trainable = sum(_trainable_part(rows[name]) for name in learning) + head_trainable
    everything = sum(row.parameters for row in table.layers) + head_trainable + statistics
    pictures = n_train + n_watched
    kept_mb = pictures * FLOAT * _boundary_values(table, prefix, spec.head) / MB
    cached = bool(prefix) and kept_mb <= CACHE_LIMIT_MB
    prefix_macs = sum(rows[name].macs for name in prefix)
    tail_macs = sum(row.macs for row in table.layers if row.name not in prefix) + head_trainable
    augmented = spec.epochs * n_train if spec.augmentation.on else 0
    passes = pictures + augmented if cached else spec.epochs * pictures
    work = passes * prefix_macs + spec.epochs * tail_macs * (pictures + BACKWARD * n_train)
    steps = spec.epochs * -(-n_train // spec.batch) * STEP_SECONDS + augmented * spec.side**2 * AUGMENTATION_SECONDS
    moving_mb = (sum(rows[name].parameters for name in learning) + head_trainable + statistics) * FLOAT / MB
    return Cost(
        parameters_trainable=trainable,
        parameters_frozen=everything - trainable,
        seconds=work / (GIGAMACS_PER_SECOND * 1e9) + steps,
        peak_mb=_peak_mb(table, prefix, spec, trainable, everything, pictures, kept_mb if cached else 0.0),
        frozen_prefix_layers=len(prefix),
        cached=cached,
        moving_mb=moving_mb,
        kept_epochs=0,
    )


def _trainable_part(row: LayerRow) -> int:
    """Return the weights a gradient changes: half of BatchNorm's are moving statistics."""
    return row.parameters // 2 if row.has_batch_norm else row.parameters


def _features(head: HeadSpec, last: LayerRow) -> int:
    """Return the number of values the pooled or flattened output of the backbone has."""
    height, width, channels = last.output
    return int({"flatten": height * width, "average+max": 2}.get(head.pooling, 1) * channels)


def _boundary_values(table: LayerTable, prefix: set[str], head: HeadSpec) -> int:
    """Return how many numbers per picture leave the frozen prefix."""
    last = table.layers[-1]
    if last.name in prefix:
        return _features(head, last)
    leaving = {name for row in table.layers if row.name not in prefix for name in row.inputs if name in prefix}
    return sum(_values(row) for row in table.layers if row.name in leaving)


def _values(row: LayerRow) -> int:
    height, width, channels = row.output
    return int(height * width * channels)


def _peak_mb(
    table: LayerTable, prefix: set[str], spec: TrainingSpec, trainable: int, everything: int, pictures: int, kept: float
) -> float:
    """Return MB at the peak: weights and optimiser, pictures, kept activations, and one step or one forward pass."""
    tail = sum(_values(row) for row in table.layers if row.name not in prefix)
    forward = 3 * max((_values(row) for row in table.layers), default=0) * CHUNK
    step = BACKWARD * tail * spec.batch
    # Weights once for the network and once as they were; best weights, gradient and two optimiser slots for the rest.
    numbers = 2 * everything + 4 * trainable + max(forward, step)
    # What is kept exists twice while it is handed over to TensorFlow.
    return float(WORKER_MB + (numbers * FLOAT + pictures * 3 * spec.side**2) / MB + 2 * kept)
