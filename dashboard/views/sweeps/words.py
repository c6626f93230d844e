"""Findings of a sweep in sentences: only what stands out from the scatter of seeds is called a difference.

Where several differences are looked at, how many is said; a value whose trainings had not come to their end is not
called worse for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan

from models.intervals import Estimate
from models.sweeps import convergence, pretraining, results, variations
from models.sweeps.cells import Finished
from models.sweeps.results import Gap, Point
from models.sweeps.spec import SweepSpec, value_title
from models.training.spec import TrainingSpec
from models.wording import fixed, in_points, percent, significant


def findings(sweep: SweepSpec, rows: Sequence[Finished], *, brief: bool = False) -> Iterator[str]:
    """Return what the finished cells say, as Markdown; one seed alone tells no difference from luck.

    Args:
        sweep: Of any choice.
        rows: Its finished cells.
        brief: Leave out intervals, and what is to be said about them.
    """
    found = results.points(sweep, rows)
    if sweep.seeds < 2:
        yield "One seed cannot tell a difference from luck: train with three or more."
        return
    if sweep.choice == "regulariser":
        yield from _regularisers(sweep, found.get(variations.AS_IS, ()), brief)
    elif sweep.choice == "shots" and len(sweep.lines) > 1:
        if answer := pretraining.sentence(pretraining.answers(sweep, rows)):
            yield f"**Was pretraining needed?** {answer}"
        for other in sweep.lines[1:]:
            yield from _ahead(sweep, found, (sweep.lines[0], other), brief)
    else:
        for line, points in found.items():
            yield from _best(sweep, line, points, brief)


def trained_to_the_end(sweep: SweepSpec, rows: Sequence[Finished]) -> Iterator[str]:
    """Return whether the trainings had come to their end, with their accuracies on what they learnt from.

    Args:
        sweep: Of any choice.
        rows: Its finished cells, at least one.
    """
    points = [(line, point) for line, of_line in results.points(sweep, rows).items() for point in of_line]
    shares = [point.train_mean for _, point in points if not isnan(point.train_mean)]
    if shares:
        ends = " to ".join(dict.fromkeys(percent(share) for share in (min(shares), max(shares))))
        yield f"Of their own training pictures they get {ends} right, on average over seeds{_measured_in(sweep)}."
    falls = [point.late_fall for _, point in points if not isnan(point.late_fall)]
    early = [_named(sweep, line, point) for line, point in points if point.converged is False]
    if early:
        yield (
            f"**Not trained to the end:** {', '.join(early)}. In the second half of the training their validation "
            f"loss still fell by more than {significant(convergence.FLAT, 6)} nats, so that the order may change with "
            "more epochs."
        )
    elif falls:
        yield (
            "They were trained long enough: in the second half the validation loss fell by "
            f"{fixed(max(0.0, *falls), 2)} nats at most."
        )
    yield from _heads_kept(sweep, rows)


def _heads_kept(sweep: SweepSpec, rows: Sequence[Finished]) -> Iterator[str]:
    """Return how many of the trainings with a second phase kept the head alone; nothing where none did."""
    two = {cell.key for cell in sweep.cells() if cell.spec.head_epochs}
    if kept := sum(row.head_kept for row in rows):
        yield (
            f"**In {kept} of {sum(row.key in two for row in rows)} trainings fine-tuning did not help:** none of its "
            "epochs did better on the validation pictures than the head alone, so the head's weights were kept. With "
            "one seed these are the same at every depth."
        )


def _measured_in(sweep: SweepSpec) -> str:
    return ", measured in training, with dropout and augmentation at work" if sweep.choice == "regulariser" else ""


def _named(sweep: SweepSpec, line: str, point: Point) -> str:
    where = f"{variations.LINES[line].title.lower()}, " if len(sweep.lines) > 1 else ""
    return f"{where}{_lower(value_title(sweep.choice, point.value))} ({fixed(point.late_fall, 2)} nats)"


def schedule(base: TrainingSpec) -> str:
    """Return the epochs and the rates of a recipe in words, those of both phases where it has two."""
    if not base.head_epochs:
        return f"{base.epochs} epochs, Adam at {significant(base.learning_rate, 6)}"
    return (
        f"first the head alone, {base.head_epochs} epochs, Adam at {significant(base.head_rate, 6)}, then everything "
        f"that is not frozen, {base.epochs} epochs at {significant(base.learning_rate, 6)} (with everything frozen, "
        f"all {base.head_epochs + base.epochs} epochs for the head, at {significant(base.head_rate, 6)})"
    )


def describe(sweep: SweepSpec, found: Mapping[str, Sequence[Point]]) -> str:
    """Return the picture in words, for who cannot see it."""
    lines = [
        f"{variations.LINES[line].title}: "
        + ", ".join(f"{value_title(sweep.choice, point.value)} {percent(point.mean)}" for point in points)
        for line, points in found.items()
    ]
    return f"Mean test accuracy over seeds. {'; '.join(lines)}."


def _best(sweep: SweepSpec, line: str, points: Sequence[Point], brief: bool) -> Iterator[str]:
    if len(points) < 2:
        return
    top = results.best(points)
    name = value_title(sweep.choice, top.value)
    where = f" ({variations.LINES[line].title})" if len(sweep.lines) > 1 else ""
    yield f"**Highest{where}: {name}**, {percent(top.mean)} on average over {_seeds(len(top.cells))}."
    gaps = _repeated(results.against_best(points))
    lower, level = [gap for gap in gaps if gap.clear < 0], [gap for gap in gaps if gap.judged and gap.clear >= 0]
    if lower:
        yield f"Clearly lower: {_listed(sweep, lower, brief)}."
    if level:
        yield f"Too close to call: {_listed(sweep, level, brief)}."
    if early := [gap for gap in gaps if not gap.judged]:
        yield f"Not judged, because they were trained for too few epochs: {_listed(sweep, early, brief)}."
    if len(gaps) > 1 and not brief:
        yield _together(results.pairs(points), "pairs, because the highest was picked from the same numbers")


def _regularisers(sweep: SweepSpec, points: Sequence[Point], brief: bool) -> Iterator[str]:
    gaps = _repeated(results.against_plain(points))
    for title, sign in (("Helps", 1), ("Harms", -1)):
        if clear := [gap for gap in gaps if gap.clear == sign]:
            yield f"**{title} clearly:** {_listed(sweep, clear, brief)}."
    if level := [gap for gap in gaps if gap.clear == 0]:
        yield f"No clear difference: {_listed(sweep, level, brief)}."
    if len(gaps) > 1 and not brief:
        yield _together(len(results.against_plain(points)), "comparisons with the training without regularisers")


def _together(count: int, what: str) -> str:
    return (
        f"These are {count} {what}. The intervals are widened for that (Bonferroni): together they hold with 95% "
        "confidence."
    )


def _ahead(sweep: SweepSpec, found: dict[str, tuple[Point, ...]], lines: tuple[str, str], brief: bool) -> Iterator[str]:
    gaps = _repeated(results.between_lines(found, *lines))
    one, two = (variations.LINES[line].title for line in lines)
    turned = [replace(gap, difference=_negative(gap.difference)) for gap in gaps]
    for who, whom, seen in ((one, two, gaps), (two, one, turned)):
        if clear := [gap for gap in seen if gap.clear > 0]:
            yield f"**{who}** is clearly ahead of **{whom.lower()}** with {_listed(sweep, clear, brief)}."
    if level := [gap for gap in gaps if gap.clear == 0]:
        yield f"No clear difference between the two with {_listed(sweep, level, brief)}."
    if len(gaps) > 1 and not brief:
        yield (
            f"These are {len(gaps)} comparisons of 95% each: where nothing differs, one of them would still look "
            f"clear in up to {min(5 * len(gaps), 100)} of 100 such sweeps."
        )


def _negative(difference: Estimate) -> Estimate:
    return replace(difference, value=-difference.value, low=-difference.high, high=-difference.low)


def _repeated(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the differences that two or more seeds have."""
    return [gap for gap in gaps if gap.difference.n > 1]


def _listed(sweep: SweepSpec, gaps: Sequence[Gap], brief: bool) -> str:
    return ", ".join(f"{_lower(value_title(sweep.choice, gap.value))} ({_points(gap, brief)})" for gap in gaps)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _points(gap: Gap, brief: bool) -> str:
    value, low, high = (_signed(x) for x in (gap.difference.value, gap.difference.low, gap.difference.high))
    return f"{value} points" if brief else f"{value} points, {low} to {high}"


def _signed(share: float) -> str:
    return in_points(share)


def _seeds(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"
