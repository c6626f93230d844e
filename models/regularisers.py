"""What keeps a network from learning its training pictures by heart, one thing at a time. Plain data without Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from models.augmentation_spec import GENTLE, OFF
from models.errors import InputError
from models.training_specs import TrainingSpec

PLAIN = "none"


@dataclass(frozen=True, slots=True)
class Regulariser:
    """One way by name: `change` adds it to a recipe without any."""

    title: str
    description: str
    change: Callable[[TrainingSpec], TrainingSpec]


def _head(**fields: float | bool) -> Callable[[TrainingSpec], TrainingSpec]:
    return lambda spec: replace(spec, head=replace(spec.head, **fields))  # type: ignore[arg-type]


REGULARISERS: dict[str, Regulariser] = {
    PLAIN: Regulariser("None", "Nothing of what follows.", lambda spec: spec),
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
    """Return `spec` with every regulariser of this module taken out."""
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
