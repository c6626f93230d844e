"""What goes wrong: every prepared mistake at once, own runs in every state, recipes carried to the Train page."""

import shutil
import time

import pytest

from dashboard.components import train_panel
from models import engine as engine_module
from models import runs, trap_recordings
from models.errors import QueueFull
from models.training_results import load_result, save_result
from models.traps import TRAPS

PAGE = "traps"
DONE = runs.RunStatus("done", share=1.0)


def said(app):
    kinds = ("markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


@pytest.fixture
def own(engine, monkeypatch):
    """Makes a run of a trap's recipe that belongs to the visitor of a page, with the example's results if done."""
    monkeypatch.setattr(engine_module, "position", lambda run_id: 2)

    def make(app, spec, status=DONE):
        run = runs.create("training", spec, owner=app.session_state["ff_owner"], title="A run of one's own")
        save_result(run.folder, load_result(runs.get(runs.EXAMPLE)))
        run.set_status(status)
        made.append(run)
        return run

    made = []
    yield make
    for run in made:
        shutil.rmtree(run.folder)


@pytest.mark.parametrize("name", TRAPS)
def test_every_mistake_is_shown_beside_its_cure_without_training(visit, name):
    app = visit(traps_demo=TRAPS[name].title)
    assert not app.exception and app.session_state["traps_demo"] == name
    assert len(app.get("plotly_chart")) == 2
    text = said(app)
    for role, made in trap_recordings.outcomes(name).items():
        accuracy = made[0].judged.accuracy
        assert f"**{accuracy.value:.1%}** of {accuracy.n} test pictures right" in text, role
    assert "**Cured against wrong**" in text and TRAPS[name].notice in text and TRAPS[name].cure in text
    assert ("that leaked, " in text) == (name == "leak") and ("**Control,**" in text) == (
        name in ("coarse", "dissimilar")
    )
    assert not app.button(key="traps_train_wrong").disabled


def test_without_shipped_results_the_page_offers_to_train(visit, monkeypatch, tmp_path):
    monkeypatch.setattr(trap_recordings, "FOLDER", tmp_path)
    app = visit()
    assert not app.exception and "No results are shipped" in said(app)


def test_a_link_to_an_unknown_mistake_shows_the_first(visit):
    app = visit(traps_demo="![x](http://127.0.0.1:9/a.png)")
    assert not app.exception and app.session_state["traps_demo"] == next(iter(TRAPS))


def test_both_are_queued_as_ordinary_runs_and_a_full_queue_is_said(visit, monkeypatch):
    asked = []

    def submit(kind, spec, *, owner, title):
        asked.append((kind, spec, title))
        return runs.EXAMPLE

    monkeypatch.setattr(engine_module, "submit", submit)
    monkeypatch.setattr(train_panel.costs, "keep", lambda *_: None)
    app = visit(traps_demo=TRAPS["leak"].title)
    app.button(key="traps_train_wrong").click().run()
    app.button(key="traps_train_cured").click().run()
    assert not app.exception
    assert [kind for kind, _, _ in asked] == ["training"] * 2
    assert [spec for _, spec, _ in asked] == [TRAPS["leak"].wrong.to_json(), TRAPS["leak"].cured.to_json()]
    assert "50% of the test leaked" in asked[0][2] and "leaked" not in asked[1][2]

    def full(*_, **__):
        raise QueueFull("You already have 4 jobs")

    monkeypatch.setattr(engine_module, "submit", full)
    app.button(key="traps_train_wrong").click().run()
    assert not app.exception and "You already have 4 jobs" in said(app)


def test_own_runs_are_found_again_in_every_state(visit, own):
    app = visit(traps_demo=TRAPS["scaled"].title)
    run = own(app, TRAPS["scaled"].wrong.to_json(), runs.RunStatus("queued"))
    app.run()
    assert "Waiting: number 2" in app.get("progress")[0].proto.text
    assert not [button for button in app.button if button.key == "traps_train_wrong"]
    run.set_status(runs.RunStatus("failed", message="Out of *memory*", finished=time.time()))
    app.run()
    assert r"Out of \*memory\*" in said(app) and app.button(key="traps_train_wrong")
    run.set_status(DONE)
    app.run()
    assert "**Wrong, your run:** 96.7% of 300" in said(app)
    assert not [button for button in app.button if button.key == "traps_compare"]
    own(app, TRAPS["scaled"].cured.to_json())
    app.run()
    assert app.button(key="traps_compare")
    runs.write_atomically(run.path("summary.json"), b"{")
    app.run()
    assert not app.exception and "results are missing or damaged" in said(app)


@pytest.mark.parametrize("page", ["train", "evaluate"])
def test_a_run_made_wrong_on_purpose_says_so(engine, own, app, page):
    leaky = {**TRAPS["scaled"].cured.to_json(), "leaked": 0.5}
    app.session_state["ff_run"] = own(app, leaky).id
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception
    assert "made wrong on purpose:** copies of 50% of the test pictures" in said(app)
    app.session_state["ff_run"] = own(app, TRAPS["scaled"].wrong.to_json()).id
    app.run()
    assert "made wrong on purpose:** its pictures are divided by 255" in said(app)
    app.session_state["ff_run"] = runs.EXAMPLE
    app.run()
    assert "on purpose" not in said(app)
