"""Traps: trainings that go wrong on purpose, each beside its cure; one thing apart, of the same data, seed and budget.

`assets/traps/<trap>.json` holds what they gave, a row per training: recipe, learning curves, and which test pictures it
got right (`python -m models.ship traps`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from models.backbones import tables
from models.errors import InputError
from models.intervals import Estimate, wilson
from models.storage.files import ASSETS
from models.training import recipes
from models.training.comparison import Judged
from models.training.results import TrainingResult
from models.training.spec import HeadSpec, TrainingSpec
from models.wording import percent

Role = Literal["wrong", "cured", "control"]
SEEDS: Final = (0, 1, 2)  # of the shipped results
FOLDER: Final = ASSETS / "traps"
CURVES: Final = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")  # what a row keeps of every epoch


@dataclass(frozen=True, slots=True)
class Trap:
    """A prepared mistake.

    Attributes:
        group: Where it comes from: transfer that cannot work, or work done wrongly.
        title: What is wrong.
        why: What goes wrong, in a sentence or two.
        notice: How you would notice it, with `figures` to be filled in (`noticed`).
        cure: What the cured run does differently, and nothing else.
        wrong, cured: Both recipes.
        control: A third run that tells why, and what it is in words; None where two are enough.
    """

    group: str
    title: str
    why: str
    notice: str
    cure: str
    wrong: TrainingSpec
    cured: TrainingSpec
    control: TrainingSpec | None = None
    control_title: str = ""

    @property
    def specs(self) -> Mapping[Role, TrainingSpec]:
        """Return its recipes by the role they play."""
        both: dict[Role, TrainingSpec] = {"wrong": self.wrong, "cured": self.cured}
        return both if self.control is None else {**both, "control": self.control}


def trap(name: str) -> Trap:
    """Return the trap of that name.

    Raises:
        InputError: There is none.
    """
    if name not in TRAPS:
        raise InputError(f"Expected a trap out of {', '.join(TRAPS)}. Received {name[:40]!r}.")
    return TRAPS[name]


def _layers(*blocks: str) -> tuple[str, ...]:
    """Return the layers with weights of some blocks of Frame8; of all without any."""
    rows = tables.table("frame8", 64).layers
    return tuple(row.name for row in rows if row.parameters and (not blocks or row.block in blocks))


FAILURE: Final = "Where transfer fails"
MISTAKE: Final = "A mistake"
_HEAD: Final = HeadSpec("average+max", batch_norm=True)
_FINE: Final = TrainingSpec(dataset="textures", head=_HEAD, shots=100, epochs=8, learning_rate=1e-3, schedule="cosine")
_FEW: Final = TrainingSpec(head=_HEAD, shots=5, batch=5, epochs=10)
_DIGITS: Final = TrainingSpec(dataset="digits", head=_HEAD, shots=20, epochs=12, learning_rate=3e-3, schedule="cosine")
_FRAGILE: Final = TrainingSpec(
    head=_HEAD, trainable=_layers(), shots=20, batch=4, epochs=8, learning_rate=1e-4, batch_norm="train"
)
_FROZEN: Final = TrainingSpec(head=_HEAD, epochs=20, learning_rate=3e-3, schedule="cosine")
_BY_HEART: Final = replace(_FROZEN, dataset="textures", head=HeadSpec("average+max", (256,), batch_norm=True))
TRAPS: Final[Mapping[str, Trap]] = {
    "coarse": Trap(
        FAILURE,
        "Too coarse",
        "The frozen layers were trained to tell 200 kinds of things apart. Textures "
        "differ in the fine grain of a surface, of which frozen layers keep less than layers that may learn.",
        "Train a frozen network to the end before you judge it. The control gets {control_training} of its training "
        "pictures right and {control_test} of the test pictures, layers that learn {cured_test}: it lacks features, "
        "not training. The wrong run gets only {wrong_training} of its training pictures right, because {wrong_epochs} "
        "epochs are too few for its head.",
        "Nothing is frozen, so that the layers learn to look at the detail. Pictures, rate and epochs are the same.",
        _FINE,
        replace(_FINE, trainable=_layers()),
        replace(_FINE, epochs=40, learning_rate=3e-3),
        "frozen too, five times the epochs at three times the rate",
    ),
    "few": Trap(
        FAILURE,
        "Too little data",
        "Five pictures of every class, and all 1.4 million weights of the backbone learn from them. This is "
        "overfitting: they can memorise 25 pictures in many ways, and most of these are of no use for other pictures.",
        "Look at the gap: after {wrong_epochs} epochs training accuracy is {wrong_training} and validation accuracy "
        "{wrong_validation}. With the backbone frozen validation accuracy is {cured_validation}.",
        "The backbone is frozen: only the head learns, and the backbone keeps what it knew.",
        replace(_FEW, trainable=_layers()),
        _FEW,
    ),
    "dissimilar": Trap(
        FAILURE,
        "Too dissimilar",
        "The frozen layers were trained on photographs. Features learned from photographs are of "
        "little use for pen strokes: frozen layers with random weights do just as well here.",
        "Train a control with random weights in the same frozen layers. If it does as well, the frozen features are "
        "of no use for these data: here it gets {control_test} right, against {wrong_test}.",
        "Nothing is frozen: all layers learn what digits need.",
        _DIGITS,
        replace(_DIGITS, trainable=_layers()),
        replace(_DIGITS, weights="random"),
        "frozen layers with random weights",
    ),
    "scaled": Trap(
        MISTAKE,
        "Scaled twice",
        "The pictures are divided by 255 before a network that scales them itself. It then sees "
        "almost the same dark grey everywhere. No error appears: the head learns from the little difference that is "
        "left.",
        "Training accuracy stays low as well: {wrong_training}, where the same backbone comes to {cured_training}. "
        "Check the numbers that go in: their range must be the one that the network expects, here 0 to 255.",
        "Pictures go in as numbers from 0 to 255; the network scales them once.",
        replace(_FROZEN, preprocessing="scaled twice"),
        _FROZEN,
    ),
    "batch_norm": Trap(
        MISTAKE,
        "BatchNorm in training mode",
        "In training mode BatchNorm takes mean and variance from each batch of four pictures, and its statistics of "
        "100,000 photographs drift with them. So every batch is normalised differently.",
        "Training accuracy rises as it does in the cured run, to {wrong_training} and {cured_training}, but validation "
        "accuracy stays behind, at {wrong_validation} against {cured_validation}: it uses the drifted statistics. The "
        "proof of "
        "freezing on the Train page shows that they moved.",
        "BatchNorm keeps its pretrained statistics, scale and shift; all other layers learn as before.",
        _FRAGILE,
        replace(_FRAGILE, batch_norm="hold"),
    ),
    "leak": Trap(
        MISTAKE,
        "Leaked duplicates",
        "Half of the test pictures lie among the training pictures too, as they do when data were copied or collected "
        "twice before they were divided. The network has memorised these test pictures; it does not have to understand "
        "them.",
        "Test accuracy is far above validation accuracy, which the leak did not help: {wrong_test} against "
        "{wrong_validation}. Before you train, look for equal pictures in both parts.",
        "The network learns from no test picture. Its accuracy is lower, and honest.",
        replace(_BY_HEART, leaked=0.5),
        _BY_HEART,
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one training of a trap gave.

    Attributes:
        history: One row per epoch: its number, and loss and accuracy on training and validation pictures.
        best_epoch: The one whose weights were kept.
        validation: Accuracy on the validation pictures.
        judged: Recipe, test pictures, and which of them it got right.
    """

    history: tuple[Mapping[str, float], ...]
    best_epoch: int
    validation: Estimate
    judged: Judged

    @property
    def spec(self) -> TrainingSpec:
        """Return the recipe."""
        return self.judged.spec

    @property
    def training(self) -> float:
        """Return the accuracy on the training pictures, 0..1, in the epoch whose weights were kept."""
        return float(self.history[self.best_epoch - 1]["accuracy"])


