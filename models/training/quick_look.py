"""A shorter training in place of a long one: fewer pictures of every class, and fewer epochs if need be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from models.errors import FreezeframeError
from models.training.costs.estimate import Cost
from models.training.recipes import validate
from models.training.spec import TrainingSpec

LONG: Final = 60.0  # seconds, from which on a shorter training is worth an offer
QUICK: Final = 20.0  # seconds that it may take
_SHOTS: Final = (100, 50, 20, 10, 5)
_EPOCHS: Final = 5
_HEAD_EPOCHS: Final = 20


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
    fewer = [shots for shots in _SHOTS if spec.shots is None or shots < spec.shots]
    yield from (replace(spec, shots=shots) for shots in fewer)
    if spec.epochs > _EPOCHS or spec.head_epochs > _HEAD_EPOCHS:
        short = replace(
            spec, epochs=min(spec.epochs, _EPOCHS), head_epochs=min(spec.head_epochs, _HEAD_EPOCHS), patience=0
        )
        yield from (replace(short, shots=shots) for shots in (spec.shots, *fewer))
