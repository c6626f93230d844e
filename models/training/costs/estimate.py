"""What a training will cost, worked out from layer tables before it runs; and runs like it that need less memory.

Parameters are exact. Memory is within a quarter, and time within a factor of 1.5 where the rates were measured on this
machine and nothing else keeps it busy (`tests/benchmarks/bench_costs.py`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from models.backbones import registry, tables
from models.backbones.tables import LayerRow, LayerTable
from models.jobs.machine import FLOAT, MB
from models.storage.files import write_atomically
from models.training import kept_epochs
from models.training.costs import layers as parts
from models.training.costs.layers import Held, Layers, values
from models.training.costs.rates import Rates, current
from models.training.head import features, head_layers
from models.training.spec import OFF, HeadSpec, TrainingSpec

CACHE_LIMIT_MB = 768  # larger boundary activations are not kept but computed again in every epoch
PREDICTION = "prediction.json"  # in the folder of a run
BATCHES = (16, 8, 4)  # that are offered instead of a larger one


@dataclass(frozen=True, slots=True)
class Pictures:
    """How many pictures a run learns from, watches after every epoch and is tested on, and what their data set holds.

    Attributes:
        resized: They are made in another size than the network takes.
        to_draw: How many have to be drawn first, which is done once.
        ready: What the frozen backbone says of them comes with the app.
    """

    learnt: int
    watched: int
    tested: int
    held: int
    resized: bool
    to_draw: int = 0
    ready: bool = False

    @property
    def read(self) -> int:
        """Return how many the run reads."""
        return self.learnt + self.watched + self.tested


def frozen_prefix(table: LayerTable, learning: set[str]) -> set[str]:
    """Return the layers that no learning layer feeds, directly or through others, and that do not learn."""
    moving: set[str] = set()
    for row in table.layers:  # in the order of computation
        if row.name in learning or any(name in moving for name in row.inputs):
            moving.add(row.name)
    return {row.name for row in table.layers} - moving


class Phase:
    """One phase of a run: what of the network moves in it, and what that takes."""

    def __init__(self, table: LayerTable, spec: TrainingSpec, n_classes: int, pictures: Pictures) -> None:
        self.spec, self.pictures, self.layers = spec, pictures, Layers(table)
        self.learning = set(spec.learning)
        self.prefix = frozen_prefix(table, self.learning)
        self.tail = {row.name for row in table.layers} - self.prefix
        head = head_layers(spec.head, table.layers[-1].output, n_classes)
        self.head, self.statistics = sum(row.trainable for row in head), sum(row.statistics for row in head)
        self.rows = [self.layers.rows[name] for name in self.learning]
        self.everything = sum(row.parameters for row in table.layers) + self.head + self.statistics
        self.trainable = sum(map(_trainable_part, self.rows)) + self.head
        self.moving = sum(row.parameters for row in self.rows) + self.head + self.statistics
        kept_mb = pictures.read * FLOAT * _boundary_values(table, self.prefix, spec.head) / MB
        self.cached = bool(self.prefix) and kept_mb <= CACHE_LIMIT_MB
        self.kept_mb = kept_mb if self.cached else 0.0
        of_backbone = sum(1 + (row.biases > 0 or row.has_batch_norm) for row in self.rows)
        self.variables = of_backbone + 2 * sum(row.trainable > 0 for row in head)

    def peak_mb(self) -> float:
        """Return MB at the peak, the worker's own included."""
        held = Held(
            everything=self.everything,
            moving=self.moving,
            picture_values=3 * self.spec.side**2,
            read=self.pictures.read,
            pictures=self.pictures.held,
            kept_mb=self.kept_mb,
            reads_pictures=not self.cached or self.spec.augmentation.on,
            traced=len(self.tail) + self.variables,
        )
        return parts.peak_mb(self.layers, self.prefix, self.learning, self.spec.batch, held)

    def seconds(self, rates: Rates) -> float:
        """Return the seconds of its epochs, and of what they need first: the frozen part, traced functions."""
        return self._once(rates) + self.spec.epochs * self._epoch(rates)

    def ends(self, rates: Rates) -> float:
        """Return the seconds of pictures and network before the first phase, and of the results after the last."""
        seen = self.pictures.watched + self.pictures.tested
        layers = parts.BUILT * len(self.layers.rows) / rates.traced
        resizing = self.pictures.resized * self.pictures.held * self.spec.side**2 * parts.RESIZED / rates.moved
        drawing = self.pictures.to_draw * parts.DRAWN_SECONDS
        return layers + drawing + resizing + seen * self._watching(rates)

    def _watching(self, rates: Rates) -> float:
        """Return the seconds in which one picture of the examples is classified."""
        tail = self.layers.forward(self.tail, rates, folded=False) + self.head / rates.dense
        return tail if self.cached else tail + self.layers.forward(self.prefix, rates, folded=True)

    def _once(self, rates: Rates) -> float:
        """Return the seconds before the first epoch: the frozen part, and tracing."""
        ready = self.pictures.ready and not self.learning and not self.spec.augmentation.on
        computed = self.pictures.read if self.cached and not ready else 0
        frozen = computed * self.layers.forward(self.prefix, rates, folded=True)
        below = self.cached + (not self.cached or self.spec.augmentation.on)  # how often the prefix is traced
        traced = parts.traced(len(self.prefix) * (0 if ready else below), len(self.tail), self.variables, rates)
        return frozen + traced

    def _epoch(self, rates: Rates) -> float:
        """Return the seconds of one epoch."""
        spec, learnt = self.spec, self.pictures.learnt
        learning = (
            self.layers.forward(self.tail, rates, folded=False)
            + self.layers.backward(self.tail, self.learning, rates)
            + (1 + parts.BACKWARD) * self.head / rates.dense
        )
        if not self.cached or spec.augmentation.on:
            learning += self.layers.forward(self.prefix, rates, folded=True)
        if spec.augmentation.on:
            learning += spec.side**2 * parts.AUGMENTED / rates.moved
        steps = -(-learnt // spec.batch)
        seconds = learnt * learning + steps * parts.step(self.trainable, rates)
        return parts.with_checkpoint(seconds + self.pictures.watched * self._watching(rates), self.moving, rates)


def _trainable_part(row: LayerRow) -> int:
    """Return the weights a gradient changes: half of BatchNorm's are moving statistics."""
    return row.parameters // 2 if row.has_batch_norm else row.parameters


def _boundary_values(table: LayerTable, prefix: Collection[str], head: HeadSpec) -> int:
    """Return how many numbers per picture leave the frozen prefix."""
    last = table.layers[-1]
    if last.name in prefix:
        return features(head, last.output)
    leaving = {name for row in table.layers if row.name not in prefix for name in row.inputs if name in prefix}
    return sum(values(row) for row in table.layers if row.name in leaving)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run will cost; of two phases, parameters and frozen prefix are those of the second.

    Attributes:
        parameters_trainable: Weights that training changes.
        parameters_frozen: All numbers of the layers that do not learn, those that the proof of freezing counts.
        seconds: Of the processor, on one thread; what the clock says where the machine has nothing else to do.
        phase_seconds: How much of it every phase takes; the rest is building the network and saving the results.
        peak_mb: Memory of the worker at the peak, TensorFlow's own included.
        frozen_prefix_layers: Backbone layers below everything that learns; computed once if `cached`.
        cached: Their output is small enough to be kept (`CACHE_LIMIT_MB`). With augmentation they run in every epoch
            all the same, for the pictures that are learnt from.
        moving_mb: What one kept epoch takes: every number that moves, BatchNorm's statistics included.
        kept_epochs: Files of kept epochs at the end, at most; 0 where the run keeps none.
        parameters_statistics: Numbers of layers that learn which no gradient changes: BatchNorm's moving means and
            variances, which follow the batches. The three together are all that the network keeps.
        measured: The day the rates behind `seconds` were measured on this machine; "" for those of another.
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
    measured: str = ""
    parameters_statistics: int = 0


def estimate_run(
    table: LayerTable, spec: TrainingSpec, *, n_classes: int, pictures: Pictures, rates: Rates | None = None
) -> Cost:
    """Return the cost of `spec` at `rates`, those of this machine if there are none."""
    rates = current() if rates is None else rates
    phases = [Phase(table, phase, n_classes, pictures) for phase in spec.phases()]
    last, seconds = phases[-1], tuple(phase.seconds(rates) for phase in phases)
    moving_mb = last.moving * FLOAT / MB
    most = kept_epochs.files(moving_mb) if spec.keep_epochs else 0
    epochs = sum(phase.spec.epochs for phase in phases)
    return Cost(
        parameters_trainable=last.trainable,
        parameters_frozen=last.everything - last.moving,
        parameters_statistics=last.moving - last.trainable,
        seconds=sum(seconds) + last.ends(rates),
        peak_mb=max(phase.peak_mb() for phase in phases),
        frozen_prefix_layers=len(last.prefix),
        cached=last.cached,
        moving_mb=moving_mb,
        kept_epochs=kept_epochs.stored(epochs, most) if most >= kept_epochs.FEWEST else 0,
        phase_seconds=seconds,
        measured=rates.measured,
    )


def keep(folder: Path, cost: Cost) -> None:
    """Keep what was predicted with the run, unless a prediction is there already, or the disk is full."""
    if not (folder / PREDICTION).exists():
        with suppress(OSError):
            write_atomically(folder / PREDICTION, json.dumps(asdict(cost)).encode())


def kept(folder: Path) -> Cost | None:
    """Return what was predicted before the run; None for runs from before that was kept."""
    try:
        data = json.loads((folder / PREDICTION).read_bytes())
        return Cost(**{**data, "phase_seconds": tuple(map(float, data["phase_seconds"]))})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def smaller_runs(spec: TrainingSpec) -> Iterator[tuple[str, TrainingSpec]]:
    """Yield what to change in words that begin a sentence ("A batch of 8"), and the changed recipe."""
    sides = [side for side in sorted(registry.BACKBONES[spec.backbone].sides, reverse=True) if side < spec.side]
    batch = min(spec.batch, BATCHES[-1])
    for fewer in BATCHES:
        if fewer < spec.batch:
            yield f"A batch of {fewer}", replace(spec, batch=fewer)
    if spec.augmentation.on:
        yield "The same without augmentation", replace(spec, augmentation=OFF)
    if spec.head.pooling == "flatten":
        yield "Average pooling instead of flattening", replace(spec, head=replace(spec.head, pooling="average"))
    for side in sides:
        yield f"A side of {side} pixels", replace(spec, side=side)
    for side in sides:
        yield f"A batch of {batch} at {side} pixels", replace(spec, batch=batch, side=side)
    for block, trainable in _more_frozen(spec):
        yield f"Freezing everything up to and including {block}", replace(spec, trainable=trainable)
    frozen = replace(spec, trainable=(), head_epochs=0, batch=batch, side=sides[-1] if sides else spec.side)
    yield f"Freezing the whole backbone, with a batch of {batch} at {frozen.side} pixels", frozen
    small = registry.BACKBONES[registry.DEFAULT]
    if spec.backbone != small.id:
        yield (
            f"{small.title} with the whole backbone frozen",
            replace(frozen, backbone=small.id, side=small.default_side, weights="pretrained", batch_norm_except=()),
        )


def _more_frozen(spec: TrainingSpec) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield blocks up to which to freeze, from the first that learns on, and the layers that would still learn."""
    table = tables.table(spec.backbone, spec.side)
    learning = set(spec.trainable)
    for block in table.blocks:
        left = tuple(name for name in spec.trainable if name in learning.difference(block.layers))
        if left and len(left) < len(learning):
            yield block.name, left
        learning = set(left)
