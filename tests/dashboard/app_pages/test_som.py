"""The map's page: at once from the example, a training from its controls, and a unit looked at."""

import time

import pytest

from models.jobs import engine
from models.som.data import SomTask
from models.som.film import SOM
from models.som.spec import SomSpec
from models.storage import runs
from models.training.spec import TrainingSpec

PAGE = "app_pages/som.py"


def texts(app) -> str:
    return "\n".join(element.value for kind in ("markdown", "caption", "latex", "info") for element in app.get(kind))


def test_the_first_visit_shows_the_example_with_its_formulas(app):
    page = app.switch_page(PAGE).run()
    assert not page.exception
    assert page.selectbox(key="som_map").options == ["Example: Random colours, 20 × 20, batch"]
    shown = texts(page)
    assert r"\sigma(s) = 10\,e^{-s/s_n}" in shown and "= 33.3" in shown and "LR(s)" not in shown
    assert "does not show distances" in shown


def test_a_chosen_unit_shows_its_weights_and_samples(app):
    app.switch_page(PAGE)
    app.session_state["som_player_picked"] = ("example", 7, 12, 100)
    page = app.run()
    assert not page.exception
    assert "**Unit (7, 12)**, epoch 100" in texts(page) and "samples." in texts(page) and "W = (0." in texts(page)


@pytest.mark.parametrize("pick", [(20, 0, 100), (-1, 0, 100), (0, 20, 100), (0, 0, -1)])
def test_a_unit_that_is_not_there_is_not_looked_at(app, pick):
    app.switch_page(PAGE)
    app.session_state["som_player_picked"] = ("example", *pick)
    page = app.run()
    assert not page.exception and "**Unit" not in texts(page)


def test_online_training_has_a_rate_and_batch_has_none(app):
    page = app.switch_page(PAGE).run()
    assert page.number_input(key="som_rate").disabled
    page.segmented_control(key="som_method").set_value("online").run()
    assert not page.number_input(key="som_rate").disabled


@pytest.mark.parametrize("source", ["colours", "digits"])
def test_the_button_trains_and_the_page_shows_the_result(app, source):
    page = app.switch_page(PAGE).run()
    page.selectbox(key="som_source").set_value(source).run()
    page.number_input(key=f"som_rows_{source}").set_value(3).run()
    page.number_input(key=f"som_columns_{source}").set_value(5).run()
    page.number_input(key="som_epochs").set_value(6).run()
    page.button(key="som_train").click().run()
    run = runs.get(page.session_state["ff_map"])
    assert SOM.spec_of(run).source == source
    until = time.monotonic() + 60
    while run.status.active and time.monotonic() < until:
        time.sleep(0.2)
    assert run.status.state == "done"
    page.run()
    record = SOM.load(run)
    assert not page.exception and record is not None and record.complete
    assert (record.rows, record.columns) == (3, 5)
    assert page.selectbox(key="som_map").value == run.id and "{6}{3} = 2" in texts(page)


def trained_on(page, monkeypatch) -> SomTask:
    """The task that the button queues."""
    asked = []
    monkeypatch.setattr(engine, "submit", lambda job, task, *, owner: asked.append(task) or "")
    page.selectbox(key="som_source").set_value("features").run()
    page.button(key="som_train").click().run()
    assert not page.exception and len(asked) == 1
    return asked[0]


def test_features_without_pretrained_weights_are_those_of_random_ones_and_say_so(app, monkeypatch):
    app.run()
    app.session_state["ff_backbone"], app.session_state["ff_run"] = "mobilenetv2", ""
    task = trained_on(app.switch_page(PAGE).run(), monkeypatch)
    assert task.network == "backbone:mobilenetv2:96:random" and "MobileNetV2 with random weights" in task.title
    assert "**Random weights**" in texts(app)


def test_features_of_a_run_that_has_no_classifier_are_the_bare_backbones(app, monkeypatch):
    run = runs.create("training", TrainingSpec().to_json(), owner="", title="stopped")
    run.set_status(runs.RunStatus("cancelled"))
    app.run().session_state["ff_run"] = run.id
    task = trained_on(app.switch_page(PAGE).run(), monkeypatch)
    assert task.network == "backbone:frame8:64" and "random" not in task.title


def test_a_run_without_a_film_says_so(app):
    run = runs.create("som", SomTask("colours", SomSpec()).to_json(), owner="somebody", title="Map")
    run.set_status(runs.RunStatus("cancelled"))
    app.run().session_state["ff_map"] = run.id
    page = app.switch_page(PAGE).run()
    assert not page.exception and "Nothing was recorded" in texts(page)


def test_a_link_to_a_map_that_is_gone_shows_the_example(app):
    app.run().session_state["ff_map"] = "0" * 32
    page = app.switch_page(PAGE).run()
    assert not page.exception and page.session_state["ff_map"] == ""
