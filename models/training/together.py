"""Settings of a training that are fine alone: which cannot work together, and which have no effect together."""

from __future__ import annotations

from models.backbones import registry, tables
from models.training.spec import TrainingSpec, expect
from models.wording import percent


def learns_from_batches(spec: TrainingSpec) -> bool:
    """Return whether a layer takes mean and variance from each batch: the head's BatchNorm, or one that is free."""
    rows = tables.table(spec.backbone, registry.BACKBONES[spec.backbone].default_side).layers
    free = set(spec.learning)
    return spec.head.batch_norm or any(row.has_batch_norm for row in rows if row.name in free)


def fitting_batch(spec: TrainingSpec, pictures: int) -> int:
    """Return the recipe's batch, or the nearest one that so many pictures allow, rather a smaller one.

    No batch may be larger than the training data, and the last one of an epoch must not hold one picture alone if
    BatchNorm learns from it.
    """
    most = min(spec.batch, pictures)
    if most == 1 or not learns_from_batches(spec):
        return most
    fits: int = next(batch for batch in (*range(most, 1, -1), *range(most + 1, pictures + 1)) if pictures % batch != 1)
    return fits


def check_batch(spec: TrainingSpec, pictures: int) -> None:
    """Check the batch against the pictures to learn from, and against BatchNorm.

    Of one picture BatchNorm has no variance: in the head it would make all pictures the same, and in the backbone it
    would take the mean and variance of one picture for those of all.

    Raises:
        InputError: They do not go together; the message says what would.
    """
    expect(
        spec.batch <= pictures, f"a batch of at most {pictures} pictures, which is all the training data", spec.batch
    )
    if not learns_from_batches(spec):
        return
    where = "in the head" if spec.head.batch_norm else "that learns in the backbone"
    expect(
        spec.batch > 1,
        f"a batch of 2 or more pictures with BatchNorm {where}, which needs several for a mean and a variance",
        spec.batch,
    )
    expect(
        pictures % spec.batch != 1,
        f"a batch that leaves no single picture for the last step of an epoch, of which BatchNorm {where} could take "
        f"no variance (a batch of {fitting_batch(spec, pictures)} would do)",
        f"{pictures} pictures in batches of {spec.batch}",
    )


def _has_free_batch_norm(spec: TrainingSpec) -> bool:
    rows = tables.table(spec.backbone, registry.BACKBONES[spec.backbone].default_side).layers
    free = set(spec.trainable)
    return any(row.has_batch_norm for row in rows if row.name in free)


def remarks(spec: TrainingSpec, *, learnt: int, tested: int, grey: bool) -> tuple[str, ...]:
    """Return a sentence for each setting that has no effect beside the others; the training goes on without it.

    Args:
        spec: That can be trained.
        learnt, tested: Pictures to learn from and to test on.
        grey: Whether none of them has any colour.
    """
    longest = max(phase.epochs for phase in spec.phases())
    colours = " and ".join(name for name in ("saturation", "hue") if getattr(spec.augmentation, name))
    found = (
        (
            spec.patience and longest <= spec.patience + 1,
            f"Early stopping has no effect: it waits for {spec.patience} epochs after the best one, and training ends "
            f"after {longest}.",
        ),
        (
            spec.trainable and not spec.learning,
            "Nothing of the backbone learns: all layers that you freed are BatchNorm, which is held.",
        ),
        (
            spec.batch_norm == "train" and not _has_free_batch_norm(spec),
            "Letting BatchNorm learn has no effect: no layer of the backbone that has one is free.",
        ),
        (
            grey and colours,
            f"Augmentation of {colours} has no effect: these pictures are grey, and grey stays as it is.",
        ),
        (
            spec.label_noise and not round(spec.label_noise * learnt),
            f"No label is wrong: {percent(spec.label_noise)} of {learnt} pictures is less than one.",
        ),
        (
            spec.leaked and not round(spec.leaked * tested),
            f"No test picture leaks: {percent(spec.leaked)} of {tested} pictures is less than one.",
        ),
    )
    return tuple(sentence for applies, sentence in found if applies)
