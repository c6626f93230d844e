"""What goes wrong: every prepared mistake at once, own runs in every state, recipes carried to the Train page."""

import shutil
import time
from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.traps import panel
from models.errors import QueueFull
from models.jobs import engine as jobs_engine
from models.storage import files, runs
from models.training import recipes, traps
from models.training.comparison import paired
from models.training.costs import estimate
from models.training.results import load_result, save_result
from models.training.traps import TRAPS

PAGE = "traps"
DONE = runs.RunStatus("done", share=1.0)


def said(app):
    kinds = ("markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


@pytest.fixture
def own(engine, monkeypatch):
    """Makes a run of a trap's recipe that belongs to the visitor of a page, with the example's results if done."""
    monkeypatch.setattr(jobs_engine, "ahead", lambda run_id: [runs.get(run_id)] * 2)

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
    assert not app.error and not app.warning
    assert len(app.get("plotly_chart")) == len(TRAPS[name].specs)
    text = said(app)
    for role, made in traps.outcomes(name).items():
        accuracy = made[0].judged.accuracy
        assert f"**{accuracy.value:.1%}** of {accuracy.n} test pictures right" in text, role
    assert "**Cured against wrong**" in text and TRAPS[name].cure in text
    assert traps.noticed(TRAPS[name], traps.outcomes(name)) in text and "{" not in text
    assert ("that leaked, " in text) == (name == "leak")
    assert ("**Control:** frozen" in text) == (name in ("coarse", "dissimilar"))
    assert not app.button(key="traps_train_wrong").disabled


def test_the_control_is_held_against_both(visit):
    text = said(visit(traps_demo=TRAPS["coarse"].title))
    assert "**Control against wrong**: +15.6 points (95% interval +10.9 to +20.3)" in text
    assert "**Cured against control**: +8.8 points (95% interval +4.5 to +13.2)" in text
    text = said(visit(traps_demo=TRAPS["dissimilar"].title))
    assert "**Control against wrong**: +0.8 points" in text and "359 test pictures, no clear difference" in text


def test_the_leak_says_what_is_claimed_and_what_is_true_and_shows_pairs(visit):
    app = visit(traps_demo=TRAPS["leak"].title)
    text = said(app)
    assert "## Claimed 95.9%. True 86.2%." in text
    assert "Of the 160 test pictures that leaked it gets 100.0% right, of the other 160 91.9%." in text
    assert "no clear difference. The 160 pictures that leaked are left out: the leak made the number larger" in text
    assert "3 of the 160 pictures that lie in both parts" in text
    shown = [image for element in app.get("image") for image in element.proto.imgs]
    assert [image.caption for image in shown] == ["for training", "for the test"] * 3
    urls = [image.url for image in shown]
    assert urls[::2] == urls[1::2] and len(set(urls)) == 3


def test_pictures_that_a_leak_is_shown_by_are_in_both_parts():
    wrong = traps.outcomes("leak")["wrong"][0]
    split = recipes.split_of(wrong.spec)
    assert len(wrong.judged.leaked) == 160
    assert set(wrong.judged.leaked) <= set(split.train) & set(split.test)


def test_what_a_comparison_means_depends_on_its_interval():
    found = paired(*(traps.outcomes("leak")[role][0].judged for role in ("wrong", "cured")))
    assert "made the number larger" in panel.leak_meaning(found)
    clear = replace(found, difference=replace(found.difference, low=0.01))
    assert panel.leak_meaning(clear) == " The 160 pictures that leaked are left out."


def test_without_shipped_results_the_page_offers_to_train(visit, monkeypatch, tmp_path):
    monkeypatch.setattr(traps, "FOLDER", tmp_path)
    app = visit()
    assert not app.exception and "No results are shipped" in said(app)


def test_a_link_to_an_unknown_mistake_shows_the_first(visit):
    app = visit(traps_demo="![x](http://127.0.0.1:9/a.png)")
    assert not app.exception and app.session_state["traps_demo"] == next(iter(TRAPS))


@pytest.fixture
def queue(monkeypatch):
    """Collects what is queued: a list of (kind, owner, specs)."""
    asked = []

    def submit_all(job, specs, *, owner, seconds):
        assert len(seconds) == len(specs) and all(one > 0 for one in seconds)
        asked.append((job.kind, owner, specs))
        return [runs.EXAMPLE] * len(specs)

    monkeypatch.setattr(jobs_engine, "submit_all", submit_all)
    monkeypatch.setattr(estimate, "keep", lambda *_: None)
    return asked


def refuse(*_, **__):
    raise QueueFull("There is no room for 2 more jobs")


@pytest.mark.parametrize("buttons", [["wrong", "cured"], ["both"]])
def test_both_are_queued_as_ordinary_runs_and_a_full_queue_is_said(visit, monkeypatch, queue, buttons):
    app = visit(traps_demo=TRAPS["leak"].title)
    for button in buttons:
        app.button(key=f"traps_train_{button}").click().run()
    assert not app.exception
    assert len(queue) == len(buttons)
    assert {(kind, owner) for kind, owner, _ in queue} == {("training", app.session_state["ff_owner"])}
    wrong, cured = [spec for _, _, specs in queue for spec in specs]
    assert (wrong, cured) == (TRAPS["leak"].wrong, TRAPS["leak"].cured)
    assert "50% of the test leaked" in wrong.title and "leaked" not in cured.title
    monkeypatch.setattr(jobs_engine, "submit_all", refuse)
    app.button(key=f"traps_train_{buttons[0]}").click().run()
    assert not app.exception and "There is no room for 2 more jobs" in said(app)


def test_a_second_click_does_not_queue_the_same_again(visit, own, queue):
    app = visit(traps_demo=TRAPS["leak"].title)
    app.button(key="traps_train_both").click()
    own(app, TRAPS["leak"].cured.to_json(), runs.RunStatus("queued"))
    app.run()
    assert not app.exception and not queue
    assert not {"traps_train_both", "traps_train_cured"} & keys(app) and "traps_train_wrong" in keys(app)


def keys(app):
    return {button.key for button in app.button}


def test_own_runs_are_found_again_in_every_state(visit, own):
    app = visit(traps_demo=TRAPS["scaled"].title)
    run = own(app, TRAPS["scaled"].wrong.to_json(), runs.RunStatus("queued"))
    app.run()
    assert "Waiting for 2 " in app.get("progress")[0].proto.text
    assert not {"traps_train_wrong", "traps_train_both"} & keys(app)
    run.set_status(runs.RunStatus("failed", message="Out of *memory*", finished=time.time()))
    app.run()
    assert r"Out of \*memory\*" in said(app) and {"traps_train_wrong", "traps_train_both"} <= keys(app)
    run.set_status(DONE)
    app.run()
    assert "**Wrong, your run:** **96.7%** of 300" in said(app)
    assert not {"traps_compare", "traps_train_both"} & keys(app) and "traps_train_cured" in keys(app)
    files.write_atomically(run.path("summary.json"), b"{")
    app.run()
    assert not app.exception and "results of your run are missing or damaged" in said(app)
    assert "traps_train_wrong" in keys(app)


def test_own_runs_stand_side_by_side_and_lead_to_their_comparison(visit, own):
    app = visit(traps_demo=TRAPS["scaled"].title)
    wrong, cured = (own(app, TRAPS["scaled"].specs[role].to_json()) for role in ("wrong", "cured"))
    result = load_result(cured)
    turned = result.probability.copy()
    turned[:60] = np.roll(turned[:60], 1, axis=1)
    save_result(wrong.folder, replace(result, probability=turned))
    app.run()
    assert not app.exception and len(app.get("plotly_chart")) == 4  # two shipped, two of one's own
    assert "**Wrong, your run:** **7" in said(app) and "**Cured, your run:** **96.7%** of 300" in said(app)
    assert said(app).count("**Cured against wrong**") == 2  # the shipped pair's, and one's own
    app.button(key="traps_compare").click().run()
    assert not app.exception
    assert app.multiselect(key="compare_runs").value == [wrong.id, cured.id]


@pytest.mark.parametrize("page", ["train", "evaluate"])
def test_a_run_made_wrong_on_purpose_says_so(engine, own, app, page):
    leaky = {**TRAPS["scaled"].cured.to_json(), "leaked": 0.5}
    app.run()
    app.session_state["ff_run"] = own(app, leaky).id
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception
    assert "made wrong on purpose:** copies of 50% of the test pictures" in said(app)
    app.session_state["ff_run"] = own(app, TRAPS["scaled"].wrong.to_json()).id
    app.run()
    assert "made wrong on purpose:** its pictures are divided by 255" in said(app)
    app.session_state["ff_run"] = own(app, {**TRAPS["scaled"].cured.to_json(), "label_noise": 0.25}).id
    app.run()
    assert "made wrong on purpose:** 25% of its training pictures have the label of another class" in said(app)
    app.session_state["ff_run"] = runs.EXAMPLE
    app.run()
    assert "on purpose" not in said(app)
