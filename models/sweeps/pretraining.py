"""Was pretraining needed? The answer of a sweep over the number of pictures, frozen and from scratch side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from models.errors import InputError
from models.pictures import datasets
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.spec import ALL, SweepSpec
from models.training import recipes
from models.training.comparison import Compared, paired
from models.training.spec import TrainingSpec
from models.wording import percent


@dataclass(frozen=True, slots=True)
class Answer:
    """What one number of pictures says.

    Attributes:
        shots: Training pictures per class; of classes that differ, their mean, rounded.
        frozen, scratch: Mean test accuracies, 0..1, over the seeds that both have.
        seeds: How many, at least 2.
        ahead: 1 where the frozen pretrained backbone is clearly ahead, -1 where the network from scratch is, 0 where
            these seeds cannot tell; each at 95% for itself.
    """

    shots: int
    frozen: float
    scratch: float
    seeds: int
    ahead: int


def answers(sweep: SweepSpec, rows: Iterable[Finished]) -> tuple[Answer, ...]:
    """Return the answer of every number of pictures with two seeds or more, the fewest pictures first.

    Nothing for a sweep of another kind, or without both ways to begin.
    """
    if sweep.choice != "shots" or not {variations.FROZEN, variations.SCRATCH} <= set(sweep.lines):
        return ()
    found = results.points(sweep, rows)
    frozen, scratch = (
        {point.value: point for point in found[line]} for line in (variations.FROZEN, variations.SCRATCH)
    )
    made = [
        Answer(
            _shots(sweep, gap.value),
            *_means(frozen[gap.value], scratch[gap.value]),
            seeds=gap.difference.n,
            ahead=gap.clear,
        )
        for gap in results.between_lines(found, variations.FROZEN, variations.SCRATCH)
        if gap.difference.n > 1
    ]
    return tuple(sorted(made, key=lambda answer: answer.shots))


def _means(one: results.Point, other: results.Point) -> tuple[float, float]:
    """Return the mean accuracies of two points over the seeds that both have."""
    first, second = ({cell.number: cell.accuracy for cell in point.cells} for point in (one, other))
    both = sorted(first.keys() & second.keys())
    return fmean(first[number] for number in both), fmean(second[number] for number in both)


def _shots(sweep: SweepSpec, value: str) -> int:
    if value != ALL:
        return int(value)
    whole = replace(sweep.base, shots=None)
    return round(len(recipes.split_of(whole).train) / len(datasets.get(sweep.base.dataset).classes))


def of_one(first: Compared, scratch: Compared) -> str:
    """Return the answer that a run and its control from scratch give on the pictures both were tested on.

    Raises:
        InputError: They share no test picture that neither has learnt from.
    """
    found = paired(first.judged, scratch.judged)
    if found is None:
        raise InputError("Expected test pictures that neither run has learnt from. Received none.")
    difference = found.difference
    word = "No" if difference.low > 0 else "Yes" if difference.high < 0 else "This one seed does not show it"
    shares = f"{percent(scratch.accuracy.value)} from scratch, {percent(first.accuracy.value)} with this run"
    return f"{word}: {shares}, on {difference.n} test pictures."


def of_pictures_like(spec: TrainingSpec) -> str:
    """Return what the shipped sweep says for a recipe on its data with its frozen backbone; "" for another recipe."""
    sweep, rows = results.shipped("shots")
    same = (spec.dataset, spec.backbone, spec.side, spec.weights) == (
        sweep.base.dataset, sweep.base.backbone, sweep.base.side, sweep.base.weights,
    )  # fmt: skip
    found = answers(sweep, rows)
    return f"{sentence(found)} (Means of {found[0].seeds} seeds.)" if same and not spec.trainable and found else ""


def sentence(found: Sequence[Answer]) -> str:
    """Return the answer in words, from the most pictures tried; "" without one."""
    if not found:
        return ""
    most, needed = found[-1], [answer for answer in found if answer.ahead > 0]
    if most.ahead > 0:
        return f"Yes, with up to {most.shots} pictures a class: {_shares(most)}."
    apart = "no" if most.ahead < 0 else "not shown by these seeds"
    at_most = f"With {most.shots} pictures a class, {apart}: {_shares(most)}."
    if not needed:
        return f"{at_most} With fewer, these seeds do not show it either." if len(found) > 1 else at_most
    return f"{at_most} With {needed[-1].shots}, yes: {_shares(needed[-1])}."


def _shares(answer: Answer) -> str:
    return f"{percent(answer.scratch)} from scratch, {percent(answer.frozen)} with the pretrained backbone frozen"
