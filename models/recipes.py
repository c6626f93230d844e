"""Recipes of training: the default, the presets by name, the checks before a run starts, and what it will cost.

Plain data without Keras: the page builds these, a worker carries them out (`models/transfer.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from models import backbones, datasets, kept_epochs, layer_tables
from models.costs import Cost, estimate_run, memory_limit_mb
from models.errors import InputError, TooLarge
from models.training_results import TrainingResult, load_result
from models.training_specs import HeadSpec, TrainingSpec, typed

__all__ = [
    "DEFAULT",
    "PRESETS",
    "Cost",
    "HeadSpec",
    "Preset",
    "TrainingResult",
    "TrainingSpec",
    "apply_preset",
    "estimate",
    "load_result",
    "validate",
]

MAX_WIDTH, MAX_HIDDEN, MAX_EPOCHS = 4096, 4, 1000
SHARES = 3  # training, validation and test each need a picture of every class


DEFAULT = TrainingSpec(
    epochs=60, batch=32, learning_rate=3e-3, schedule="cosine", head=HeadSpec("average+max", batch_norm=True)
)
FINE_TUNING_RATE = 1e-4


@dataclass(frozen=True, slots=True)
class Preset:
    """A recipe by name: `change` turns the visitor's current spec into it."""

    id: str
    title: str
    description: str
    change: Callable[[TrainingSpec], TrainingSpec]


def _feature_extraction(spec: TrainingSpec) -> TrainingSpec:
    return replace(
        DEFAULT, backbone=spec.backbone, weights=spec.weights, dataset=spec.dataset, side=spec.side, seed=spec.seed,
        shots=spec.shots,
    )  # fmt: skip


def _fine_tuning(spec: TrainingSpec, names: tuple[str, ...], epochs: int) -> TrainingSpec:
    return replace(_feature_extraction(spec), trainable=names, learning_rate=FINE_TUNING_RATE, epochs=epochs)


def _weighted_blocks(spec: TrainingSpec) -> list[tuple[str, ...]]:
    """Return the names of the layers with weights, block by block."""
    table = layer_tables.table(spec.backbone, spec.side)
    weighted = {row.name for row in table.layers if row.parameters}
    blocks = [tuple(name for name in block.layers if name in weighted) for block in table.blocks]
    return [block for block in blocks if block]


def _last_block(spec: TrainingSpec) -> TrainingSpec:
    return _fine_tuning(spec, _weighted_blocks(spec)[-1], epochs=20)


def _everything(spec: TrainingSpec) -> TrainingSpec:
    return _fine_tuning(spec, tuple(name for block in _weighted_blocks(spec) for name in block), epochs=10)


def _lecture(spec: TrainingSpec) -> TrainingSpec:
    return TrainingSpec(
        backbone="vgg19", dataset=spec.dataset, side=115, head=HeadSpec(widths=(256,)), epochs=10, seed=spec.seed,
        shots=spec.shots,
    )  # fmt: skip


PRESETS: dict[str, Preset] = {
    preset.id: preset
    for preset in (
        Preset(
            "features", "Feature extraction", "The whole backbone frozen; only the head learns.", _feature_extraction
        ),
        Preset("last_block", "Last block", "The last block learns too, at a low rate.", _last_block),
        Preset("everything", "Everything", "No layer is frozen; all learn at a low rate.", _everything),
        Preset(
            "lecture",
            "The lecture's VGG19",
            "VGG19 on 115 × 115 pixels, frozen; average pooling, Dense(256, ReLU), and a softmax over the classes.",
            _lecture,
        ),
    )
}


def apply_preset(preset: str, spec: TrainingSpec) -> TrainingSpec:
    """Return `spec` changed to the recipe named `preset`, keeping data, seed and (except the lecture) the backbone.

    Raises:
        InputError: There is no such preset.
    """
    if preset not in PRESETS:
        raise InputError(f"Expected a preset among {', '.join(PRESETS)}. Received {preset!r}.")
    return PRESETS[preset].change(spec)


def validate(spec: TrainingSpec) -> None:
    """Check everything that can be known before the run starts.

    Raises:
        InputError: A value lies outside what is offered, or does not fit the data.
        TooLarge: The run would not fit into this machine's memory; the message says what would.
    """
    typed(TrainingSpec, {k: v for k, v in spec.to_json().items() if k != "head"})
    typed(HeadSpec, spec.to_json()["head"])
    _check_registries(spec)
    _check_numbers(spec)
    _check_data(spec)
    _check_memory(spec)
    _check_kept(spec)


