"""The gap between training and validation in words, and what helps that is not done already."""

from __future__ import annotations

from collections.abc import Iterator

from models.learning_curves import Opening
from models.training_specs import TrainingSpec


def told(gap: Opening, spec: TrainingSpec) -> str:
    """Return what happened and what helps, as Markdown."""
    kept = "The weights kept are those of the best epoch" + (
        ", so the result is hardly touched." if not spec.label_noise else "."
    )
    noise = " With wrong labels it learns these by heart too." if spec.label_noise else ""
    return (
        f"**The gap opens after epoch {gap.epoch}:** the training loss goes on falling (from {gap.training:.3g} to "
        f"{gap.training_end:.3g}) while the validation loss rises (from {gap.validation:.3g} to "
        f"{gap.validation_end:.3g}). From there on the network learns its training pictures by heart.{noise} {kept} "
        f"What helps: {_joined(list(_cures(spec)))}."
    )


def _cures(spec: TrainingSpec) -> Iterator[str]:
    if spec.shots is not None:
        yield "more pictures"
    if not spec.augmentation.on:
        yield "augmentation"
    if spec.trainable:
        yield "freezing more"
    if not spec.head.dropout:
        yield "dropout"
    if not spec.head.weight_decay:
        yield "weight decay"
    yield "a smaller head" if spec.head.widths or spec.head.pooling == "flatten" else "a lower learning rate"
    if not spec.patience:
        yield "stopping early, which saves time"


def _joined(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} or {parts[-1]}" if len(parts) > 1 else parts[0]
