"""Variations of a recipe by name: ways for the network to begin, and regularisers one at a time.

A good accuracy alone does not show that pretraining helped. Two controls do, with the same budget: the same network
frozen with random weights (was more needed than any projection of the pixels?), and everything trained from random
weights (would these pictures have been enough?).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from models.backbones import tables
from models.errors import InputError
from models.training.spec import GENTLE, OFF, TrainingSpec

SCRATCH_RATE = 1e-3  # of Adam; the low rates that suit fine-tuning would hold a network back that knows nothing
AS_IS, FROZEN, RANDOM, SCRATCH = "base", "frozen", "random", "scratch"  # keys of LINES
PLAIN = "none"  # key of REGULARISERS


@dataclass(frozen=True, slots=True)
class Line:
    """One way to begin: `change` turns a recipe into it, with as many epochs."""

    title: str
    description: str
    change: Callable[[TrainingSpec], TrainingSpec]


def head_only(spec: TrainingSpec) -> TrainingSpec:
    """Return `spec` with the whole backbone frozen; of two phases, the head's rate for as many epochs as both have."""
    rate = spec.head_rate if spec.head_epochs else spec.learning_rate
    return replace(
        spec, trainable=(), batch_norm_except=(), epochs=spec.head_epochs + spec.epochs, learning_rate=rate,
        head_epochs=0, keep_epochs=False,
    )  # fmt: skip


def random_frozen(spec: TrainingSpec) -> TrainingSpec:
    """Return the control with a frozen backbone of random weights."""
    return replace(head_only(spec), weights="random")


def from_scratch(spec: TrainingSpec) -> TrainingSpec:
    """Return the control that trains everything from random weights, BatchNorm included."""
    rows = tables.table(spec.backbone, spec.side).layers
    return replace(
        head_only(spec), weights="random", trainable=tuple(row.name for row in rows if row.parameters),
        batch_norm="train", optimizer="adam", learning_rate=SCRATCH_RATE,
    )  # fmt: skip


LINES: dict[str, Line] = {
    AS_IS: Line("As the recipe says", "Nothing of the recipe is changed.", lambda spec: spec),
    FROZEN: Line("Pretrained, frozen", "The pretrained backbone frozen whole; only the head learns.", head_only),
    RANDOM: Line(
        "Random weights, frozen",
        "A backbone that has learned nothing, frozen whole; only the head learns.",
        random_frozen,
    ),
    SCRATCH: Line(
        "From scratch", "Random weights, and everything learns, with Adam at 0.001 and BatchNorm trained.", from_scratch
    ),
}


def begin(line: str, spec: TrainingSpec) -> TrainingSpec:
    """Return `spec` changed to the way of beginning called `line`.

    Raises:
        InputError: There is none of that name.
    """
    if line not in LINES:
        raise InputError(f"Expected a way to begin among {', '.join(LINES)}. Received {line[:40]!r}.")
    return LINES[line].change(spec)


@dataclass(frozen=True, slots=True)
class Regulariser:
    """One way to keep a network from memorising its pictures: `change` adds it to a recipe without any."""

    title: str
    description: str
    change: Callable[[TrainingSpec], TrainingSpec]


def _head(**fields: float | bool) -> Callable[[TrainingSpec], TrainingSpec]:
    return lambda spec: replace(spec, head=replace(spec.head, **fields))  # type: ignore[arg-type]


REGULARISERS: dict[str, Regulariser] = {
    PLAIN: Regulariser("None", "No regulariser at all.", lambda spec: spec),
    "dropout": Regulariser(
        "Dropout 0.5", "Half of the values before every dense layer are set to 0.", _head(dropout=0.5)
    ),
    "decay": Regulariser(
        "Weight decay", "The loss grows by 0.001 times the head's squared weights.", _head(weight_decay=1e-3)
    ),
    "max_norm": Regulariser("Max-norm 1", "No unit's incoming weights grow longer than 1.", _head(max_norm=1.0)),
    "batch_norm": Regulariser(
        "Batch norm", "The pooled features and the hidden layers are normalised batch by batch.", _head(batch_norm=True)
    ),
    "smoothing": Regulariser(
        "Label smoothing",
        "A tenth of the target is spread over all classes.",
        lambda spec: replace(spec, label_smoothing=0.1),
    ),
    "augmentation": Regulariser(
        "Augmentation",
        "Every epoch sees the pictures a little moved, turned, enlarged and brightened.",
        lambda spec: replace(spec, augmentation=GENTLE),
    ),
    "stopping": Regulariser(
        "Early stopping",
        "Training ends after 5 epochs without a better validation accuracy.",
        lambda spec: replace(spec, patience=5),
    ),
}


def without(spec: TrainingSpec) -> TrainingSpec:
    """Return `spec` without any of `REGULARISERS`."""
    head = replace(spec.head, dropout=0.0, weight_decay=0.0, max_norm=0.0, batch_norm=False)
    return replace(spec, head=head, label_smoothing=0.0, augmentation=OFF, patience=0)


def apply(name: str, spec: TrainingSpec) -> TrainingSpec:
    """Return `spec` with this regulariser and no other.

    Raises:
        InputError: There is none of that name.
    """
    if name not in REGULARISERS:
        raise InputError(f"Expected a regulariser among {', '.join(REGULARISERS)}. Received {name[:40]!r}.")
    return REGULARISERS[name].change(without(spec))