def figures(made: Mapping[Role, Sequence[Outcome]]) -> dict[str, str]:
    """Return the numbers that the texts of a trap speak of, by their names in braces, in percent.

    Each is the mean over the seeds: test accuracy, and what the last epoch came to on training and validation pictures.
    """
    found = {}
    for role, seeds in made.items():
        last = [outcome.history[-1] for outcome in seeds]
        found[f"{role}_epochs"] = f"{seeds[0].spec.epochs}"
        found[f"{role}_test"] = percent(float(np.mean([outcome.judged.accuracy.value for outcome in seeds])))
        found[f"{role}_training"] = percent(float(np.mean([row["accuracy"] for row in last])))
        found[f"{role}_validation"] = percent(float(np.mean([row["val_accuracy"] for row in last])))
    return found


def noticed(trap: Trap, made: Mapping[Role, Sequence[Outcome]]) -> str:
    """Return how a trap is noticed, with the numbers of what was made of all its recipes."""
    return trap.notice.format_map(figures(made))


def claimed(wrong: Outcome, cured: Outcome) -> str:
    """Return what a training with leaked test pictures claims, and what the same training gives without the leak."""
    return f"Claimed {percent(wrong.judged.accuracy.value)}. True {percent(cured.judged.accuracy.value)}."


def of_result(spec: TrainingSpec, result: TrainingResult) -> Outcome:
    """Return what a finished run gave."""
    watched = result.val_probability.argmax(axis=1) == result.val_label
    right = np.asarray(result.probability.argmax(axis=1) == result.label)
    return Outcome(
        result.history,
        int(result.summary["best_epoch"]),
        wilson(int(watched.sum()), len(watched)),
        Judged(spec, result.index, right),
    )


def outcomes(trap: str) -> Mapping[Role, Sequence[Outcome]]:
    """Return what is shipped for a trap: by role, one outcome per seed, in the order of `SEEDS`.

    Only trainings of the recipes of today count; a role of which one is missing is left out.
    """
    rows = {spec_of(row): row for row in rows_of(trap)}
    found: dict[Role, Sequence[Outcome]] = {}
    for role, spec in TRAPS[trap].specs.items():
        wanted = [replace(spec, seed=seed) for seed in SEEDS]
        if rows.keys() >= set(wanted):
            found[role] = [_outcome(rows[one]) for one in wanted]
    return found


def spec_of(row: Mapping[str, Any]) -> TrainingSpec:
    """Return a row's recipe; what recipes could not say yet when it was written has its default."""
    return TrainingSpec.from_json(row["spec"])


def rows_of(trap: str) -> list[dict[str, Any]]:
    """Return what is shipped for a trap, as JSON; [] where there is nothing that can be read."""
    try:
        rows: list[dict[str, Any]] = json.loads((FOLDER / f"{trap}.json").read_bytes())
    except (OSError, ValueError):
        return []
    return rows


def _outcome(row: Mapping[str, Any]) -> Outcome:
    spec = spec_of(row)
    right = np.array([sign == "1" for sign in row["right"]])
    judged = Judged(spec, recipes.split_of(spec).test, right)
    return Outcome(tuple(row["history"]), row["best_epoch"], wilson(*row["validation"]), judged)
