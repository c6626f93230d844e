"""Make the example run that is shipped: the default recipe, trained by the same code as any visitor's run.

    python -m models.example

Its classifier is not stored whole: the backbone is shipped already, so `head.npz` keeps the head's weights alone.
"""

from __future__ import annotations

import io
import json
import shutil
import time

import keras
import numpy as np

from models import recipes, runs, tasks

KEPT = ("spec.json", "status.json", "history.json", "predictions.npz", "weight_change.json", "summary.json", "head.npz")


def main() -> None:
    """Train the example and write `assets/example`, replacing what is there."""
    folder = runs.ASSETS / runs.EXAMPLE
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
    runs.write_atomically(folder / "spec.json", json.dumps(record, indent=1).encode())
    runs.write_atomically(folder / "status.json", b'{"state": "queued"}')
    state = tasks.execute(runs.EXAMPLE)
    if state != "done":
        raise SystemExit(f"The example ended as {state}: {runs.get(runs.EXAMPLE).status.message}")
    runs.write_atomically(
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
    main()
