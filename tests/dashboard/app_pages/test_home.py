"""Home: the picture that flows through the shipped classifier, where a click in it leads, and the three doors."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from dashboard.pages import HOME
from dashboard.views.home import canvas
from models.jobs import shipped
from models.occlusion.flow import EXAMPLE, FINE, FLOW, PICTURES
from models.pictures import images

PAGE = HOME


@pytest.fixture
def drawn(monkeypatch):
    """The headers of what the canvas gets; `drawn.click` is what the browser sends when the page runs next."""
    found = SimpleNamespace(headers=[], click=None)

    def component(*, key, data, on_open_change):
        length = int.from_bytes(data[:4], "little")
        found.headers.append(json.loads(data[4 : 4 + length]))
        if found.click is not None:  # Streamlit calls it before the page runs
            st.session_state[key] = {"open": found.click}
            on_open_change()
        return SimpleNamespace(open=found.click)

    monkeypatch.setattr(canvas, "demo", component)
    return found


def test_a_first_visit_shows_a_shipped_picture_and_says_whether_the_network_is_right(drawn, visit):
    app = visit()
    assert not app.exception and not app.error
    header = drawn.headers[-1]
    assert header["picture"] == PICTURES[0] and [name for name, _ in header["pictures"]] == list(PICTURES)
    assert header["note"] == "The whole picture (the marks): spiral, and it is right."
    assert all(block["frozen"] for block in header["blocks"])  # the example froze its whole backbone
    assert [app.button(key="home_tour").label] == ["Take the tour"]


def test_a_mistake_is_called_one(drawn, visit):
    visit(picture="sample:galaxies:737")
    answers = shipped.find(FLOW, {"network": EXAMPLE, "picture": "sample:galaxies:737", "steps": FINE})
    assert answers.classes[answers.probabilities[0].argmax()] == "elliptical"
    assert "elliptical, and it is wrong: this is edge-on." in drawn.headers[-1]["note"]


def test_a_picture_of_other_data_stays_chosen_and_is_not_asked_about(drawn, visit):
    app = visit(data="digits")
    assert drawn.headers[-1]["picture"] == PICTURES[0]
    assert app.query_params["picture"].startswith("sample:digits:")


@pytest.mark.parametrize("data", ["galaxies", "digits"])
def test_another_picture_is_shown_and_pages_of_other_data_keep_theirs(drawn, visit, data):
    app = visit(data=data)
    before = app.query_params["picture"]
    drawn.click = {"picture": PICTURES[3]}
    app.run()
    drawn.click = None
    app.run()
    assert not app.exception and drawn.headers[-1]["picture"] == PICTURES[3]
    assert app.query_params["picture"] == (PICTURES[3] if data == "galaxies" else before)


def test_ones_own_picture_is_answered_by_the_worker_with_the_classes_it_knows(drawn, visit):
    picture = images.store_upload(np.random.default_rng(0).integers(0, 255, (50, 90, 3)).astype(np.uint8), "a" * 32)
    app = visit(picture=picture)
    assert not app.exception and not app.error
    header = drawn.headers[-1]
    assert header["pictures"][0] == [picture, "your picture"] and header["rows"] == list(range(0, 49, 8))
    assert header["note"].startswith("This network knows only elliptical, spiral, edge-on, ring, merger,")


def test_a_block_leads_to_its_channels(drawn, visit):
    app = visit(data="digits")
    drawn.click = {"block": 2, "channel": drawn.headers[-1]["blocks"][2]["channels"][1]}
    app.run()
    assert not app.exception and app.title[0].value == "Activations"
    assert app.query_params["activations_layer"] == "conv3_relu"
    assert app.query_params["activations_channel"] == str(drawn.click["channel"])
    assert app.query_params["run"] == "example" and app.query_params["picture"] == PICTURES[0]


@pytest.mark.parametrize("cut", ["nothing", "conv3"])
def test_a_snowflake_leads_to_train_with_that_cut(drawn, visit, cut):
    app = visit()
    drawn.click = {"cut": cut}
    app.run()
    assert not app.exception and app.title[0].value == "Train"
    assert app.select_slider(key="train_cut_frame8").value == cut


@pytest.mark.parametrize(
    "sent", ["conv3", 7, {"block": 9, "channel": 0}, {"block": 1, "channel": -1}, {"cut": "x"}, {}]
)
def test_a_browser_may_send_anything(drawn, visit, sent):
    app = visit()
    drawn.click = sent
    app.run()
    assert not app.exception and app.title[0].value == "Freezeframe"
