"""The view for a hall, the QR code of an address, and the experiment bar where it matters."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.frame import share
from dashboard.pages import PAGES
from tests.conftest import APP


def opened(page, **address):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(address)
    app.run()
    return app.switch_page(f"app_pages/{page}.py").run()


@pytest.fixture
def in_hall(engine):
    return opened("evaluate", present="1")


def bar(app):
    return [one.key for one in app.main.get("selectbox") if str(one.key).startswith("bar_")]


def test_a_hall_sees_no_bar_and_keeps_the_title_and_links_keep_the_mode(in_hall):
    assert not bar(in_hall) and not in_hall.exception
    assert [title.value for title in in_hall.title] == ["Evaluate"]
    assert in_hall.query_params["present"] == "1"
    in_hall.switch_page("app_pages/data.py").run()
    assert in_hall.query_params["present"] == "1" and not bar(in_hall)


def test_another_value_than_one_is_no_hall(engine):
    app = opened("evaluate", present="yes")
    assert "bar_data" in bar(app)


def test_a_code_is_drawn_for_an_address_and_for_nothing_else():
    code = share.qr_code("https://example.org/freezeframe/som?run=example")
    assert code.startswith("<svg") and "<script" not in code
    side = re.search(r'viewBox="0 0 (\d+) (\d+)"', code)
    modules = int(side[1]) - 2 * 3
    assert side[1] == side[2] and (modules - 17) % 4 == 0  # ISO/IEC 18004: 17 + 4 × version
    assert code != share.qr_code("https://example.org/freezeframe/som?run=other")
    for text in ("", "javascript:alert(1)", "https://example.org/<b>\n", "https://e.org/" + "a" * 2_000):
        assert share.qr_code(text) == ""


@pytest.mark.parametrize(
    ("page", "address", "there"),
    [
        ("traps", {}, False),
        ("general", {}, False),
        ("general", {"general_view": "Probe each layer"}, True),
        ("som", {}, True),
        ("som", {"som_view": "Worked example"}, False),
    ],
)
def test_the_bar_stands_only_where_it_changes_something(engine, page, address, there):
    app = AppTest.from_file(APP, default_timeout=60)
    app.run()
    app.query_params.update(address)
    app.switch_page(f"app_pages/{page}.py")
    app.query_params.update(address)
    app.run()
    assert ("bar_data" in bar(app)) == there


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if set(page.without_bar) - {""}])
def test_the_views_without_a_bar_are_views_of_their_page(engine, name):
    named = set(PAGES[name].without_bar) - {""}
    views = {view for group in opened(name).main.get("button_group") for view in getattr(group, "options", [])}
    assert named <= {getattr(view, "content", view) for view in views}
