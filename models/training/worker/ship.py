"""What is shipped of trainings: features, the example run, a fine-tuned one, the prepared mistakes and their cures.

python -m models.ship features example fine-tuned traps
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.jobs import execute
from models.pictures import datasets
from models.storage import runs
from models.storage.files import write_atomically
from models.storage.progress import SILENT
from models.storage.runs import Run
from models.training import recipes
from models.training.head import PREFIX
from models.training.ready_features import POOLING, keep
from models.training.results import load_result
from models.training.spec import TRAINING, TrainingSpec
from models.training.traps import CURVES, FOLDER, SEEDS, TRAPS, Outcome, of_result, rows_of, spec_of
from models.training.worker.classifier import classifier, split_at_frozen
from models.training.worker.course import examples_of, freeze_phase
from models.training.worker.train import material_of, train

KEPT = (
    "spec.json", "status.json", "history.json", "predictions.npz", "epoch_answers.npz", "weight_change.json",
    "summary.json", "head.npz",
)  # fmt: skip
FINE_TUNED_EPOCHS = (4, 8, 12, 18)  # shipped besides the best; the last block learns from epoch 11 on


def ship_example() -> None:
    """Train the default recipe as any visitor's run, and write `assets/example`, replacing what is there.

    Its classifier is not stored whole: the backbone is shipped already, so `head.npz` keeps the head's weights alone.
    """
    folder = _train(runs.EXAMPLE, "Example run", recipes.DEFAULT)
    trained = keras.models.load_model(folder / "classifier.keras", compile=False)
    write_atomically(folder / "head.npz", _head(trained))
    _leave(folder, KEPT)


def ship_fine_tuned() -> None:
    """Train the example's pictures with the last block learning too, and write `assets/fine_tuned`.

    Of the epochs that it keeps those of `FINE_TUNED_EPOCHS` and the best stay, in a few megabytes; the best is its
    classifier. It takes about two minutes of one core.
    """
    folder = _train(runs.FINE_TUNED, "Example, last block fine-tuned", recipes.FINE_TUNED)
    best = json.loads((folder / "summary.json").read_bytes())["best_epoch"]
    stay = {f"epoch-{epoch:04}.npz" for epoch in (*FINE_TUNED_EPOCHS, best)}
    _leave(folder, (*KEPT, *stay))


def _train(run_id: str, title: str, spec: TrainingSpec) -> Path:
    """Train a shipped run in its folder, replacing what is there, and return the folder."""
    folder = runs.SHIPPED[run_id]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    record = {"version": 1, "kind": TRAINING.kind, "title": title, "owner": "", "created": time.time()}
    data = json.dumps({**record, "spec": spec.to_json()}, indent=1).encode()
    write_atomically(folder / "spec.json", data)
    write_atomically(folder / "status.json", b'{"state": "queued"}')
    state = execute.execute(run_id)
    if state != "done":
        raise SystemExit(f"{title} ended as {state}: {runs.get(run_id).status.message}")
    return folder


def _leave(folder: Path, names: Collection[str]) -> None:
    """Delete the files of a folder that are not among `names`."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


def ship_features() -> None:
    """Compute what the frozen backbone says of every picture of every data set, and write `assets/features`."""
    for dataset in datasets.DATASETS:
        spec = replace(recipes.DEFAULT, dataset=dataset, head=replace(recipes.DEFAULT.head, pooling=POOLING))
        network, material = classifier(spec), replace(material_of(spec, whole=True), features=None)
        freeze_phase(network, spec, {})
        examples = examples_of(spec, split_at_frozen(network), material, SILENT)
        keep(dataset, examples.inputs[0].numpy())


def _head(classifier: keras.Model) -> bytes:
    """Return the weights of the layers after the backbone, by path."""
    buffer = io.BytesIO()
    weights = {v.path: v.numpy() for layer in classifier.layers if layer.name.startswith(PREFIX) for v in layer.weights}
    np.savez(buffer, **weights)
    return buffer.getvalue()


def _row(outcome: Outcome) -> dict[str, Any]:
    history = [{name: round(row[name], 5) for name in CURVES} for row in outcome.history]
    return {
        "spec": outcome.spec.to_json(),
        "history": history,
        "best_epoch": outcome.best_epoch,
        "validation": [round(outcome.validation.value * outcome.validation.n), outcome.validation.n],
        "right": "".join("1" if right else "0" for right in outcome.judged.right),
    }


def ship_traps() -> None:
    """Train what is missing of the prepared mistakes, or was made by another recipe; every training is kept at once.

    All together take about twenty minutes of one core.
    """
    FOLDER.mkdir(exist_ok=True)
    for name in TRAPS:
        specs = [replace(spec, seed=seed) for seed in SEEDS for spec in TRAPS[name].specs.values()]
        rows = {spec: row for row in rows_of(name) if (spec := spec_of(row)) in specs}
        for spec in (spec for spec in specs if spec not in rows):
            with tempfile.TemporaryDirectory() as folder:
                train(spec, SILENT, Path(folder))
                rows[spec] = _row(of_result(spec, load_result(Run("", Path(folder)))))
            in_order = [rows[spec] for spec in specs if spec in rows]
            write_atomically(FOLDER / f"{name}.json", _text(in_order).encode())


def _text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as JSON, one a line."""
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"
