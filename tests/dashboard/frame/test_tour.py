"""The tour: it queues the default training, shows the example meanwhile, and asks one question at each stop."""

import shutil
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.frame.tour.stops import STOPS
from models.errors import QueueFull
from models.jobs import engine as jobs_engine
from models.storage import runs
from models.training import recipes
from models.training.costs import estimate
from models.training.evaluation import evaluate
from models.training.results import load_result
from tests.conftest import APP


def words(app) -> str:
    return "\n".join(text.value for kind in (app.markdown, app.caption) for text in kind)


def links(app) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


@pytest.fixture
def queued(monkeypatch):
    """What was given to the engine, which does not begin with it."""
    found = []

    def submit_all(job, specs, *, owner, seconds=()):
        found.extend(runs.create(job.kind, spec.to_json(), owner=owner, title=spec.title) for spec in specs)
        return [run.id for run in found[-len(specs) :]]

    monkeypatch.setattr(jobs_engine, "submit_all", submit_all)
    yield found
    for run in found:
        shutil.rmtree(run.folder)


def finish(run: runs.Run) -> None:
    """Give a run the example's results."""
    example = runs.get(runs.EXAMPLE).folder
    for path in example.iterdir():
        if path.name not in ("spec.json", "status.json"):
            shutil.copy(path, run.folder / path.name)
    run.set_status(runs.RunStatus("done", share=1.0))


def test_the_example_stands_on_every_page_until_the_visitors_own_run_is_done(app, queued):
    app.run().button(key="home_tour").click().run()
    assert not app.exception
    (run,) = queued
    spec = replace(recipes.DEFAULT, dataset=app.session_state["ff_data"])
    assert run.spec == spec.to_json() and estimate.kept(run.folder) == recipes.validate(spec)
    assert app.session_state["ff_run"] == runs.EXAMPLE and app.session_state["ff_tour"] == f"train-{run.id}"
    assert f"Tour 1/{len(STOPS)}" in words(app) and "Until then this page shows the example" in words(app)
    for stop in STOPS[1:3]:
        app.switch_page(f"app_pages/{stop.page}.py").run()
        assert not app.exception and not app.error and "Until then this page shows the example" in words(app)
        assert app.session_state["ff_run"] == runs.EXAMPLE and app.session_state["ff_tour"] == f"{stop.page}-{run.id}"
    finish(run)
    app.switch_page("app_pages/evaluate.py").run()
    assert app.session_state["ff_run"] == run.id and "This page shows your own run" in words(app)
    app.session_state["ff_run"] = runs.EXAMPLE  # the visitor looks at it again
    app.run()
    assert app.session_state["ff_run"] == runs.EXAMPLE


def test_every_stop_answers_its_question_with_the_numbers_of_the_run(app, queued):
    app.run().button(key="home_tour").click().run()
    result = load_result(runs.get(runs.EXAMPLE))
    right = int((result.probability.argmax(axis=1) == result.label).sum())
    assert f"{100 * right / len(result.label):.1f}% of {len(result.label)} test pictures right" in words(app)
    app.switch_page("app_pages/evaluate.py").run()
    matrix = evaluate(result.label, result.probability, ("a", "b", "c", "d", "e")).matrix.copy()
    for place in range(len(matrix)):
        matrix[place, place] = 0
    assert f": {matrix.max()} of 60 pictures." in words(app)
    assert "Next: Activations" in links(app)
    app.switch_page("app_pages/activations.py").run()
    assert "75 × 75: first edges, then parts" in words(app)
    app.switch_page("app_pages/data.py").run()  # no stop: the bar leads back
    assert "Back to the tour: Activations" in links(app)
    app.switch_page("app_pages/occlusion.py").run()
    assert "of the evidence lies on the galaxy" in words(app)
    app.switch_page("app_pages/som.py")
    app.query_params["som_view"] = "Read the map"
    app.run()
    app.button(key="tour_finish").click().run()
    assert not app.exception and "What you saw" in words(app) and app.session_state["ff_tour"].startswith("end-")
    card = next(text.value for text in app.markdown if text.value.startswith("1. "))
    assert "test pictures right" in card and "75 × 75" in card and "of the evidence lies on" in card
    assert "How few pictures are enough?" in links(app)
    app.button(key="tour_end").click().run()
    assert "What you saw" not in words(app) and not app.session_state["ff_tour"]


def test_a_tour_whose_run_is_refused_goes_on_with_the_example_and_says_why(app, monkeypatch):
    def full(*_, **__):
        raise QueueFull("You already have 4 jobs running or waiting.")

    monkeypatch.setattr(jobs_engine, "submit_all", full)
    app.run().button(key="home_tour").click().run()
    assert not app.exception and f"Tour 1/{len(STOPS)}" in words(app)
    assert "could not be started, so that you see the example. You already have 4 jobs" in words(app)
    app.button(key="tour_end").click().run()
    assert "Tour" not in words(app)


def test_a_second_click_starts_no_second_run_and_one_that_was_cancelled_is_said(app, queued):
    app.run().button(key="home_tour").click().run()
    app.switch_page("app_pages/home.py").run()
    app.run().button(key="home_tour").click().run()
    (run,) = queued
    run.set_status(runs.RunStatus("cancelled"))
    app.run()
    assert "Your own run was cancelled. The tour goes on with the example." in words(app)
    assert app.session_state["ff_run"] == runs.EXAMPLE


@pytest.mark.parametrize("place", ["evaluate", "end-" + "0" * 32, "nowhere", "evaluate-1"])
def test_a_link_into_the_tour_begins_there_without_starting_anything(engine, place):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["tour"] = place
    app.run()
    assert not app.exception and app.session_state["ff_run"] == runs.EXAMPLE
    assert ("Back to the tour: Evaluate" in links(app)) == (place == "evaluate")
    assert ("What you saw" in words(app)) == place.startswith("end")
