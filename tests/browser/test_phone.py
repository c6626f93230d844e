"""A phone: on every page the first picture begins above the fold, and nothing scrolls sideways; nor at 150%."""

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
ZOOMED = {"width": 911, "height": 512}  # a laptop's 1366 x 768 at 150%
# What reaches beyond the right edge of the page, where it is not in a place that scrolls.
BEYOND = """() => {
  const main = document.querySelector("[data-testid='stMain']"), edge = main.getBoundingClientRect().right;
  const pictures = main.querySelectorAll(".js-plotly-plot, [data-testid='stBidiComponentIsolated'], .st-key-share");
  return [...pictures].filter(one => one.checkVisibility() && one.getBoundingClientRect().right > edge + 1).length;
}"""


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
        page.set_viewport_size(ZOOMED)
        if page.evaluate(BEYOND):
            wide.append(f"{name} at 150%")
        chip = page.locator(".st-key-bar_narrow button")
        assert not chip.count() or chip.is_visible(), f"{name}: the experiment's pickers have no room at 150%"
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    assert {name: top for name, top in tops.items() if top >= HEIGHT} == {} and not wide
