"""Every page in light and dark, on a laptop and on a phone; and no TensorFlow in the server."""

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.conftest import PAGES


def address(name: str) -> str:
    """The home page has the address of the app itself."""
    return "" if name == "home" else name


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_page_shows_the_example_without_an_error(visit, name, dark):
    page = visit(address(name), dark=dark)
    wrong = page.locator("[data-testid='stException'], [data-testid='stAlertContentError']")
    assert wrong.all_inner_texts() == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_on_a_phone(visit, name):
    page = visit(address(name), size=(390, 844))
    wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
    assert wide <= 0


def test_the_server_never_loads_tensorflow(visit, server):
    page = visit("")
    for name in PAGES:
        page.goto(f"{server.url}/{address(name)}")
        expect(page.locator("[data-testid='stMain'] h3").first).to_be_visible(timeout=60_000)
        settled(page)
    mapped = {entry.path for entry in psutil.Process(server.process.pid).memory_maps()}
    assert any("numpy" in path for path in mapped)
    assert not [path for path in mapped if "/tensorflow/" in path]
