"""Runs that are half-written, damaged, of an older or of a newer version: every page opens and says what is wrong."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from models import runs
from tests.conftest import APP, PAGES

EXAMPLE = runs.get(runs.EXAMPLE)


def _edit(path, change):
    data = json.loads(path.read_bytes())
    path.write_text(json.dumps(change(data)))


def _respec(run, change):
    _edit(run.path("spec.json"), lambda record: {**record, "spec": change(record["spec"])})


def _older(run):
    """Written before there were splits, noise, phases and augmentation, memory and predictions."""
    kept = {"backbone", "weights", "dataset", "side", "trainable", "batch_norm", "head", "optimizer", "learning_rate"}
    kept |= {"schedule", "batch", "epochs", "patience", "seed", "shots"}
    _edit(
        run.path("spec.json"), lambda record: {**record, "spec": {k: v for k, v in record["spec"].items() if k in kept}}
    )
    gone = {"base_mb", "peak_mb", "processor_seconds"}
    _edit(run.path("summary.json"), lambda data: {k: v for k, v in data.items() if k not in gone})
    _edit(run.path("history.json"), lambda rows: [{k: v for k, v in row.items() if k != "phase"} for row in rows])


DAMAGE = {
    "older": _older,
    "newer": lambda run: _respec(run, lambda spec: {**spec, "teleport": True}),
    "unknown backbone": lambda run: _edit(
        run.path("spec.json"), lambda r: {**r, "spec": {**r["spec"], "backbone": "gone"}}
    ),
    "no results": lambda run: run.path("predictions.npz").unlink(),
    "cut results": lambda run: run.path("predictions.npz").write_bytes(b"PK cut"),
    "garbage": lambda run: [path.write_bytes(b"{") for path in run.folder.glob("*.json") if path.name != "spec.json"],
    "no spec": lambda run: run.path("spec.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_page_opens_with_it(engine, damage):
    run = runs.create("training", EXAMPLE.spec, owner="d" * 32, title="damaged")
    for path in EXAMPLE.folder.iterdir():
        if path.name != "spec.json":
            shutil.copyfile(path, run.path(path.name))
    DAMAGE[damage](run)
    runs._read_record.cache_clear()
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update({"run": run.id, "compare": f"{run.id},example"})
    app.run()
    wrong = {}
    for page in PAGES:
        app.switch_page(f"app_pages/{page}.py").run()
        if app.exception:
            wrong[page] = app.exception[0].message
        if damage in ("newer", "unknown backbone"):
            assert any("made by another version" in warning.value for warning in app.warning), page
    shutil.rmtree(run.folder)
    runs._read_record.cache_clear()
    assert wrong == {}
