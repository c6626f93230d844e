"""Every page opens cold inside the real frame, and the frame keeps its promises."""

import re

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.pages import GROUPS
from dashboard.pages import PAGES as LISTED
from models.storage import runs
from tests.conftest import APP, PAGES, ROOT


def test_the_table_of_pages_names_every_script_once():
    assert sorted(LISTED) == PAGES
    assert [page for group in GROUPS.values() for page in group] == list(LISTED.values())


def assert_it_works(app):
    """A page has a title, says that nothing failed, and has something to choose, to press, to follow or to look at."""
    assert not app.exception and not app.error, [element.value for element in (*app.exception, *app.error)]
    assert len(app.title) == 1
    in_frame = ("bar_", "ff_", "tour_")
    kinds = ("button", "button_group", "selectbox", "slider", "radio", "number_input", "toggle", "multiselect")
    own = [one for kind in kinds for one in app.main.get(kind) if not str(one.key).startswith(in_frame)]
    assert own or any(app.main.get(kind) for kind in ("plotly_chart", "dataframe", "image", "page_link"))
    assert not odd_numbers(app)


# What a number never looks like in a sentence (`models/wording.py`); names, addresses, code and formulas are left out.
_NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<style>.*?</style>|https?://\S+|\b[0-9a-f]{8,}\b", re.DOTALL
)
_ODD = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)?[eE][-+]?\d+\b"  # 1e-7
    r"|(?<![\w\\)/.-])-\d"  # -3, with a hyphen for a minus
    r"|(?<![\w./:,−])\d{5,}(?!\w)"  # 12345
    r"|\d %"  # 63 %
    r"|[1-9]\d*\.\d{4,}|\b0\.0*[1-9]\d{3,}"  # 0.123456
)


def odd_numbers(app):
    """Return the numbers on a page that are not written in the one format, with what stands around them."""
    kinds = ("markdown", "caption", "info", "warning", "success", "error", "title", "button", "expander", "radio")
    texts = [str(getattr(one, "value", "") or "") + " " + str(getattr(one, "label", "") or "") + " "
             + str(getattr(one, "help", "") or "") for kind in kinds for one in app.main.get(kind)]  # fmt: skip
    texts += [f"{one.value} {one.delta}" for one in app.metric]
    plain = [_NO_PROSE.sub(" ", text) for text in texts]
    return [text[max(found.start() - 40, 0) : found.end() + 20] for text in plain for found in _ODD.finditer(text)]


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_cold(app, name):
    app.switch_page(f"app_pages/{name}.py").run()
    assert_it_works(app)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dataset", ["textures", "digits"])
def test_page_opens_with_nothing_trained(engine, name, dataset):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["data"] = dataset
    app.run()
    app.switch_page(f"app_pages/{name}.py").run()
    assert_it_works(app)


def test_the_link_reproduces_the_choices(engine):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update({"backbone": "mobilenetv2", "data": "digits", "picture": "sample:digits:17"})
    app.run()
    assert not app.exception
    assert app.selectbox(key="bar_backbone").value == "mobilenetv2"
    assert app.selectbox(key="bar_data").value == "digits"
    assert app.query_params["picture"] == "sample:digits:17"


@pytest.mark.parametrize(
    "address",
    [
        {"backbone": "no-such", "data": "none", "run": "f" * 32},
        {"run": "../../etc/passwd"},
        {"picture": "sample:galaxies:99999999"},
        {"picture": "upload:" + "g" * 32},
        {"picture": "<script>alert(1)</script>", "data": "![x](http://127.0.0.1:9/a.png)"},
    ],
)
def test_a_broken_link_falls_back_to_what_there_is(engine, address):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(address)
    app.run()
    assert not app.exception
    assert app.selectbox(key="bar_backbone").value == "frame8"
    assert re.fullmatch(r"sample:galaxies:\d+", app.session_state["ff_picture"])
    assert {name: app.query_params[name] for name in address} == address  # until the visitor chooses


def test_other_data_bring_another_picture_and_no_foreign_run(app):
    app.run().selectbox(key="bar_data").select("digits").run()
    assert not app.exception
    assert app.query_params["data"] == "digits" and app.query_params["picture"].startswith("sample:digits:")
    assert app.selectbox(key="bar_run").value == ""


def test_a_visitor_sees_no_run_of_another(engine):
    runs.create("training", {"backbone": "frame8", "dataset": "galaxies"}, owner="9" * 32, title="secret")
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not any("secret" in str(option) for option in app.selectbox(key="bar_run").options)


def test_shared_choices_are_documented():
    """The README names every key that all pages share, and the name each has in the address."""
    lines = (ROOT / "dashboard" / "README.md").read_text().splitlines()
    keys, _, kept = next(line for line in lines if "shared by all pages" in line).strip("| ").split(" | ")
    assert re.findall(r"`ff_(\w+)`", keys) == list(state._SHARED)
    assert re.findall(r"`(\w+)`", kept) == list(state._SHARED) and kept.startswith("address: ")
    whole = "\n".join(lines)
    used = set(re.findall(r"[\"']ff_([a-z_]+)[\"']", (ROOT / "dashboard" / "state.py").read_text()))
    assert all(f"`ff_{key}`" in whole for key in used), used


@pytest.mark.parametrize("cookie", ["", "a" * 31, "a" * 33, "A" * 32, "../" + "a" * 29, "a" * 32 + "\n", "g" * 32])
def test_a_cookie_that_is_no_visitors_id_is_not_taken(engine, monkeypatch, cookie):
    monkeypatch.setattr(ContextProxy, "cookies", {state.COOKIE: cookie})
    owner = AppTest.from_file(APP, default_timeout=60).run().session_state["ff_owner"]
    assert re.fullmatch("[0-9a-f]{32}", owner) and owner != cookie


def test_a_visitor_is_known_again_by_the_cookie(engine, monkeypatch):
    monkeypatch.setattr(ContextProxy, "cookies", {state.COOKIE: "b" * 32})
    assert AppTest.from_file(APP, default_timeout=60).run().session_state["ff_owner"] == "b" * 32
