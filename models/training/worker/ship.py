"""Make the example run that is shipped: the default recipe, trained by the same code as any visitor's run.

    python -m models.training.worker.ship

Its classifier is not stored whole: the backbone is shipped already, so `head.npz` keeps the head's weights alone.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.jobs import execute
from models.storage import files, runs
from models.storage.files import write_atomically
from models.storage.progress import SILENT
from models.storage.runs import Run
from models.training import recipes
from models.training.results import load_result
from models.training.traps import _CURVES, FOLDER, SEEDS, TRAPS, Outcome, _rows, _spec, of_result

KEPT = ("spec.json", "status.json", "history.json", "predictions.npz", "weight_change.json", "summary.json", "head.npz")


def ship_example() -> None:
    """Train the example and write `assets/example`, replacing what is there."""
    folder = files.ASSETS / runs.EXAMPLE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spec = recipes.DEFAULT.to_json()
    record = {
        "version": 1,
        "kind": "training",
        "title": "Example run",
        "owner": "",
        "created": time.time(),
        "spec": spec,
    }
    files.write_atomically(folder / "spec.json", json.dumps(record, indent=1).encode())
    files.write_atomically(folder / "status.json", b'{"state": "queued"}')
    state = execute.execute(runs.EXAMPLE)
    if state != "done":
        raise SystemExit(f"The example ended as {state}: {runs.get(runs.EXAMPLE).status.message}")
    files.write_atomically(
        folder / "head.npz", _head(keras.models.load_model(folder / "classifier.keras", compile=False))
    )
    for path in folder.iterdir():
        if path.name not in KEPT:
            path.unlink()


def _head(classifier: keras.Model) -> bytes:
    """Return the weights of the layers after the backbone, by path."""
    buffer = io.BytesIO()
    weights = {v.path: v.numpy() for layer in classifier.layers if layer.name.startswith("head") for v in layer.weights}
    np.savez(buffer, **weights)
    return buffer.getvalue()


if __name__ == "__main__":
    ship_example()

# FOLDED models/training/traps.py: What the prepared mistakes and their cures really gave, shipped with the app, and
# the script that trains them. python -m models.training.traps all that is missing, or was made by another recipe
# python -m models.training.traps coarse only this trap `assets/traps/<trap>.json` holds one row per training:
# recipe, learning curves, and which test pictures it got right. Trainings that are there already are not repeated.
# All together take about twenty minutes of one core.


def _row(outcome: Outcome) -> dict[str, Any]:
    history = [{name: round(row[name], 5) for name in _CURVES} for row in outcome.history]
    return {
        "spec": outcome.spec.to_json(),
        "history": history,
        "best_epoch": outcome.best_epoch,
        "validation": [round(outcome.validation.value * outcome.validation.n), outcome.validation.n],
        "right": "".join("1" if right else "0" for right in outcome.judged.right),
    }


def ship_traps(names: Sequence[str]) -> None:
    """Train what is missing, one training after the other, and write every one at once."""
    from models.training.worker import train

    FOLDER.mkdir(exist_ok=True)
    for name in names:
        specs = [replace(spec, seed=seed) for seed in SEEDS for spec in TRAPS[name].specs.values()]
        rows = {spec: row for row in _rows(name) if (spec := _spec(row)) in specs}
        for spec in (spec for spec in specs if spec not in rows):
            with tempfile.TemporaryDirectory() as folder:
                train.train(spec, SILENT, Path(folder))
                rows[spec] = _row(of_result(spec, load_result(Run("", Path(folder)))))
            in_order = [rows[spec] for spec in specs if spec in rows]
            write_atomically(FOLDER / f"{name}.json", _text(in_order).encode())


def _text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as JSON, one a line."""
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"


if __name__ == "__main__":
    ship_traps(sys.argv[1:] or list(TRAPS))
