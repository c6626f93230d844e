"""Every page opens cold inside the real frame, and the frame keeps its promises."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.pages import GROUPS
from dashboard.pages import PAGES as LISTED
from models.storage import runs
from tests.conftest import APP, PAGES


def test_the_table_of_pages_names_every_script_once():
    assert sorted(LISTED) == PAGES
    assert [page for group in GROUPS.values() for page in group] == list(LISTED.values())


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_cold(app, name):
    app.switch_page(f"app_pages/{name}.py").run()
    assert not app.exception
    assert len(app.subheader) >= 1


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dataset", ["textures", "digits"])
def test_page_opens_with_nothing_trained(engine, name, dataset):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["data"] = dataset
    app.run()
    app.switch_page(f"app_pages/{name}.py").run()
    assert not app.exception


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
    assert re.fullmatch(r"sample:galaxies:\d+", app.query_params["picture"])


def test_other_data_bring_another_picture_and_no_foreign_run(app):
    app.selectbox(key="bar_data").select("digits").run()
    assert not app.exception
    assert app.query_params["data"] == "digits" and app.query_params["picture"].startswith("sample:digits:")
    assert app.selectbox(key="bar_run").value == ""


def test_a_visitor_sees_no_run_of_another(engine):
    runs.create("training", {"backbone": "frame8", "dataset": "galaxies"}, owner="9" * 32, title="secret")
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not any("secret" in str(option) for option in app.selectbox(key="bar_run").options)


def test_shared_choices_are_documented():
    assert state.Selection.__dataclass_fields__.keys() == {"backbone", "dataset", "run", "picture", "owner"}
