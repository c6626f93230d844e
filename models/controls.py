"""What a result is to be held against: the same budget without what was learnt before. Plain data without Keras.

A good accuracy alone does not show that pretraining helped. Two controls do: the same network frozen with random
weights (was more needed than any projection of the pixels?), and everything trained from random weights (would these
pictures have been enough?).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from models import layer_tables
from models.errors import InputError
from models.training_specs import TrainingSpec

SCRATCH_RATE = 1e-3  # of Adam; the low rates that suit fine-tuning would hold a network back that knows nothing
AS_IS, FROZEN, RANDOM, SCRATCH = "base", "frozen", "random", "scratch"


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
    rows = layer_tables.table(spec.backbone, spec.side).layers
    return replace(
        head_only(spec), weights="random", trainable=tuple(row.name for row in rows if row.parameters),
        batch_norm="train", optimizer="adam", learning_rate=SCRATCH_RATE,
    )  # fmt: skip


LINES: dict[str, Line] = {
    AS_IS: Line("As the recipe says", "Nothing of the recipe is changed.", lambda spec: spec),
    FROZEN: Line("Pretrained, frozen", "The pretrained backbone frozen whole; only the head learns.", head_only),
    RANDOM: Line(
        "Random weights, frozen", "A backbone that knows nothing, frozen whole; only the head learns.", random_frozen
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
