"""Runs like a given one that need less memory: what may be changed, the smallest sacrifice first; without Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from models import backbones, layer_tables
from models.augmentation_spec import OFF
from models.training_specs import TrainingSpec

BATCHES = (16, 8, 4)


def smaller_runs(spec: TrainingSpec) -> Iterator[tuple[str, TrainingSpec]]:
    """Yield what to change in words that begin a sentence ("A batch of 8"), and the changed recipe."""
    sides = [side for side in sorted(backbones.BACKBONES[spec.backbone].sides, reverse=True) if side < spec.side]
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
    small = backbones.BACKBONES[backbones.DEFAULT]
    if spec.backbone != small.id:
        yield (
            f"{small.title} with the whole backbone frozen",
            replace(frozen, backbone=small.id, side=small.default_side, weights="pretrained", batch_norm_except=()),
        )


def _more_frozen(spec: TrainingSpec) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield blocks up to which to freeze, from the first that learns on, and the layers that would still learn."""
    table = layer_tables.table(spec.backbone, spec.side)
    learning = set(spec.trainable)
    for block in table.blocks:
        left = tuple(name for name in spec.trainable if name in learning.difference(block.layers))
        if left and len(left) < len(learning):
            yield block.name, left
        learning = set(left)
