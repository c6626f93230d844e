"""Recipes of training: the default and the presets, the checks before a run starts, and what it will cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from models.backbones import tables
from models.errors import FreezeframeError, InputError, TooLarge
from models.jobs.machine import memory_limit_mb
from models.pictures import datasets
from models.training import kept_epochs, mistakes, ready_features, together
from models.training.costs.estimate import Cost, Pictures, estimate_run, smaller_runs
from models.training.spec import HeadSpec, TrainingSpec, expect
from models.wording import file_size, whole_percent

MAX_WIDTH, MAX_HIDDEN, MAX_EPOCHS = 4096, 4, 1000
SHARES = 3  # training, validation and test each need a picture of every class
FINE_TUNING_RATE, FINE_TUNING_EPOCHS = 1e-4, 15  # of pretrained layers, after the head
LONG = 60.0  # seconds, from which on a shorter training is worth an offer
QUICK = 20.0  # seconds that it may take
_QUICK_SHOTS, _QUICK_EPOCHS, _QUICK_HEAD_EPOCHS = (100, 50, 20, 10, 5), 5, 20
DEFAULT = TrainingSpec(
    epochs=60, batch=32, learning_rate=3e-3, schedule="cosine", head=HeadSpec("average+max", batch_norm=True)
)


def validate(spec: TrainingSpec) -> Cost:
    """Check everything that can be known before the run starts, and return what it will cost.

    Raises:
        InputError: A value lies outside what is offered, or does not fit the data.
        TooLarge: The run would not fit into this machine's memory; the message says what would.
    """
    TrainingSpec.from_json(spec.to_json())
    _check_numbers(spec)
    _check_phases(spec)
    _check_data(spec)
    cost = estimate(spec)
    _check_memory(spec, cost)
    _check_kept(spec, cost)
    return cost


def _check_numbers(spec: TrainingSpec) -> None:
    head = spec.head
    expect(len(head.widths) <= MAX_HIDDEN, f"at most {MAX_HIDDEN} hidden layers", len(head.widths))
    for width in head.widths:
        expect(1 <= width <= MAX_WIDTH, f"hidden layers of 1 to {MAX_WIDTH} units", width)
    expect(0 <= head.dropout < 1, "a dropout from 0 to below 1", head.dropout)
    for name, value in (("weight decay", head.weight_decay), ("max-norm", head.max_norm)):
        expect(math.isfinite(value) and value >= 0, f"a {name} of 0 or more", value)
    for name, value in (("learning rate", spec.learning_rate), ("learning rate of the head alone", spec.head_rate)):
        expect(math.isfinite(value) and value > 0, f"a {name} above 0", value)
    expect(1 <= spec.epochs <= MAX_EPOCHS, f"1 to {MAX_EPOCHS} epochs", spec.epochs)
    expect(
        0 <= spec.head_epochs <= MAX_EPOCHS, f"0 (one phase) to {MAX_EPOCHS} epochs of the head alone", spec.head_epochs
    )
    expect(0 <= spec.label_smoothing < 1, "a label smoothing from 0 to below 1", spec.label_smoothing)
    expect(0 <= spec.label_noise <= 1, "a share of wrong labels from 0 to 1", spec.label_noise)
    expect(0 <= spec.leaked <= 1, "a share of leaked test pictures from 0 to 1", spec.leaked)
    expect(
        not (spec.leaked and spec.label_noise),
        "either leaked test pictures or wrong labels (together, test labels would be wrong too)",
        f"{whole_percent(spec.leaked)} and {whole_percent(spec.label_noise)}",
    )
    spec.augmentation.check()
    expect(spec.patience >= 0, "a patience of 0 (off) or more epochs", spec.patience)
    for name, seed in (("seed", spec.seed), ("seed of the split", spec.split_seed)):
        expect(0 <= seed < 2**31, f"a {name} from 0 to 2147483647", seed)
    expect(spec.batch >= 1, "a batch of 1 or more pictures", spec.batch)
    expect(spec.shots is None or spec.shots >= 1, "1 or more pictures per class", spec.shots)


def _check_phases(spec: TrainingSpec) -> None:
    held = "only BatchNorm that is held" if spec.trainable else "a backbone that is frozen whole"
    expect(
        bool(spec.learning) or not spec.head_epochs,
        "layers of the backbone that learn in the second phase (one phase is enough for a head alone)",
        held,
    )


def _check_data(spec: TrainingSpec) -> None:
    data = datasets.DATASETS[spec.dataset]
    expect(len(data.classes) > 1, "two or more classes to tell apart", len(data.classes))
    for name, count in zip(data.classes, data.per_class, strict=True):
        expect(
            count >= SHARES,
            f"at least {SHARES} pictures of every class (one each to train, to validate and to test)",
            f"{count} of {name}",
        )
    together.check_batch(spec, len(split_of(spec).train))


def split_of(spec: TrainingSpec) -> datasets.Split:
    """Return the pictures that a run learns from, is watched on and is tested on.

    They are apart, but for the copies of test pictures that a recipe leaks on purpose.
    """
    return mistakes.with_leaks(
        datasets.split(spec.dataset, seed=spec.split_seed, shots=spec.shots), spec.leaked, spec.seed
    )


def estimate(spec: TrainingSpec) -> Cost:
    """Return what the run will cost (see `Cost`)."""
    data, split = datasets.DATASETS[spec.dataset], split_of(spec)
    read = not ready_features.are_all(spec)
    pictures = Pictures(
        learnt=len(split.train),
        watched=len(split.validation),
        tested=len(split.test),
        held=data.size,
        resized=read and (data.height, data.width) != (spec.side, spec.side),
        to_draw=data.size if read and not datasets.is_drawn(spec.dataset) else 0,
        ready=ready_features.serve(spec),
    )
    return estimate_run(tables.table(spec.backbone, spec.side), spec, n_classes=len(data.classes), pictures=pictures)


def remarks(spec: TrainingSpec) -> tuple[str, ...]:
    """Return a sentence for each setting of a recipe that can be trained, but has no effect beside the others."""
    split = split_of(spec)
    grey = datasets.is_grey(spec.dataset)
    return together.remarks(spec, learnt=len(split.train), tested=len(split.test), grey=grey)


def _check_memory(spec: TrainingSpec, cost: Cost) -> None:
    limit = memory_limit_mb()
    if cost.peak_mb <= limit:
        return
    words = next((words for words, smaller in smaller_runs(spec) if _fits(smaller, limit)), "")
    advice = f"{words} would fit." if words else "Nothing that is offered here would fit."
    raise TooLarge(
        f"Expected a run that fits into {file_size(1e6 * limit)}. Received one that needs about "
        f"{file_size(1e6 * cost.peak_mb)}. {advice}"
    )


def _fits(spec: TrainingSpec, limit: float) -> bool:
    """Return whether a run can be carried out in so many MB."""
    try:
        _check_phases(spec)
    except InputError:
        return False
    return estimate(spec).peak_mb <= limit


def _check_kept(spec: TrainingSpec, cost: Cost) -> None:
    largest = kept_epochs.MOST_MB / kept_epochs.FEWEST
    if spec.keep_epochs and cost.moving_mb > largest:
        raise TooLarge(
            f"Expected at most {file_size(1e6 * largest)} of weights that move, to keep those of every epoch. Received "
            f"{file_size(1e6 * cost.moving_mb)}. Freeze more layers, or do not keep the epochs."
        )


def quick_look(spec: TrainingSpec) -> tuple[TrainingSpec, Cost] | None:
    """Return the recipe on the most pictures that take 20 s at most, and its cost; None where there is none.

    All else stays as it is, but the epochs: these become fewer if the fewest pictures alone are too slow.
    """
    for smaller in _smaller(spec):
        try:
            cost = validate(smaller)
        except FreezeframeError:
            continue
        if cost.seconds <= QUICK:
            return smaller, cost
    return None


def _smaller(spec: TrainingSpec) -> Iterator[TrainingSpec]:
    fewer = [shots for shots in _QUICK_SHOTS if spec.shots is None or shots < spec.shots]
    yield from (replace(spec, shots=shots) for shots in fewer)
    if spec.epochs > _QUICK_EPOCHS or spec.head_epochs > _QUICK_HEAD_EPOCHS:
        short = replace(
            spec,
            epochs=min(spec.epochs, _QUICK_EPOCHS),
            head_epochs=min(spec.head_epochs, _QUICK_HEAD_EPOCHS),
            patience=0,
        )
        yield from (replace(short, shots=shots) for shots in (spec.shots, *fewer))


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


def after_the_head(spec: TrainingSpec) -> TrainingSpec:
    """Return a recipe in which freed layers learn after the head, for a few epochs at a low rate.

    The head learns as long and as fast as everything did in `spec`. Recipes that need no such change stay as they are:
    those of two phases, at a low rate, or with random weights, which a low rate would leave as they are.
    """
    if spec.head_epochs or spec.learning_rate <= FINE_TUNING_RATE or spec.weights == "random":
        return spec
    return replace(
        spec, head_epochs=spec.epochs, head_rate=spec.learning_rate, epochs=FINE_TUNING_EPOCHS,
        learning_rate=FINE_TUNING_RATE,
    )  # fmt: skip


def in_one_phase(spec: TrainingSpec) -> TrainingSpec:
    """Return a recipe of one phase: all that learns does so as long and as fast as the head did alone."""
    if not spec.head_epochs:
        return spec
    return replace(
        spec, head_epochs=0, head_rate=DEFAULT.head_rate, epochs=spec.head_epochs, learning_rate=spec.head_rate
    )


def follow_freezing(before: TrainingSpec, spec: TrainingSpec) -> TrainingSpec:
    """Return `spec` with steps that suit what learns, where `before` it nothing learnt but the head, or now nothing."""
    if bool(before.learning) == bool(spec.learning):
        return spec
    return after_the_head(spec) if spec.learning else in_one_phase(spec)


def _blocks(spec: TrainingSpec) -> list[tuple[str, ...]]:
    return list(tables.table(spec.backbone, spec.side).weighted_blocks.values())


def _last_block(spec: TrainingSpec) -> TrainingSpec:
    return after_the_head(replace(_feature_extraction(spec), trainable=_blocks(spec)[-1]))


def _everything(spec: TrainingSpec) -> TrainingSpec:
    every = tuple(name for block in _blocks(spec) for name in block)
    return after_the_head(replace(_feature_extraction(spec), trainable=every))


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
        Preset(
            "last_block",
            "Last block",
            "First the head alone; then the last block learns too, at a low rate.",
            _last_block,
        ),
        Preset(
            "everything",
            "Everything",
            "First the head alone; then the whole backbone learns too, at a low rate.",
            _everything,
        ),
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


# The shipped run that is compared with the example: a short head, then the preset's steps, every epoch kept.
FINE_TUNED = replace(apply_preset("last_block", DEFAULT), head_epochs=10, keep_epochs=True)
