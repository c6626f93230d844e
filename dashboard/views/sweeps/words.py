"""Findings of a sweep in sentences: only what stands out from the scatter of seeds is called a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from models.intervals import Estimate
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.results import Gap, Point
from models.sweeps.spec import SweepSpec, value_title


def findings(sweep: SweepSpec, rows: Sequence[Finished]) -> Iterator[str]:
    """Return what the finished cells say, as Markdown; one seed alone tells no difference from luck."""
    found = results.points(sweep, rows)
    if sweep.seeds < 2:
        yield "One seed cannot tell a difference from luck: train with three or more."
        return
    if sweep.choice == "regulariser":
        yield from _regularisers(sweep, found.get(variations.AS_IS, ()))
    elif sweep.choice == "shots" and len(sweep.lines) > 1:
        for other in sweep.lines[1:]:
            yield from _ahead(sweep, found, sweep.lines[0], other)
    else:
        for line, points in found.items():
            yield from _best(sweep, line, points)


def describe(sweep: SweepSpec, found: Mapping[str, Sequence[Point]]) -> str:
    """Return the picture in words, for who cannot see it."""
    lines = [
        f"{variations.LINES[line].title}: "
        + ", ".join(f"{value_title(sweep.choice, point.value)} {point.mean:.1%}" for point in points)
        for line, points in found.items()
    ]
    return f"Mean test accuracy over seeds. {'; '.join(lines)}."


def _best(sweep: SweepSpec, line: str, points: Sequence[Point]) -> Iterator[str]:
    if len(points) < 2:
        return
    top = results.best(points)
    name = value_title(sweep.choice, top.value)
    where = f" ({variations.LINES[line].title})" if len(sweep.lines) > 1 else ""
    yield f"**Highest{where}: {name}**, {top.mean:.1%} in the mean of {_seeds(len(top.cells))}."
    gaps = _repeated(results.against_best(points))
    lower, level = [gap for gap in gaps if gap.clear < 0], [gap for gap in gaps if gap.clear >= 0]
    if lower:
        yield f"Clearly lower: {_listed(sweep, lower)}."
    if level:
        yield f"Not told apart from it by these seeds: {_listed(sweep, level)}."


def _regularisers(sweep: SweepSpec, points: Sequence[Point]) -> Iterator[str]:
    gaps = _repeated(results.against_plain(points))
    for title, sign in (("Helps", 1), ("Harms", -1)):
        if clear := [gap for gap in gaps if gap.clear == sign]:
            yield f"**{title} clearly:** {_listed(sweep, clear)}."
    if level := [gap for gap in gaps if gap.clear == 0]:
        yield f"No clear difference: {_listed(sweep, level)}."


def _ahead(sweep: SweepSpec, found: dict[str, tuple[Point, ...]], first: str, second: str) -> Iterator[str]:
    gaps = _repeated(results.between_lines(found, first, second))
    one, two = (variations.LINES[line].title for line in (first, second))
    turned = [replace(gap, difference=_negative(gap.difference)) for gap in gaps]
    for who, whom, seen in ((one, two, gaps), (two, one, turned)):
        if clear := [gap for gap in seen if gap.clear > 0]:
            yield f"**{who}** is clearly ahead of **{whom.lower()}** with {_listed(sweep, clear)}."
    if level := [gap for gap in gaps if gap.clear == 0]:
        yield f"No clear difference between the two with {_listed(sweep, level)}."


def _negative(difference: Estimate) -> Estimate:
    return replace(difference, value=-difference.value, low=-difference.high, high=-difference.low)


def _repeated(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the differences that two or more seeds have."""
    return [gap for gap in gaps if gap.difference.n > 1]


def _listed(sweep: SweepSpec, gaps: Sequence[Gap]) -> str:
    return ", ".join(f"{_lower(value_title(sweep.choice, gap.value))} ({_points(gap)})" for gap in gaps)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _points(gap: Gap) -> str:
    value, low, high = (_signed(x) for x in (gap.difference.value, gap.difference.low, gap.difference.high))
    return f"{value} points, {low} to {high}"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _seeds(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"