def _expect(condition: bool, expected: str, received: object) -> None:
    if not condition:
        raise InputError(f"Expected {expected}. Received {received}.")


def _check_registries(spec: TrainingSpec) -> None:
    names = backbones.BACKBONES
    _expect(spec.backbone in names, f"a backbone among {', '.join(names)}", repr(spec.backbone))
    _expect(spec.dataset in datasets.DATASETS, f"a data set among {', '.join(datasets.DATASETS)}", repr(spec.dataset))
    sides = names[spec.backbone].sides
    _expect(spec.side in sides, f"a side among {', '.join(map(str, sides))} pixels", spec.side)
    known = {row.name for row in layer_tables.table(spec.backbone, spec.side).layers}
    unknown = [name for name in spec.trainable if name not in known]
    _expect(not unknown, f"trainable layers of {spec.backbone}", f"{', '.join(unknown[:3])}, which it does not have")


def _check_numbers(spec: TrainingSpec) -> None:
    head = spec.head
    _expect(len(head.widths) <= MAX_HIDDEN, f"at most {MAX_HIDDEN} hidden layers", len(head.widths))
    for width in head.widths:
        _expect(1 <= width <= MAX_WIDTH, f"hidden layers of 1 to {MAX_WIDTH} units", width)
    _expect(0 <= head.dropout < 1, "a dropout from 0 to below 1", head.dropout)
    for name, value in (("weight decay", head.weight_decay), ("max-norm", head.max_norm)):
        _expect(math.isfinite(value) and value >= 0, f"a {name} of 0 or more", value)
    _expect(math.isfinite(spec.learning_rate) and spec.learning_rate > 0, "a learning rate above 0", spec.learning_rate)
    _expect(1 <= spec.epochs <= MAX_EPOCHS, f"1 to {MAX_EPOCHS} epochs", spec.epochs)
    _expect(spec.patience >= 0, "a patience of 0 (off) or more epochs", spec.patience)
    _expect(0 <= spec.seed < 2**31, "a seed from 0 to 2147483647", spec.seed)
    _expect(spec.batch >= 1, "a batch of 1 or more pictures", spec.batch)
    _expect(spec.shots is None or spec.shots >= 1, "1 or more pictures per class", spec.shots)


def _check_data(spec: TrainingSpec) -> None:
    data = datasets.DATASETS[spec.dataset]
    for name, count in zip(data.classes, data.per_class, strict=True):
        _expect(
            count >= SHARES,
            f"at least {SHARES} pictures of every class (one each to train, to validate and to test)",
            f"{count} of {name}",
        )
    pictures = len(datasets.split(spec.dataset, shots=spec.shots).train)
    _expect(
        spec.batch <= pictures, f"a batch of at most {pictures} pictures, which is all the training data", spec.batch
    )


def estimate(spec: TrainingSpec) -> Cost:
    """Return what the run will cost (see `Cost`); rough for time, close for parameters and memory."""
    table = layer_tables.table(spec.backbone, spec.side)
    split = datasets.split(spec.dataset, shots=spec.shots)
    return estimate_run(
        table,
        spec,
        n_classes=len(datasets.DATASETS[spec.dataset].classes),
        n_train=len(split.train),
        n_watched=len(split.validation) + len(split.test),
    )


def _check_memory(spec: TrainingSpec) -> None:
    limit, needed = memory_limit_mb(), estimate(spec).peak_mb
    if needed <= limit:
        return
    smaller = [replace(spec, batch=batch) for batch in (16, 8, 4) if batch < spec.batch]
    smaller += [replace(spec, side=side) for side in sorted(backbones.BACKBONES[spec.backbone].sides, reverse=True)]
    fits = next((s for s in smaller if s.side <= spec.side and estimate(s).peak_mb <= limit), None)
    advice = f"A batch of {fits.batch} at {fits.side} pixels would fit." if fits else "A smaller backbone would fit."
    raise TooLarge(
        f"Expected a run that fits into {limit:.0f} MB. Received one that needs about {needed:.0f} MB. {advice}"
    )


def _check_kept(spec: TrainingSpec) -> None:
    largest = kept_epochs.MOST_MB / kept_epochs.FEWEST
    if spec.keep_epochs and (cost := estimate(spec)).moving_mb > largest:
        raise TooLarge(
            f"Expected at most {largest:.0f} MB of weights that move, to keep those of every epoch. Received "
            f"{cost.moving_mb:.0f} MB. Freeze more layers, or do not keep the epochs."
        )
