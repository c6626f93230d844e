"""The switch "Train as I change" on the Train page: what trains, what stays, and what a change is said to have done."""

import secrets
import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.views.train import live
from models.intervals import paired_difference
from models.storage import runs
from models.training.results import load_result
from models.training.spec import TRAINING, TrainingSpec
from tests.conftest import APP

PAGE = "app_pages/train.py"


@pytest.fixture
def train(app):
    app.switch_page(PAGE).run()
    app.session_state["ff_owner"] = secrets.token_hex(16)
    return app


def mine(app) -> list[runs.Run]:
    return runs.listing(app.session_state["ff_owner"], TRAINING.kind)


def shown(app) -> str:
    return app.session_state["ff_run"]


def texts(app) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.warning])


def going(app) -> str | bool:
    kept = app.session_state
    return "train_live_now" in kept and kept["train_live_now"]


def ended(app) -> AppTest:
    """Run the page as its fragment would, until nothing trains."""
    for _ in range(400):
        if not going(app):
            assert not app.exception
            return app
        time.sleep(0.05)
        app.run()
    raise AssertionError(texts(app))


def test_every_change_is_trained_and_says_what_it_did(train):
    train.toggle(key="train_live").set_value(True).run()
    assert not going(train)  # the controls say what the example was trained with
    train.number_input(key="train_epochs").set_value(3).run()
    assert shown(train) == runs.EXAMPLE  # shown until the new one has ended
    ended(train)
    first = runs.get(shown(train))
    assert shown(train) == first.id and TRAINING.spec_of(first).epochs == 3
    before, after = load_result(runs.get(runs.EXAMPLE)), load_result(first)
    right = [result.probability.argmax(axis=1) == result.label for result in (before, after)]
    np.testing.assert_array_equal(before.index, after.index)
    counts = [int(((right[0] == a) & (right[1] == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    difference = paired_difference(*counts)
    [said] = [text.value for text in train.markdown if "right instead of" in text.value]
    assert said.startswith("**Epochs: 3 instead of 60.** ")
    assert f"{100 * right[1].mean():.1f}% right instead of {100 * right[0].mean():.1f}%" in said
    assert f"{100 * difference.value:+.1f} points".replace("-", "−") in said
    assert ("no clear difference" in said) == (difference.low <= 0 <= difference.high)


def test_a_change_takes_the_place_of_the_one_before_and_only_five_stay_unless_kept(train):
    owner, recipe = train.session_state["ff_owner"], TrainingSpec(epochs=2).to_json()
    older = [runs.create(TRAINING.kind, recipe, owner=owner, title="Older").id for _ in range(5)]
    for run_id in older:
        runs.get(run_id).set_status(runs.RunStatus("done"))
    train.session_state["train_live_loose"] = tuple(older)
    train.toggle(key="train_live").set_value(True).run()
    train.number_input(key="train_epochs").set_value(40).run()
    given_up = going(train)
    train.number_input(key="train_epochs").set_value(2).run()
    assert runs.get(given_up).status.state == "cancelled"
    ended(train)
    newest = shown(train)
    assert TRAINING.spec_of(runs.get(newest)).epochs == 2
    assert {run.id for run in mine(train)} == {*older[1:], newest}
    train.button(key="train_live_keep").click().run()
    assert newest not in train.session_state["train_live_loose"] and shown(train) == newest


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (runs.RunStatus("failed", message="It ran out of memory."), "It ran out of memory. What you see is the run"),
        (runs.RunStatus("cancelled"), "The training of your last change was cancelled."),
    ],
)
def test_a_training_without_a_result_leaves_what_was_shown_and_says_why(train, monkeypatch, status, said):
    held = runs.create(TRAINING.kind, TrainingSpec(epochs=3).to_json(), owner=train.session_state["ff_owner"], title="")
    monkeypatch.setattr(live, "queue", lambda costs, owner: [held.id])
    train.toggle(key="train_live").set_value(True).run()
    train.number_input(key="train_epochs").set_value(3).run()
    assert going(train) == held.id
    held.set_status(status)
    ended(train)
    assert shown(train) == runs.EXAMPLE and said in texts(train)
    train.number_input(key="train_epochs").set_value(60).run()  # what is shown was trained with
    assert said not in texts(train)


def test_what_is_compared_or_was_just_looked_at_is_not_cleared_away(train, monkeypatch):
    owner, recipe = train.session_state["ff_owner"], TrainingSpec(epochs=2).to_json()
    *older, newest = [runs.create(TRAINING.kind, recipe, owner=owner, title="").id for _ in range(8)]
    for run_id in (*older, newest):
        runs.get(run_id).set_status(runs.RunStatus("done"))
    monkeypatch.setattr(live, "queue", lambda costs, owner: [newest])
    train.session_state["train_live_loose"], train.session_state["ff_compare"] = tuple(older), older[1]
    train.session_state["ff_run"] = older[0]
    train.toggle(key="train_live").set_value(True).run()
    train.number_input(key="train_epochs").set_value(3).run()
    ended(train)
    assert shown(train) == newest
    assert {run.id for run in mine(train)} == {*older[:2], *older[3:], newest}


def test_a_link_that_has_it_on_trains_nothing_and_a_long_recipe_waits_for_the_button(app):
    opened = AppTest.from_file(APP, default_timeout=60)
    opened.query_params.update({"train_live": "true", "train_epochs": "5"})
    opened.switch_page(PAGE).run()
    opened.session_state["ff_owner"] = "7b" * 16
    assert opened.toggle(key="train_live").value and not opened.exception
    opened.select_slider(key="train_cut_frame8").set_value("conv3").run()
    assert "press Train" in texts(opened)
    assert runs.listing("7b" * 16) == [] and shown(opened) == runs.EXAMPLE
