"""Sweeps: the same training for several values of one choice and several seeds; the spec, its cells, the job.

Each value with each seed, and with each way to begin, is a cell, and a cell is an ordinary training run: the same spec
started by hand gives the same numbers. A seed decides the new weights, the order of the pictures, and their split into
training, validation and test; cells of one seed are tested on the same pictures, so that their differences are paired.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final, Literal, Self

from models.backbones import tables
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError, InputError
from models.jobs.job import Job, PricedSpec
from models.pictures import datasets
from models.sweeps import variations
from models.training import recipes, together
from models.training.spec import HeadSpec, TrainingSpec

Key = tuple[str, str, int]  # line, value, number of the seed
Choice = Literal["depth", "shots", "regulariser", "none"]
TITLES: Final[dict[str, str]] = {
    "depth": "Freeze depth", "shots": "Shots", "regulariser": "Regularisers", "none": "Controls",
}  # fmt: skip
MOST_CELLS, MOST_SEEDS = 48, 10
NOTHING: Final = "nothing"  # frozen
ALL: Final = "all"  # pictures per class
FINE_TUNING_EPOCHS: Final = 20  # of the suggested sweep over depth, after the head
_CELL_SECONDS: Final = 0.4  # to build a small network anew, and to write the results


@dataclass(frozen=True, slots=True)
class SweepSpec(PricedSpec):
    """One sweep; the same spec gives the same cells.

    Attributes:
        choice: What changes. "depth": how much of the backbone is frozen; "shots": training pictures per class;
            "regulariser": what keeps the network from memorising its pictures.
        values: Of the choice, in the order they are drawn. Depth: the last frozen block, or "nothing"; shots: numbers,
            or "all"; regulariser: keys of `variations.REGULARISERS`; none: "" alone.
        lines: How the network begins, keys of `variations.LINES`; each has cells of its own.
        base: Everything else; its seed and its split are those of the first cells.
        seeds: How many seeds.
        after: Id of an earlier sweep; its finished cells are taken over where their recipe is the same. "" for none.
    """

    choice: Choice
    values: tuple[str, ...] = ("",)
    lines: tuple[str, ...] = (variations.AS_IS,)
    base: TrainingSpec = field(default_factory=TrainingSpec)
    seeds: int = 3
    after: str = ""

    def __post_init__(self) -> None:
        for name, chosen in (("values to sweep over", self.values), ("ways to begin", self.lines)):
            if not chosen or len(set(chosen)) < len(chosen):
                raise InputError(f"Expected one or more different {name}. Received none, or one twice.")
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise InputError(f"Expected 1 to {MOST_SEEDS} seeds. Received {self.seeds}.")
        count = len(self.lines) * len(self.values) * self.seeds
        if count > MOST_CELLS:
            raise InputError(f"Expected at most {MOST_CELLS} trainings in a sweep. Received {count}.")

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the sweep that `to_json` wrote; fields that it left out have their defaults.

        Raises:
            InputError: A field is unknown or of another type, or names what this version does not have.
        """
        sweep = super(SweepSpec, cls).from_json(data)  # `super()` alone fails in a dataclass with slots
        sweep.base.check_names()
        sweep.cells()
        return sweep

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        base, seeds = self.base, f"{self.seeds} seed{'' if self.seeds == 1 else 's'}"
        shots = f", {base.shots} per class" if base.shots and self.choice != "shots" else ""
        data = f"{datasets.get(base.dataset).title}, {BACKBONES[base.backbone].title}{shots}"
        return f"{TITLES[self.choice]}: {data}, {seeds}"

    @property
    def seconds(self) -> float:
        """About how long all cells take, one after the other."""
        return sum(cell_seconds(self).values())

    def cells(self) -> tuple[Cell, ...]:
        """Return every cell, line by line, value by value.

        Raises:
            InputError: A value is not one of this choice, or a line is unknown.
        """
        return tuple(
            Cell(line, value, number, _recipe(self, line, value, number))
            for line in self.lines
            for value in self.values
            for number in range(self.seeds)
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One training of a sweep: its line, its value, the number of its seed (from 0) and its recipe."""

    line: str
    value: str
    number: int
    spec: TrainingSpec

    @property
    def key(self) -> Key:
        """Return what tells it from the others of its sweep."""
        return self.line, self.value, self.number


def _recipe(sweep: SweepSpec, line: str, value: str, number: int) -> TrainingSpec:
    seeded = replace(
        sweep.base, seed=sweep.base.seed + number, split_seed=sweep.base.split_seed + number, keep_epochs=False
    )
    base = variations.begin(line, seeded)
    if sweep.choice == "depth":
        return _frozen_up_to(base, value)
    if sweep.choice == "shots":
        return _with_shots(base, value)
    if sweep.choice == "regulariser":
        return variations.apply(value, base)
    if value:
        raise InputError(f"Expected no value where nothing changes. Received {value[:20]!r}.")
    return base


def _with_shots(base: TrainingSpec, value: str) -> TrainingSpec:
    if value != ALL and not value.isdecimal():
        raise InputError(f'Expected a number of pictures per class, or "{ALL}". Received {value[:20]!r}.')
    spec = replace(base, shots=None if value == ALL else int(value))
    try:
        pictures = len(recipes.split_of(spec).train)
    except InputError as error:
        raise InputError(f"{value_title('shots', value)}: {error}") from error
    return replace(spec, batch=together.fitting_batch(spec, pictures))


def depths(backbone: str, side: int) -> tuple[str, ...]:
    """Return the values of "depth", from nothing frozen to everything."""
    return NOTHING, *tables.table(backbone, side).weighted_blocks


def _frozen_up_to(base: TrainingSpec, value: str) -> TrainingSpec:
    """Freeze everything up to and including a block; with nothing left to fine-tune, the head learns in both phases."""
    blocks = tables.table(base.backbone, base.side).weighted_blocks
    known = [NOTHING, *blocks]
    if value not in known:
        raise InputError(f"Expected {NOTHING}, or a block of {base.backbone}. Received {value[:40]!r}.")
    learning = tuple(chain.from_iterable(list(blocks.values())[known.index(value) :]))
    return replace(base, trainable=learning) if learning else variations.head_only(base)


def validate(sweep: SweepSpec) -> None:
    """Check everything that can be known before a sweep starts.

    Raises:
        InputError, TooLarge: Of the first cell that could not be carried out; the message names it.
    """
    _check_different(sweep)
    for cell in sweep.cells():
        if cell.number:
            continue  # another seed changes no check
        try:
            recipes.validate(cell.spec)
        except FreezeframeError as error:
            raise type(error)(f"{_what(sweep, cell)}: {error}") from error
    recipes.validate(sweep.cells()[-1].spec)  # its seeds are the largest


def _check_different(sweep: SweepSpec) -> None:
    """Refuse two values or ways to begin that make the same recipe: their difference would be nothing but zeros."""
    known: dict[TrainingSpec, str] = {}
    for cell in sweep.cells():
        if cell.number:
            continue
        title = _what(sweep, cell)
        if cell.spec in known:
            raise InputError(
                f"Expected values that make different recipes. Received two that make the same: {known[cell.spec]} and "
                f"{title}."
            )
        known[cell.spec] = title


def _what(sweep: SweepSpec, cell: Cell) -> str:
    """Return what sets a cell apart from those of the same seed."""
    return ", ".join(filter(None, [_line_title(sweep, cell.line), value_title(sweep.choice, cell.value)]))


def remarks(sweep: SweepSpec) -> tuple[str, ...]:
    """Return a sentence for each setting of a cell that has no effect beside the others, with the cells' names."""
    cells: dict[str, list[str]] = {}
    for cell in sweep.cells():
        # From scratch everything learns, BatchNorm too: whether the backbone has one is not for the visitor to change.
        if not cell.number and cell.line != variations.SCRATCH:
            for sentence in recipes.remarks(cell.spec):
                cells.setdefault(sentence, []).append(_what(sweep, cell))
    return tuple(f"{'; '.join(filter(None, names))}: {sentence}" for sentence, names in cells.items())


def _line_title(sweep: SweepSpec, line: str) -> str:
    return variations.LINES[line].title if len(sweep.lines) > 1 or line != variations.AS_IS else ""


def cell_title(sweep: SweepSpec, key: Key) -> str:
    """Return in words what sets a cell apart: "From scratch, 20 per class, seed 1"."""
    line, value, number = key
    parts = (_line_title(sweep, line), value_title(sweep.choice, value), f"seed {sweep.base.seed + number}")
    return ", ".join(filter(None, parts))


def value_title(choice: str, value: str) -> str:
    """Return a value as a label: "conv3 frozen", "20 pictures", "dropout"."""
    if choice == "depth":
        return "Nothing frozen" if value == NOTHING else f"Frozen up to {value}"
    if choice == "none":
        return ""
    if choice == "shots":
        return "All pictures" if value == ALL else f"{value} per class"
    return variations.REGULARISERS[value].title if value in variations.REGULARISERS else value


def cell_seconds(sweep: SweepSpec) -> dict[Key, float]:
    """Return about how long every cell takes, {key: s of one thread}.

    Cells of one value share what its first seed makes; with other numbers of pictures, all cells of a line do.
    """
    found: dict[Key, float] = {}
    first = again = 0.0
    for cell in sweep.cells():
        if cell.number == 0:
            first = recipes.estimate(cell.spec).seconds
            again = first if cell.spec.weights == "random" else min(_epochs_seconds(cell.spec) + _CELL_SECONDS, first)
        ready = cell.number > 0 or (sweep.choice == "shots" and cell.value != sweep.values[0])
        found[cell.key] = again if ready else first
    return found


def _epochs_seconds(spec: TrainingSpec) -> float:
    """Return about how long the epochs alone take: twice as many take so much longer."""
    twice = replace(spec, epochs=2 * spec.epochs, head_epochs=2 * spec.head_epochs)
    return recipes.estimate(twice).seconds - recipes.estimate(spec).seconds


def suggested(choice: Choice, base: TrainingSpec) -> SweepSpec:
    """Return a sweep long enough for trainings to come to their end, with backbone, data and side of `base`.

    With Frame8 on the Galaxies they do (see `convergence`); elsewhere the page says where they did not.
    """
    recipe = replace(
        recipes.DEFAULT, backbone=base.backbone, weights=base.weights, dataset=base.dataset, side=base.side, shots=20
    )
    if choice == "depth":
        # The head first, as long as it needs; what learns beside it then moves at a low rate of its own.
        two = replace(
            recipe, head_epochs=recipe.epochs, head_rate=recipe.learning_rate, epochs=FINE_TUNING_EPOCHS,
            learning_rate=recipes.FINE_TUNING_RATE,
        )  # fmt: skip
        return SweepSpec(choice, _spread(depths(base.backbone, base.side), 6), base=two)
    if choice == "shots":
        lines = (variations.FROZEN, variations.SCRATCH)
        shots = ("5", "10", "20")
        return SweepSpec(choice, shots, lines, replace(recipe, shots=None, epochs=40, batch=16))
    head = HeadSpec("average+max", widths=(256,))
    return SweepSpec(
        choice, tuple(variations.REGULARISERS), base=replace(recipe, shots=10, head=head, epochs=60, batch=16)
    )


def _spread(values: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return at most so many of some values, both ends among them."""
    if len(values) <= most:
        return values
    return tuple(values[round(place * (len(values) - 1) / (most - 1))] for place in range(most))


def controls_of(spec: TrainingSpec) -> SweepSpec:
    """Return the sweep that trains the two controls of a recipe, with its own seed and split."""
    return SweepSpec(
        "none", lines=(variations.RANDOM, variations.SCRATCH), base=replace(spec, keep_epochs=False), seeds=1
    )


SWEEP: Final[Job[SweepSpec, None]] = Job("sweep", SweepSpec, "models.sweeps.worker.job:train_cells", keeps=True)
