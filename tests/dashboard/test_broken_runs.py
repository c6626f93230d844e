"""Runs that are half-written, damaged, of an older or of a newer version: every page opens and says what is wrong."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from models import catalogue
from models.som.data import SomTask
from models.storage import runs
from models.sweeps.spec import SweepSpec
from models.training.spec import TrainingSpec
from models.transferability.slice import SliceSpec
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


OTHERS = {  # page, name in the address, kind, spec
    "map": ("som", SomTask()),
    "slice": ("transferability", SliceSpec()),
    "sweep": ("sweep", SweepSpec("depth", ("conv5",), base=TrainingSpec(shots=5))),
}
PAGE_OF = {"map": "som", "slice": "general", "sweep": "sweeps"}
SPOILT = {
    "newer": lambda spec: {**spec, "teleport": True},
    "other types": lambda spec: dict.fromkeys(spec),
    "nothing": lambda spec: {},
    "no files": lambda spec: spec,
    "unknown parts": lambda spec: {**spec, "values": ["gone"], "source": "gone", "a": [1]},
}


@pytest.mark.parametrize("damage", SPOILT)
@pytest.mark.parametrize("name", OTHERS)
def test_a_job_of_another_kind_that_cannot_be_read_is_a_sentence(engine, name, damage):
    kind, spec = OTHERS[name]
    record = {
        known: value
        for known, value in SPOILT[damage](spec.to_json()).items()
        if known in {*spec.to_json(), "teleport"}
    }
    run = runs.create(kind, record, owner="d" * 32, title="damaged")
    run.set_status(runs.RunStatus("done", share=1.0))
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update({name: run.id})
    app.run()
    app.switch_page(f"app_pages/{PAGE_OF[name]}.py").run()
    shutil.rmtree(run.folder)
    assert not app.exception
    readable = damage == "no files" or (damage == "nothing" and catalogue.job(run.kind).problem(run) == "")
    told = [warning.value for warning in app.warning if "made by another version" in warning.value]
    assert bool(told) != readable
    assert (app.session_state[f"ff_{name}"] == run.id) == readable


@pytest.mark.parametrize("name", ["run", *OTHERS])
def test_a_link_to_a_run_that_is_gone_says_so(engine, name):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update({name: "f" * 32})
    app.run()
    assert not app.exception
    assert any("not here any more" in warning.value for warning in app.warning)
    app.switch_page("app_pages/som.py").run()
    assert any("not here any more" in warning.value for warning in app.warning)
