"""The probe on its page: shipped results at once, the price of others, and every state of a job."""

import time

import pytest

from models.errors import QueueFull
from models.jobs import engine
from models.representations.probe import PROBE, ProbeSpec
from models.storage import files, runs
from models.training.spec import HeadSpec, TrainingSpec

PAGE = "general"
VIEW = {"general_view": "Probe each layer"}


def texts(page) -> str:
    return "\n".join(
        element.value for kind in ("markdown", "caption", "info", "warning", "error") for element in page.get(kind)
    )


def test_the_first_visit_shows_the_shipped_probe(visit):
    page = visit(**VIEW)
    assert not page.exception and len(page.get("plotly_chart")) == 1
    shown = texts(page)
    assert "What was learned elsewhere helps here" in shown and "measured on 300 test pictures" in shown
    assert "your run froze every block" in shown and "Whether the network uses" in shown
    page = visit(**VIEW, general_probe_amount="20 a class", data="digits")
    assert not page.exception and "fitted on 200 training pictures" in texts(page)


def test_another_backbone_has_a_price_and_a_button(visit, monkeypatch):
    asked = []
    monkeypatch.setattr(engine, "submit", lambda job, spec, *, owner: asked.append((job.kind, spec, spec.title)))
    page = visit(**VIEW, backbone="mobilenetv2")
    assert not page.exception and "Not probed yet" in texts(page) and "**Random weights**" in texts(page)
    assert "1,500 pictures, 9 blocks, random weights: about" in texts(page)
    page.button(key="general_probe_start").click().run()
    spec = ProbeSpec("backbone:mobilenetv2:96:random", "galaxies")
    assert asked == [("probe", spec, "Galaxies: every block of MobileNetV2 with random weights")]

    def full(*_, **__):
        raise QueueFull("You already have 4 jobs")

    monkeypatch.setattr(engine, "submit", full)
    page.button(key="general_probe_start").click().run()
    assert not page.exception and "You already have 4 jobs" in texts(page)


def test_every_state_of_a_job_is_shown(visit, monkeypatch):
    monkeypatch.setattr(engine, "ahead", lambda run_id: [runs.get(run_id)] * 2)
    page = visit(**VIEW, backbone="mobilenetv2")
    spec = ProbeSpec("backbone:mobilenetv2:96:random", "galaxies")
    run = runs.create("probe", spec.to_json(), owner=page.session_state["ff_owner"], title="Probe")
    page.run()
    assert "Waiting for 2 " in page.get("progress")[0].proto.text
    assert "general_probe_start" not in [button.key for button in page.button]
    run.set_status(runs.RunStatus("failed", message="Out of *memory*", finished=time.time()))
    page.run()
    assert r"Out of \*memory\*" in texts(page) and page.button(key="general_probe_start") is not None
    run.set_status(runs.RunStatus("done", finished=time.time()))
    PROBE.path(run).write_bytes(b"PK torn")
    page.run()
    assert not page.exception and "cannot be read" in texts(page) and "Not probed yet" in texts(page)
    PROBE.path(run).write_bytes(files.pack(PROBE.shipped(ProbeSpec())))
    page.run()
    assert not page.exception and len(page.get("plotly_chart")) == 1 and "Not probed yet" not in texts(page)


@pytest.fixture
def trained():
    """A finished run that changed its backbone and has a hidden layer in its head."""
    spec = TrainingSpec(trainable=("conv5",), head=HeadSpec(widths=(24,)))
    run = runs.create("training", spec.to_json(), owner="o" * 32, title="Run")
    run.set_status(runs.RunStatus("done", finished=time.time()))
    return run


def test_a_run_that_changed_its_network_can_be_probed(visit, trained):
    page = visit(**VIEW, run=trained.id)
    assert not page.exception and len(page.get("plotly_chart")) == 1  # the backbone's, which is shipped
    page.segmented_control(key="general_probe_network").set_value("run").run()
    assert not page.exception and "1,500 pictures, 6 blocks, trained and random weights: about" in texts(page)
