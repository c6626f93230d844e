"""Time and memory of the layers of a training on one thread, from the layer tables and the rates of a machine.

A layer takes its multiply-accumulates over a rate, or the bytes it moves over another: MobileNetV2 has a third of
Frame8's multiply-accumulates and takes as long. Factors that are constants here are ratios of one machine, measured
once (`tests/benchmarks/bench_costs.py` tells how well they hold); what differs between machines are the rates.

Of memory, what is held at the same time is added up for the two stages that may be the peak: the frozen part computed
once, and the epochs. It comes on top of what a worker needs anyway (`WORKER_MB`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from models.backbones.tables import LayerRow, LayerTable
from models.jobs.machine import FLOAT, MB, WORKER_MB
from models.training.costs.rates import Rates

BACKWARD = 2  # a backward pass through what learns costs about two forward passes
_DENSE = ("Conv2D", "Dense")
_FOLDS = (*_DENSE, "DepthwiseConv2D")  # take over the BatchNorm and the ReLU behind them
_PASSED_ON = 0.5  # of the bytes that a convolution moves: it finds in the cache what the layer before it left there
_SLOW = {"Activation": 3.0}  # passes over the maps: swish and its kind are several operations
_BACK_DEPTHWISE, _BACK_MOVED, _BACK_NORM = 1.6, 1.5, 0.65  # of the forward pass; of BatchNorm alone in training
_UPDATES = 4.0  # weights are brought into another order for every pass, too
STEP_SECONDS = 0.0005  # of a training step, however small the network
DRAWN_SECONDS = 0.0018  # of a picture that a program draws
SAVE_SECONDS = 0.5  # between two checkpoints at least
# In layers traced (`Rates.traced`): what is done once per layer or variable, however many pictures there are.
BUILT, _FOLDED, _PREDICTED, _LEARNT, _VARIABLE, _PHASE = 0.15, 0.12, 0.13, 0.4, 1.1, 3.0
# In bytes moved (`Rates.moved`): of every pixel that is augmented or resized, of every byte of a checkpoint.
AUGMENTED, RESIZED, _SAVED = 2000.0, 840.0, 60.0
CHUNK = 32  # pictures per forward pass where nothing is learnt
_PASS_MACS = 20 * 10**9  # about a third of a second on one thread
# Of memory.
_GRAPH_MB = 0.25  # of each layer and variable in a traced training step
_PASS = 1.5  # largest input and output of a forward pass, and what operations put aside
_MEMORY_LEARNT = 4  # numbers for each that moves: itself, its best value, two slots of the optimiser
_MEMORY_SAVED = 3  # a checkpoint: the arrays, the file in the making, the file


class Layers:
    """The layers of a backbone, with what they move."""

    def __init__(self, table: LayerTable) -> None:
        self.table = table
        self.rows = {row.name: row for row in table.layers}
        self.moved = {
            row.name: FLOAT * (values(row) + sum(self._values(name) for name in row.inputs)) for row in table.layers
        }

    def _values(self, name: str) -> int:
        """Return how many numbers a layer, or the picture, hands on."""
        return values(self.rows[name]) if name in self.rows else 3 * self.table.side**2

    def _source(self, row: LayerRow) -> LayerRow | None:
        return self.rows.get(row.inputs[0]) if len(row.inputs) == 1 else None

    def folds(self, row: LayerRow) -> bool:
        """Return whether a layer vanishes into the one before it when nothing around it learns."""
        source = self._source(row)
        if row.kind == "ReLU" and source is not None and source.has_batch_norm:
            source = self._source(source)
        return row.kind in ("BatchNormalization", "ReLU") and source is not None and source.kind in _FOLDS

    def forward(self, names: Collection[str], rates: Rates, *, folded: bool) -> float:
        """Return the seconds of a forward pass of one picture through some layers; their BatchNorm folded or not."""
        return sum(self._forward(row, rates, folded) for row in self.table.layers if row.name in names)

    def _forward(self, row: LayerRow, rates: Rates, folded: bool) -> float:
        if row.kind in _DENSE:
            return row.macs / rates.dense + _PASSED_ON * self.moved[row.name] / rates.moved
        if row.kind == "DepthwiseConv2D":
            return self.moved[row.name] / rates.depthwise
        if not row.activation_bytes or (folded and self.folds(row)):
            return 0.0
        return _SLOW.get(row.kind, 1.0) * self.moved[row.name] / rates.moved

    def backward(self, names: Collection[str], learning: Collection[str], rates: Rates) -> float:
        """Return the seconds of a backward pass of one picture through the layers `names`, of which some learn."""
        return sum(
            self._backward(row, row.name in learning, any(name in names for name in row.inputs), rates)
            for row in self.table.layers
            if row.name in names
        )

    def _backward(self, row: LayerRow, learns: bool, further: bool, rates: Rates) -> float:
        """Return the seconds of one layer: gradients of its weights if it learns, of its input if it goes further."""
        gradients = learns + further
        if row.kind in _DENSE:
            return gradients * row.macs / rates.dense
        if row.kind == "DepthwiseConv2D":
            return _BACK_DEPTHWISE / 2 * gradients * self.moved[row.name] / rates.depthwise
        if row.has_batch_norm and learns:
            return _BACK_NORM * self.moved[row.name] / rates.norm
        return _BACK_MOVED * _SLOW.get(row.kind, 1.0) * further * self.moved[row.name] / rates.moved


def values(row: LayerRow) -> int:
    """Return how many numbers a layer puts out for one picture."""
    height, width, channels = row.output
    return int(height * width * channels)


def step(weights: int, rates: Rates) -> float:
    """Return what a training step takes besides its pictures: the optimiser, and starting it."""
    return STEP_SECONDS + _UPDATES * weights / rates.updated


def traced(prefix: int, tail: int, variables: int, rates: Rates) -> float:
    """Return the seconds of folding and tracing: layers of the frozen prefix, of what moves, and its variables."""
    work = _PHASE + _FOLDED * prefix + (_LEARNT + _PREDICTED) * tail + _VARIABLE * variables
    return work / rates.traced


def with_checkpoint(seconds: float, moving: int, rates: Rates) -> float:
    """Return the seconds of an epoch with its share of a checkpoint of all that moves."""
    share = min(1.0, seconds / SAVE_SECONDS)
    return seconds + share * 4 * FLOAT * moving * _SAVED / rates.moved


def chunk(macs: int) -> int:
    """Return how many pictures make a forward pass of well under a second, so that a cancel is noticed; 1 to 32."""
    return min(max(_PASS_MACS // max(macs, 1), 1), CHUNK)


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
    most = max(step, _pass_mb(layers, tail, above), _MEMORY_SAVED * _MEMORY_LEARNT * moving)
    epochs = 2 * weights + _MEMORY_LEARNT * moving + held.kept_mb + most + _GRAPH_MB * held.traced
    return WORKER_MB + pictures + max(frozen, epochs)


def _pass_mb(layers: Layers, names: Collection[str], pictures: int) -> float:
    """Return MB of a forward pass through some layers: a layer's output goes when the next ones have read it."""
    return _PASS * pictures * max((layers.moved[name] for name in names), default=0) / MB


def _step_mb(layers: Layers, tail: Collection[str], learning: Collection[str], batch: int) -> float:
    """Return MB that a training step holds for the way back: what layers put out, held BatchNorm apart."""
    rows = [layers.rows[name] for name in tail]
    kept = [values(row) for row in rows if row.activation_bytes and (not row.has_batch_norm or row.name in learning)]
    return batch * FLOAT * sum(kept) / MB + _pass_mb(layers, tail, batch)
