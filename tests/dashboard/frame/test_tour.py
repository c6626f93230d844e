"""The tour: it queues the default training with its price, and its bar goes from stop to stop."""

import shutil
from dataclasses import replace

from dashboard.frame.tour import STEPS
from models.errors import QueueFull
from models.jobs import engine as jobs_engine
from models.storage import runs
from models.training import recipes
from models.training.costs import estimate


def bar(app) -> str:
    return " ".join(text.value for text in app.markdown if "Tour" in text.value)


def test_the_tour_trains_the_default_and_goes_from_stop_to_stop(app, monkeypatch):
    queued = []

    def submit_all(job, specs, *, owner, seconds=()):
        queued.extend(runs.create(job.kind, spec.to_json(), owner=owner, title=spec.title) for spec in specs)
        return [run.id for run in queued]

    monkeypatch.setattr(jobs_engine, "submit_all", submit_all)
    app.button(key="home_tour").click().run()
    assert not app.exception
    (run,) = queued
    spec = replace(recipes.DEFAULT, dataset=app.session_state["ff_data"])
    assert run.spec == spec.to_json() and estimate.kept(run.folder) == recipes.validate(spec)
    assert app.session_state["ff_run"] == run.id
    assert f"Tour 1/{len(STEPS)}: Train" in bar(app)
    run.set_status(runs.RunStatus("cancelled"))
    app.switch_page("app_pages/evaluate.py").run()
    assert f"Tour 2/{len(STEPS)}: Evaluate" in bar(app)
    assert "Next: Activations" in [link.proto.label for link in app.get("page_link")]
    app.switch_page("app_pages/data.py").run()  # no stop of the tour: the bar leads back to the last one
    assert "Next: Evaluate" in [link.proto.label for link in app.get("page_link")]
    app.button(key="tour_end").click().run()
    assert bar(app) == ""
    shutil.rmtree(run.folder)


def test_a_tour_that_is_refused_stays_at_home_with_a_sentence(app, monkeypatch):
    def full(*_, **__):
        raise QueueFull("You already have 4 jobs running or waiting.")

    monkeypatch.setattr(jobs_engine, "submit_all", full)
    app.button(key="home_tour").click().run()
    assert not app.exception and bar(app) == ""
    assert "You already have 4 jobs" in app.error[0].value
