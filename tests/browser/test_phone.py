"""A phone: on every page the first picture begins above the fold, and nothing scrolls sideways."""

from tests.browser.conftest import settled
from tests.conftest import PAGES

# The top of the first picture of a page that is larger than a strip of thumbnails, in pixels.
FIRST = """() => {
  const main = document.querySelector("[data-testid='stMain']");
  const pictures = main.querySelectorAll(".js-plotly-plot, img, canvas, [data-testid='stBidiComponentIsolated']");
  const boxes = [...pictures].map(one => one.getBoundingClientRect());
  return main.scrollTop + Math.min(...boxes.filter(box => box.width > 150 && box.height > 100).map(box => box.top));
}"""
WIDTH, HEIGHT = 390, 844


def test_the_picture_begins_above_the_fold_and_nothing_scrolls_sideways(visit, server):
    page = visit("", size=(WIDTH, HEIGHT))
    tops, wide = {}, []
    for name in PAGES:
        if name != "home":
            page.goto(f"{server.url}/{name}")
            page.wait_for_selector("[data-testid='stMain'] h1", timeout=60_000)
        settled(page)
        page.wait_for_function(f"isFinite(({FIRST})())", timeout=60_000)
        tops[name] = page.evaluate(FIRST)
        if page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"):
            wide.append(name)
    assert {name: top for name, top in tops.items() if top >= HEIGHT} == {} and not wide
