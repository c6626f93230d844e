"""How much memory a training takes at its peak, from the layer tables; without Keras.

What is held at the same time is added up for the two stages that may be the peak: the frozen part computed once, and
the epochs. Beyond what a worker needs anyway (`WORKER_MB`), within about a quarter.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from models import cluster
from models.time_costs import FLOAT, Layers, values

WORKER_MB = 740  # a worker with TensorFlow loaded that has trained something small
CHUNK = 32  # pictures per forward pass where nothing is learnt
MB = 2.0**20
_PASS_MACS = 20 * 10**9  # about a third of a second on one thread
_GRAPH_MB = 0.25  # of each layer and variable in a traced training step
_PASS = 1.5  # largest input and output of a forward pass, and what operations put aside
_LEARNT = 4  # numbers for each that moves: itself, its best value, two slots of the optimiser
_SAVED = 3  # a checkpoint: the arrays, the file in the making, the file


def chunk(macs: int) -> int:
    """Return how many pictures make a forward pass of well under a second, so that a cancel is noticed; 1 to 32."""
    return min(max(_PASS_MACS // max(macs, 1), 1), CHUNK)


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


@dataclass(frozen=True, slots=True)
class Held:
    """What a phase holds in memory; numbers of values, pictures and MB.

    Attributes:
        everything, moving: Weights of the whole network, and those that training moves.
        picture_values: Of the pictures at the side they are used with, one byte each; those that are read, and all.
        read, pictures: How many pictures the run reads, and how many the data set has.
        kept_mb: The frozen part's output, where it is kept.
        reads_pictures: The epochs read pictures: nothing is kept, or they are augmented.
        traced: Layers and variables of the traced training step.
    """

    everything: int
    moving: int
    picture_values: int
    read: int
    pictures: int
    kept_mb: float
    reads_pictures: bool
    traced: int


def peak_mb(layers: Layers, prefix: Collection[str], learning: Collection[str], batch: int, held: Held) -> float:
    """Return MB at the peak of a phase, the worker's own included.

    Args:
        layers: Of the backbone.
        prefix, learning: Names of those below everything that learns, and of those that learn.
        batch: Pictures per step.
        held: What is held besides.
    """
    rows = layers.table.layers
    tail = [row.name for row in rows if row.name not in prefix]
    below, above = (chunk(sum(row.macs for row in rows if (row.name in prefix) is here)) for here in (True, False))
    copies = 2 if held.reads_pictures else 1  # of the pictures that are read
    pictures = held.picture_values * (held.pictures + copies * held.read) / MB
    weights, moving = FLOAT * held.everything / MB, FLOAT * held.moving / MB
    # As they are, as they were, and folded; the output of the frozen part is there twice when TensorFlow takes it over.
    frozen = 3 * weights + held.kept_mb + max(_pass_mb(layers, prefix, below), held.kept_mb)
    step = _step_mb(layers, tail, learning, batch) + _pass_mb(layers, prefix, batch) * held.reads_pictures
    most = max(step, _pass_mb(layers, tail, above), _SAVED * _LEARNT * moving)
    epochs = 2 * weights + _LEARNT * moving + held.kept_mb + most + _GRAPH_MB * held.traced
    return WORKER_MB + pictures + max(frozen, epochs)


def _pass_mb(layers: Layers, names: Collection[str], pictures: int) -> float:
    """Return MB of a forward pass through some layers: a layer's output goes when the next ones have read it."""
    return _PASS * pictures * max((layers.moved[name] for name in names), default=0) / MB


def _step_mb(layers: Layers, tail: Collection[str], learning: Collection[str], batch: int) -> float:
    """Return MB that a training step holds for the way back: what layers put out, held BatchNorm apart."""
    rows = [layers.rows[name] for name in tail]
    kept = [values(row) for row in rows if row.activation_bytes and (not row.has_batch_norm or row.name in learning)]
    return batch * FLOAT * sum(kept) / MB + _pass_mb(layers, tail, batch)
