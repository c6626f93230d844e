"""Sweeps: the same training for several values of one choice and several seeds. Plain data without Keras.

Each pair of value and seed is a cell, and a cell is an ordinary training run: the same spec started by hand gives the
same numbers. A seed decides the new weights, the order of the pictures, and their split into training, validation and
test; cells of one seed are tested on the same pictures, so that their differences are paired.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from models import layer_tables, recipes, regularisers, runs
from models.errors import FreezeframeError, InputError
from models.training_specs import TrainingSpec, typed

KIND = "sweep"
Choice = Literal["depth", "shots", "regulariser"]
MOST_CELLS, MOST_SEEDS = 48, 10
NOTHING, ALL = "nothing", "all"  # frozen; pictures per class
_CELLS = "cells"  # in the folder of a sweep: one file for each cell that is finished


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """One sweep; the same spec gives the same cells.

    Attributes:
        choice: What changes. "depth": how much of the backbone is frozen; "shots": training pictures per class;
            "regulariser": what keeps the network from learning its pictures by heart.
        values: Of the choice, in the order they are drawn. Depth: the last frozen block, or "nothing"; shots: numbers,
            or "all"; regulariser: keys of `regularisers.REGULARISERS`.
        base: Everything else; its seed and its split are those of the first cells.
        seeds: How many seeds.
        after: Id of an earlier sweep; its finished cells are taken over where their recipe is the same. "" for none.
    """

    choice: Choice
    values: tuple[str, ...]
    base: TrainingSpec = field(default_factory=TrainingSpec)
    seeds: int = 3
    after: str = ""

    def __post_init__(self) -> None:
        if not self.values or len(set(self.values)) < len(self.values):
            raise InputError("Expected one or more different values to sweep over. Received none, or one twice.")
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise InputError(f"Expected 1 to {MOST_SEEDS} seeds. Received {self.seeds}.")
        if len(self.values) * self.seeds > MOST_CELLS:
            raise InputError(
                f"Expected at most {MOST_CELLS} trainings. Received {len(self.values)} values with {self.seeds} seeds, "
                f"which are {len(self.values) * self.seeds}."
            )

    def cells(self) -> tuple[Cell, ...]:
        """Return every cell, value by value.

        Raises:
            InputError: A value is not one of this choice.
        """
        return tuple(
            Cell(value, number, _recipe(self, value, number)) for value in self.values for number in range(self.seeds)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON types; `from_json` is its inverse."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepSpec:
        """Return the spec that `to_json` wrote; raises InputError for other fields, types or ranges."""
        others = {name: value for name, value in data.items() if name != "base"}
        return cls(**typed(cls, others), base=TrainingSpec.from_json(data.get("base", {})))


@dataclass(frozen=True, slots=True)
class Cell:
    """One training of a sweep: its value, the number of its seed (from 0) and its recipe."""

    value: str
    number: int
    spec: TrainingSpec


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished cell.

    Attributes:
        value, number: Of the cell.
        run: Id of its run; "" where the run is not kept (shipped results).
        accuracy, tested: Share of the test pictures that it gets right, and how many there are.
        train_accuracy: Share of the training pictures right during the epoch that was kept; NaN without one.
        seconds: It took, its part of what cells share included.
    """

    value: str
    number: int
    run: str
    accuracy: float
    tested: int
    train_accuracy: float
    seconds: float


def _recipe(sweep: SweepSpec, value: str, number: int) -> TrainingSpec:
    base = replace(
        sweep.base, seed=sweep.base.seed + number, split_seed=sweep.base.split_seed + number, keep_epochs=False
    )
    if sweep.choice == "depth":
        return _frozen_up_to(base, value)
    if sweep.choice == "shots":
        return _with_shots(base, value)
    return regularisers.apply(value, base)


def _with_shots(base: TrainingSpec, value: str) -> TrainingSpec:
    if value != ALL and not value.isdecimal():
        raise InputError(f'Expected a number of pictures per class, or "{ALL}". Received {value[:20]!r}.')
    spec = replace(base, shots=None if value == ALL else int(value))
    return replace(spec, batch=min(spec.batch, max(len(recipes.split_of(spec).train), 1)))


