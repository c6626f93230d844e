"""A link that names what there is not: every page says so, and the address keeps it until the visitor chooses."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import link
from tests.conftest import APP, PAGES

# No widget takes one of these, but for numbers without a limit.
BAD = ("no-such", "inf", "900000000000", "nan", "1e309", "-7000", "a" * 20_000)


def opened(page, **address):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update(address)
    app.run()
    return app.switch_page(f"app_pages/{page}.py").run() if page else app


def bound(app):
    """The names of the widgets that are bound to the address on the page as it is drawn."""
    return sorted(app.session_state._state._state.query_params._bindings_by_param)


def said(app):
    """What the page says of the link, without the signs that keep Markdown from being read."""
    return " ".join(one.value.replace("\\", "") for one in app.info if "This link names" in one.value)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_keeps_and_says_what_it_cannot_show(engine, page):
    names = bound(opened(page))
    address = {name: BAD[(place + len(page)) % len(BAD)] for place, name in enumerate(names)}
    app = opened(page, **address)
    for _ in range(2):  # a second run of the script changes nothing
        assert not app.exception
        assert {name: app.query_params.get(name) for name in address} == address
        drawn = set(bound(app)) & set(address)
        drawn -= {name for name in drawn if str(app.session_state[name]) == f"{address[name]}.0"}
        assert set(app.session_state["ff_link_kept"]) == drawn
        assert bool(said(app)) == bool(drawn)
        assert not [name for name in drawn if f"for {name}." in said(app)]  # but by what stands beside the control
        app.run()


def test_a_good_link_is_not_spoken_of(engine):
    app = opened("som", som_view="One step", picture="sample:galaxies:17")
    assert not app.exception and not app.session_state["ff_link_kept"] and not said(app)


def test_the_sentence_names_what_is_shown_and_the_address_follows_the_choice(engine):
    app = opened("", data="digits", picture="sample:digits:900000")
    assert "names picture 900000; this set has 1,797, numbered from 0. Shown: picture" in said(app)
    assert app.query_params["picture"] == "sample:digits:900000"
    app.session_state["ff_picture"] = "sample:digits:17"  # as a click on a thumbnail
    app.run()
    assert not said(app) and app.query_params["picture"] == "sample:digits:17"


def test_a_gone_upload_and_unknown_names_are_said(engine):
    app = opened("", picture="upload:" + "0" * 32, backbone="no-such", map="f" * 32)
    words = said(app)
    assert "an uploaded picture that is no longer kept" in words and "the backbone no-such" in words
    assert app.query_params["map"] == "f" * 32
    app.selectbox(key="bar_backbone").select("mobilenetv2").run()
    assert app.query_params["backbone"] == "mobilenetv2" and "no-such" not in said(app)
    assert app.query_params["picture"] == "upload:" + "0" * 32


def test_a_photograph_that_does_not_come_with_the_app_is_named(engine):
    app = opened("", picture="photo:cat")
    assert "the photograph cat, which does not come with the app. Shown: picture" in said(app)
    assert not said(opened("", picture="photo:china"))


def test_a_widget_that_is_changed_takes_the_address(engine):
    app = opened("train", train_dropout="nan")
    assert "names nan for “Dropout”. Shown:" in said(app)
    app.slider(key="train_dropout").set_value(0.4)
    app.query_params["train_dropout"] = "0.4"  # as the browser writes it
    app.run()
    assert not said(app) and app.query_params["train_dropout"] == "0.4"


@pytest.mark.parametrize("value", BAD[1:2] + BAD[3:5] + BAD[6:])
def test_what_no_widget_can_mean_is_hidden_from_all(value):
    assert link._unreadable(value)


@pytest.mark.parametrize("value", ["", "7", "-0.5", "conv3_relu", "Watch", "0" * 64])
def test_what_a_widget_may_mean_is_left_to_it(value):
    assert not link._unreadable(value)
