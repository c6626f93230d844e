"""Every page in light and dark, on a laptop and on a phone; and no TensorFlow in the server."""

import psutil
import pytest

from tests.browser.conftest import settled
from tests.conftest import PAGES
from tests.words_found import found_in, words_of

# The words of every text that is seen, a piece of text each; links, buttons, code and the choice of an experiment are
# left out, and so is what charts draw.
READ = """() => [...document.querySelectorAll("[data-testid='stMain'] :is(p, li, td, h2, h3, h4, h5)")]
  .filter(one => one.closest("[data-testid='stMarkdownContainer'], [data-testid='stCaptionContainer']"))
  .filter(one => one.checkVisibility())
  .filter(one => !one.closest("a, button, summary, code, .katex, .st-key-experiment_bar"))
  .flatMap(one => {
    const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), found = [];
    while (texts.nextNode()) {
      if (!texts.currentNode.parentElement.closest("a, code, .katex")) found.push(texts.currentNode.data);
    }
    return found;
  })"""
MARKED = "() => [...(CSS.highlights.get('term') ?? [])].map(String)"
# Texts whose question mark does not stand beside their first line: what it says would cover them.
MARKS_BELOW = """() => [...document.querySelectorAll("p [data-testid='stTooltipIcon']")]
  .filter(mark => mark.getBoundingClientRect().top > mark.closest("p").getBoundingClientRect().top + 10)
  .map(mark => mark.closest("p").innerText)"""
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_an_error_in_light_and_dark_and_fits_a_phone(visit, server, name):
    page = visit("" if name == "home" else name, still=False)  # the home page has the address of the app itself
    wrong = page.locator("[data-testid='stException'], [data-testid='stAlertContentError']")
    assert wrong.all_inner_texts() == []
    assert page.evaluate(MARKS_BELOW) == []
    page.mouse.move(5, 5)  # the words are fetched when somebody is there
    expected = set().union(*(found_in(name, text) for text in page.evaluate(READ)))
    page.wait_for_function(f"count => ({MARKED})().length === count", arg=len(expected))
    assert {words_of(name)[word.lower()] for word in page.evaluate(MARKED)} == expected  # each one, once
    light = page.evaluate(GROUND)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"light => ({GROUND}) !== light", arg=light)
    settled(page)
    assert wrong.all_inner_texts() == []
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
    assert wrong.all_inner_texts() == []
    mapped = {entry.path for entry in psutil.Process(server.process.pid).memory_maps()}
    assert any("numpy" in path for path in mapped)
    assert not [path for path in mapped if "/tensorflow/" in path]


STAGE = "document.querySelector('[class*=st-key-stage_]')"
SHIFTS = """
[window.shifts, window.last] = [[], performance.now()];
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  [window.last] = [performance.now(), window.shifts.push(entry.value)];
})).observe({ type: "layout-shift" });
"""
CALM = "performance.now() - window.last > 700"  # what the page did before has come to its end


@pytest.mark.parametrize(
    ("name", "control", "views"),
    [
        ("traps", "traps_demo", ["Leaked duplicates", "Too coarse"]),
        ("general", "general_view", ["Live on digits", "The experiment"]),
        ("som", "som_view", ["One step", "Read the map"]),
        ("backbone", "backbone_view", ["How it was pretrained", "Its layers", "Compared"]),
        ("features", "features_view", ["What it looks for"]),
        ("occlusion", "occlusion_view", ["The whole figure"]),
    ],
)
def test_another_view_shifts_nothing(visit, name, control, views):
    """The browser's layout shift score: 0.05 is half of what is called good."""
    page = visit(name, still=False)
    page.evaluate(SHIFTS)
    for view in views:
        page.wait_for_function(CALM)
        page.evaluate("window.shifts.length = 0")
        before = page.evaluate(f"({STAGE}).className")
        page.locator(f".st-key-{control}").get_by_role("radio", name=view, exact=True).click()
        page.wait_for_function(f"before => ({STAGE})?.className !== before", arg=before)
        settled(page)
        assert sum(page.evaluate("window.shifts")) < 0.05, (view, page.evaluate("window.shifts"))


@pytest.mark.parametrize(("name", "most"), [("", 1_000_000), ("train", 3_000_000)])
def test_what_a_first_visit_loads(browser, visit, name, most):
    """Bytes over the wire: whatever HTTP brings, as it comes compressed, and the messages of the websocket."""
    context = browser.new_context()
    page = context.new_page()
    network, counts = context.new_cdp_session(page), []
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: counts.append(event["encodedDataLength"]))
    network.on("Network.webSocketFrameReceived", lambda event: counts.append(_length(event["response"])))
    context.new_page = lambda: page  # which is looked at already when it is opened
    visit(name, context=context)
    assert most / 2 < sum(counts) < most
    context.close()


def _length(frame):
    """The bytes of a frame: the text that stands for binary ones is four thirds as long."""
    return len(frame["payloadData"]) * 3 // 4 if frame["opcode"] == 2 else len(frame["payloadData"].encode())