def depths(backbone: str, side: int) -> tuple[str, ...]:
    """Return the values of "depth", from nothing frozen to everything."""
    return NOTHING, *(block for block, _ in _blocks(backbone, side))


def _blocks(backbone: str, side: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return the blocks with weights, and the names of their layers that have some."""
    table = layer_tables.table(backbone, side)
    weighted = {row.name for row in table.layers if row.parameters}
    blocks = [(block.name, tuple(name for name in block.layers if name in weighted)) for block in table.blocks]
    return [(block, names) for block, names in blocks if names]


def _frozen_up_to(base: TrainingSpec, value: str) -> TrainingSpec:
    """Freeze everything up to and including a block; with nothing left to fine-tune, the head learns in both phases."""
    blocks = _blocks(base.backbone, base.side)
    known = [NOTHING, *(block for block, _ in blocks)]
    if value not in known:
        raise InputError(f"Expected {NOTHING}, or a block of {base.backbone}. Received {value[:40]!r}.")
    learning = tuple(name for _, names in blocks[known.index(value) :] for name in names)
    if learning or not base.head_epochs:
        return replace(base, trainable=learning)
    return replace(
        base, trainable=(), epochs=base.head_epochs + base.epochs, learning_rate=base.head_rate, head_epochs=0
    )


def validate(sweep: SweepSpec) -> None:
    """Check everything that can be known before a sweep starts.

    Raises:
        InputError, TooLarge: Of the first cell that could not be carried out; the message names it.
    """
    for cell in sweep.cells():
        if cell.number:
            continue  # another seed changes no check
        try:
            recipes.validate(cell.spec)
        except FreezeframeError as error:
            raise type(error)(f"{words(sweep.choice, cell.value)}: {error}") from error
    last = sweep.cells()[-1].spec
    recipes.validate(last)  # its seeds are the largest


def words(choice: str, value: str) -> str:
    """Return a value as a label: "conv3 frozen", "20 pictures", "dropout"."""
    if choice == "depth":
        return "Nothing frozen" if value == NOTHING else f"Frozen up to {value}"
    if choice == "shots":
        return "All pictures" if value == ALL else f"{value} per class"
    return regularisers.REGULARISERS[value].title if value in regularisers.REGULARISERS else value


def cell_seconds(sweep: SweepSpec) -> dict[tuple[str, int], float]:
    """Return about how long every cell takes, {(value, number): s}, where cells share what they can.

    Cells that differ in nothing but their seed share the frozen part's output and the compiled steps.
    """
    found: dict[tuple[str, int], float] = {}
    for cell in sweep.cells():
        if cell.number == 0:
            whole = recipes.estimate(cell.spec)
            once = recipes.estimate(replace(cell.spec, epochs=1, head_epochs=min(cell.spec.head_epochs, 1)))
            phases = 1 + bool(cell.spec.head_epochs)
            epochs = cell.spec.epochs + cell.spec.head_epochs
            epoch = (whole.seconds - once.seconds) / max(epochs - phases, 1)
            again = whole.seconds if cell.spec.weights == "random" else min(epoch * epochs + CELL_SECONDS, whole.seconds)
            first = whole.seconds
        found[cell.value, cell.number] = again if cell.number else first
    return found


CELL_SECONDS = 0.4  # to build a small network anew and write the results


def run_id(sweep: str, cell: Cell) -> str:
    """Return the id of a cell's run: the same after a kill, and known to nobody who does not know the sweep's."""
    return hashlib.sha256(f"{sweep}/{cell.value}/{cell.number}".encode()).hexdigest()[:32]


def record(folder: Path, found: Finished) -> None:
    """Write a finished cell into the folder of its sweep."""
    path = folder / _CELLS / f"{hashlib.sha256(f'{found.value}/{found.number}'.encode()).hexdigest()[:16]}.json"
    path.parent.mkdir(exist_ok=True)
    runs.write_atomically(path, json.dumps(asdict(found)).encode())


def finished(folder: Path) -> tuple[Finished, ...]:
    """Return the cells of a sweep that are finished; files that cannot be read are passed over."""
    found = []
    for path in sorted((folder / _CELLS).glob("*.json")):
        try:
            found.append(Finished(**typed(Finished, json.loads(path.read_bytes()))))
        except (OSError, ValueError, TypeError, FreezeframeError):
            continue
    return tuple(found)
