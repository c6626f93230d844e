"""The freeze map by keyboard alone, and on a phone; a refusal to train is in view."""

import re

import pytest
from playwright.sync_api import expect

from models.storage import runs
from tests.browser.conftest import settled
from tests.browser.test_journeys import ALL, LONG, train

OVERLAPPING = """map => {
  const boxes = [...document.querySelectorAll(`${map} .annotation text`)]
    .map(text => [text.textContent, text.getBoundingClientRect()]).filter(([words]) => words);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
  return [boxes.length, boxes.flatMap(([words, box], at) =>
    boxes.slice(at + 1).filter(([_, other]) => meet(box, other)).map(([others]) => `${words} on ${others}`))];
}"""


def tab_to(page, name: str) -> None:
    """Press Tab until the key of a block has the focus."""
    key = page.locator(f".st-key-train_map_key_{name} button")
    for _ in range(80):
        page.keyboard.press("Tab")
        if key.evaluate("button => button === document.activeElement"):
            return
    raise AssertionError(f"80 times Tab do not lead to {name}")


def focused(page) -> str:
    return page.evaluate("document.activeElement.innerText")


def test_a_block_is_freed_and_frozen_by_keyboard_alone_and_by_the_mouse_through_its_ring(visit):
    page = visit("train")
    cost = page.get_by_text(re.compile(r"\d trainable")).first
    before = cost.inner_text()
    tab_to(page, "conv4")
    assert focused(page) == "conv4, frozen"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="conv4, trainable, BatchNorm held")).to_be_focused(timeout=30_000)
    expect(page).to_have_url(re.compile("train_cut_frame8=conv3"))
    settled(page)
    assert cost.inner_text() != before
    page.keyboard.press("Tab")
    assert focused(page) == "conv5, trainable, BatchNorm held"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="conv4, frozen")).to_be_focused(timeout=30_000)
    settled(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="conv5, frozen")).to_be_focused(timeout=30_000)
    settled(page)
    assert cost.inner_text() == before
    names = page.locator(".st-key-train_map_keys button").all_inner_texts()
    assert names == [f"conv{number}, frozen" for number in range(1, 6)]

    # The ring stands around its block in the drawing, and lets the mouse through.
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    assert focused(page) == "conv3, frozen"
    key = page.locator(".st-key-train_map_key_conv3 button")
    name = page.locator(".st-key-train_map .annotation text", has_text="conv3")
    drawing, ring, text = page.locator(".st-key-train_map").bounding_box(), key.bounding_box(), name.bounding_box()
    assert key.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    assert ring["y"] == pytest.approx(drawing["y"], abs=2)
    assert ring["height"] == pytest.approx(drawing["height"], abs=4)
    assert ring["x"] + ring["width"] / 2 == pytest.approx(text["x"] + text["width"] / 2, abs=2)
    page.mouse.click(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    expect(page.get_by_role("button", name="conv3, trainable, BatchNorm held")).to_have_count(1, timeout=30_000)
    assert key.inner_text() == "conv3, trainable, BatchNorm held"


@pytest.mark.parametrize("backbone", ["frame8", "mobilenetv2", "vgg19"])
@pytest.mark.parametrize("hidden", [0, 2])
def test_no_two_words_of_the_map_overlap_on_a_phone(visit, backbone, hidden):
    layers = "&train_hidden1=64+units&train_hidden2=64+units" if hidden else ""
    page = visit(f"train?backbone={backbone}{layers}", size=(375, 812))
    expect(page.locator(".st-key-train_map .annotation text").first).to_be_attached(timeout=30_000)
    settled(page)
    count, overlaps = page.evaluate(OVERLAPPING, ".st-key-train_map")
    assert count > 20 and overlaps == []
    assert page.locator(".st-key-train_map .annotation", has_text="dense").count() == hidden
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth") <= 0


def test_on_a_phone_a_block_beyond_the_edge_scrolls_into_view_when_it_is_reached(visit):
    page = visit("train?backbone=mobilenetv2", size=(375, 812))
    tab_to(page, "last")
    expect(page.locator(".st-key-train_map_key_last button")).to_be_in_viewport(ratio=0.9)
    tab_to(page, "last")
    assert focused(page) == "last, frozen"


@pytest.fixture(scope="module")
def phone(browser):
    """A phone whose tabs are used by several tests: the second opens the app in half the time."""
    context = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=True, is_mobile=True)
    yield context
    context.close()


def test_a_finger_scrolls_the_map_and_frees_a_block(visit, phone):
    page = visit("train?backbone=mobilenetv2", context=phone)
    scroll, key = page.locator(".st-key-train_map_scroll"), page.locator(".st-key-train_map_key_last button")
    scroll.scroll_into_view_if_needed()
    box, touch = scroll.bounding_box(), phone.new_cdp_session(page)
    x, y = box["x"] + box["width"] - 40, box["y"] + box["height"] / 2
    for number in range(11):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x - 25 * number, "y": y}]})
        page.wait_for_timeout(30)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(key).to_be_in_viewport(ratio=0.9)
    before = scroll.evaluate("element => element.scrollLeft")
    key.tap()
    expect(key).to_have_text("last, trainable, BatchNorm held", timeout=30_000)
    settled(page)
    assert before > 100 and scroll.evaluate("element => element.scrollLeft") == before


def test_on_a_phone_the_backbone_page_shows_its_words_apart_and_a_tap_opens_a_block(visit, phone):
    page = visit("backbone?backbone=mobilenetv2", context=phone)
    expect(page.locator(".st-key-backbone_map .annotation text").first).to_be_attached(timeout=30_000)
    settled(page)
    count, overlaps = page.evaluate(OVERLAPPING, ".st-key-backbone_map")
    assert count > 20 and overlaps == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth") <= 0
    page.locator(".st-key-backbone_map_key_last button").tap()
    expect(page.get_by_role("radio", name="last")).to_be_checked(timeout=30_000)


def test_a_refusal_to_train_is_in_view(visit, server):
    page = visit(f"train?{ALL}&data=digits&train_shots=5+pictures&train_batch=8&train_cut_frame8=conv3")
    ids = [train(page, epochs=900 + number) for number in range(4)]
    page.locator(".st-key-train_map_key_conv5 button").press("Enter")
    expect(page.get_by_role("button", name="conv5, frozen")).to_have_count(1, timeout=30_000)
    settled(page)
    page.locator("[data-testid='stMain']").evaluate("main => main.scrollTo(0, 0)")
    button, refusal = page.locator(".st-key-train_start button"), page.locator("[data-testid='stAlertContentError']")
    button.click()
    expect(refusal).to_contain_text("You already have 4 jobs", timeout=LONG)
    expect(refusal).to_be_in_viewport(ratio=1)
    above = refusal.bounding_box()["y"] < button.bounding_box()["y"]
    for run_id in ids:
        runs.Run(run_id, server.home / "runs" / run_id).cancel()
    assert above
