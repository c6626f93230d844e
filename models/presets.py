"""Presets: whole recipes by name, made from what a visitor has chosen so far. Plain data without Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from models import layer_tables
from models.errors import InputError
from models.recipes import DEFAULT
from models.training_specs import HeadSpec, TrainingSpec

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
        shots=spec.shots, split_seed=spec.split_seed, label_noise=spec.label_noise,
    )  # fmt: skip


def _fine_tuning(spec: TrainingSpec, names: tuple[str, ...], epochs: int) -> TrainingSpec:
    return replace(_feature_extraction(spec), trainable=names, learning_rate=FINE_TUNING_RATE, epochs=epochs)


def _blocks(spec: TrainingSpec) -> list[tuple[str, ...]]:
    return list(layer_tables.table(spec.backbone, spec.side).weighted_blocks.values())


def _last_block(spec: TrainingSpec) -> TrainingSpec:
    return _fine_tuning(spec, _blocks(spec)[-1], epochs=20)


def _everything(spec: TrainingSpec) -> TrainingSpec:
    return _fine_tuning(spec, tuple(name for block in _blocks(spec) for name in block), epochs=10)


def _two_phases(spec: TrainingSpec) -> TrainingSpec:
    return replace(_last_block(spec), head_epochs=30, head_rate=DEFAULT.learning_rate)


def _lecture(spec: TrainingSpec) -> TrainingSpec:
    return TrainingSpec(
        backbone="vgg19", dataset=spec.dataset, side=115, head=HeadSpec(widths=(256,)), epochs=10, seed=spec.seed,
        shots=spec.shots, split_seed=spec.split_seed, label_noise=spec.label_noise,
    )  # fmt: skip


PRESETS: dict[str, Preset] = {
    preset.id: preset
    for preset in (
        Preset(
            "features", "Feature extraction", "The whole backbone frozen; only the head learns.", _feature_extraction
        ),
        Preset("last_block", "Last block", "The last block learns too, at a low rate.", _last_block),
        Preset(
            "two_phases",
            "Head, then fine-tune",
            "First the head alone, quickly; then the last block too, at a low rate, from the head's best epoch.",
            _two_phases,
        ),
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
