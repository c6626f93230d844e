"""One phase of a training, before it runs: what of the network moves, and what that takes; without Keras."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from models import memory_costs, time_costs
from models.calibration import Rates
from models.layer_tables import LayerRow, LayerTable
from models.memory_costs import MB, Held
from models.time_costs import FLOAT, Layers, values
from models.training_specs import HeadSpec, TrainingSpec

CACHE_LIMIT_MB = 768  # larger boundary activations are not kept but computed again in every epoch


@dataclass(frozen=True, slots=True)
class Pictures:
    """How many pictures a run learns from, watches after every epoch and is tested on, and what their data set holds.

    Attributes:
        resized: They are made in another size than the network takes.
        to_draw: How many have to be drawn first, which is done once.
    """

    learnt: int
    watched: int
    tested: int
    held: int
    resized: bool
    to_draw: int = 0

    @property
    def read(self) -> int:
        """Return how many the run reads."""
        return self.learnt + self.watched + self.tested


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


class Phase:
    """One phase of a run: what of the network moves in it, and what that takes."""

    def __init__(self, table: LayerTable, spec: TrainingSpec, n_classes: int, pictures: Pictures) -> None:
        self.spec, self.pictures, self.layers = spec, pictures, Layers(table)
        self.learning = learning_layers(table, spec)
        self.prefix = frozen_prefix(table, self.learning)
        self.tail = {row.name for row in table.layers} - self.prefix
        self.head, self.statistics = head_parameters(spec.head, _features(spec.head, table.layers[-1]), n_classes)
        self.rows = [self.layers.rows[name] for name in self.learning]
        self.everything = sum(row.parameters for row in table.layers) + self.head + self.statistics
        self.trainable = sum(map(_trainable_part, self.rows)) + self.head
        self.moving = sum(row.parameters for row in self.rows) + self.head + self.statistics
        kept_mb = pictures.read * FLOAT * _boundary_values(table, self.prefix, spec.head) / MB
        self.cached = bool(self.prefix) and kept_mb <= CACHE_LIMIT_MB
        self.kept_mb = kept_mb if self.cached else 0.0
        dense = len(spec.head.widths) + 1
        norms = dense * spec.head.batch_norm
        self.variables = sum(1 + (row.biases > 0 or row.has_batch_norm) for row in self.rows) + 2 * (dense + norms)

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
        return memory_costs.peak_mb(self.layers, self.prefix, self.learning, self.spec.batch, held)

    def seconds(self, rates: Rates) -> float:
        """Return the seconds of its epochs, and of what they need first: the frozen part, traced functions."""
        return self._once(rates) + self.spec.epochs * self._epoch(rates)

    def ends(self, rates: Rates) -> float:
        """Return the seconds of pictures and network before the first phase, and of the results after the last."""
        seen = self.pictures.watched + self.pictures.tested
        layers = time_costs.BUILT * len(self.layers.rows) / rates.traced
        resizing = self.pictures.resized * self.pictures.held * self.spec.side**2 * time_costs.RESIZED / rates.moved
        drawing = self.pictures.to_draw * time_costs.DRAWN_SECONDS
        return layers + drawing + resizing + seen * self._watching(rates)

    def _watching(self, rates: Rates) -> float:
        """Return the seconds in which one picture of the examples is classified."""
        tail = self.layers.forward(self.tail, rates, folded=False) + self.head / rates.dense
        return tail if self.cached else tail + self.layers.forward(self.prefix, rates, folded=True)

    def _once(self, rates: Rates) -> float:
        """Return the seconds before the first epoch: the frozen part, and tracing."""
        frozen = self.pictures.read * self.layers.forward(self.prefix, rates, folded=True) if self.cached else 0.0
        below = self.cached + (not self.cached or self.spec.augmentation.on)  # how often the prefix is traced
        traced = time_costs.traced(len(self.prefix) * below, len(self.tail), self.variables, rates)
        return frozen + traced

    def _epoch(self, rates: Rates) -> float:
        """Return the seconds of one epoch."""
        spec, learnt = self.spec, self.pictures.learnt
        learning = (
            self.layers.forward(self.tail, rates, folded=False)
            + self.layers.backward(self.tail, self.learning, rates)
            + (1 + time_costs.BACKWARD) * self.head / rates.dense
        )
        if not self.cached or spec.augmentation.on:
            learning += self.layers.forward(self.prefix, rates, folded=True)
        if spec.augmentation.on:
            learning += spec.side**2 * time_costs.AUGMENTED / rates.moved
        steps = -(-learnt // spec.batch)
        seconds = learnt * learning + steps * time_costs.step(self.trainable, rates)
        return time_costs.with_checkpoint(seconds + self.pictures.watched * self._watching(rates), self.moving, rates)


def _trainable_part(row: LayerRow) -> int:
    """Return the weights a gradient changes: half of BatchNorm's are moving statistics."""
    return row.parameters // 2 if row.has_batch_norm else row.parameters


def _features(head: HeadSpec, last: LayerRow) -> int:
    """Return the number of values the pooled or flattened output of the backbone has."""
    height, width, channels = last.output
    return int({"flatten": height * width, "average+max": 2}.get(head.pooling, 1) * channels)


def _boundary_values(table: LayerTable, prefix: Collection[str], head: HeadSpec) -> int:
    """Return how many numbers per picture leave the frozen prefix."""
    last = table.layers[-1]
    if last.name in prefix:
        return _features(head, last)
    leaving = {name for row in table.layers if row.name not in prefix for name in row.inputs if name in prefix}
    return sum(values(row) for row in table.layers if row.name in leaving)
