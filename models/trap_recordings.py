"""What the prepared mistakes and their cures really gave, shipped with the app, and the script that trains them.

    python -m models.trap_recordings            all that is missing, or was made by another recipe
    python -m models.trap_recordings coarse     only this trap

`assets/traps/<trap>.json` holds one row per training: recipe, learning curves, and which test pictures it got right.
Trainings that are there already are not repeated. All together take about twenty minutes of one core.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from models import recipes
from models.intervals import Estimate, wilson
from models.run_comparison import Judged
from models.runs import ASSETS, SILENT, Run, write_atomically
from models.training_results import TrainingResult, load_result
from models.training_specs import TrainingSpec
from models.traps import SEEDS, TRAPS, Role

FOLDER: Final = ASSETS / "traps"
_CURVES: Final = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


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
    rows = {_spec(row): row for row in _rows(trap)}
    found: dict[Role, Sequence[Outcome]] = {}
    for role, spec in TRAPS[trap].specs.items():
        wanted = [replace(spec, seed=seed) for seed in SEEDS]
        if rows.keys() >= set(wanted):
            found[role] = [_outcome(rows[one]) for one in wanted]
    return found


def _spec(row: Mapping[str, Any]) -> TrainingSpec:
    """Return a row's recipe; what recipes could not say yet when it was written has its default."""
    return TrainingSpec.from_json(row["spec"])


def _rows(trap: str) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads((FOLDER / f"{trap}.json").read_bytes())
    except (OSError, ValueError):
        return []
    return rows


def _outcome(row: Mapping[str, Any]) -> Outcome:
    spec = _spec(row)
    right = np.array([sign == "1" for sign in row["right"]])
    judged = Judged(spec, recipes.split_of(spec).test, right)
    return Outcome(tuple(row["history"]), row["best_epoch"], wilson(*row["validation"]), judged)


def _row(outcome: Outcome) -> dict[str, Any]:
    history = [{name: round(row[name], 5) for name in _CURVES} for row in outcome.history]
    return {
        "spec": outcome.spec.to_json(),
        "history": history,
        "best_epoch": outcome.best_epoch,
        "validation": [round(outcome.validation.value * outcome.validation.n), outcome.validation.n],
        "right": "".join("1" if right else "0" for right in outcome.judged.right),
    }


def main(names: Sequence[str]) -> None:
    """Train what is missing, one training after the other, and write every one at once."""
    from models import transfer

    FOLDER.mkdir(exist_ok=True)
    for name in names:
        specs = [replace(spec, seed=seed) for seed in SEEDS for spec in TRAPS[name].specs.values()]
        rows = {spec: row for row in _rows(name) if (spec := _spec(row)) in specs}
        for spec in (spec for spec in specs if spec not in rows):
            with tempfile.TemporaryDirectory() as folder:
                transfer.train(spec, SILENT, Path(folder))
                rows[spec] = _row(of_result(spec, load_result(Run("", Path(folder)))))
            in_order = [rows[spec] for spec in specs if spec in rows]
            write_atomically(FOLDER / f"{name}.json", _text(in_order).encode())


def _text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as JSON, one a line."""
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"


if __name__ == "__main__":
    main(sys.argv[1:] or list(TRAPS))
