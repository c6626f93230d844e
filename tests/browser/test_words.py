"""A word explained by pointing at it, by the keyboard and by a finger; a page, a word and a run found by the search."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled

PLACE = """word => {
  const range = [...CSS.highlights.get("term")].find(range => range.toString().toLowerCase() === word);
  range.startContainer.parentElement.scrollIntoView({ block: "center" });
  const box = range.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""
MARKED = "() => CSS.highlights.has('term')"


def test_a_word_is_explained_and_the_search_leads_to_words_pages_and_runs(visit):
    page = visit("evaluate")
    page.mouse.move(5, 5)  # the words are fetched when somebody is there
    page.wait_for_function(MARKED)
    where, card = page.evaluate(PLACE, "accuracy"), page.locator(".card")
    page.mouse.move(*where)
    expect(card).to_contain_text("The share of pictures that are given their true class.")
    expect(card.locator("svg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()

    page.mouse.move(1, 1)
    words = page.get_by_role("toolbar", name="Words explained on this page")
    words.get_by_role("button").first.focus()
    first = words.get_by_role("button").first.inner_text()
    expect(card.locator("strong")).to_have_text(first)
    page.keyboard.press("ArrowRight")
    expect(card.locator("strong")).not_to_have_text(first)
    page.keyboard.press("Escape")

    field = page.get_by_role("combobox", name="Search pages, words and runs")
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.type("u-mat")
    result = page.get_by_role("option", name=re.compile("^U-matrix"))
    expect(result).to_have_attribute("aria-selected", "true")
    expect(page.locator("dialog .detail")).to_contain_text("High ridges part groups.")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Self-organising map")
    settled(page)

    page.get_by_role("button", name="Search the app").click()
    expect(field).to_be_focused()
    page.keyboard.type("other methods")
    expect(page.locator("dialog").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    in_address(page, "occlusion_view=Other+methods")
    settled(page)

    page.keyboard.press("Control+k")
    page.keyboard.type("example run")
    expect(page.get_by_role("option", name=re.compile("Example run"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()


def test_a_finger_reads_a_word_and_searches_on_a_phone(visit, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = visit("evaluate", context=context)
    page.wait_for_function(MARKED)
    page.touchscreen.tap(*page.evaluate(PLACE, "accuracy"))
    expect(page.locator(".card")).to_contain_text("their true class")
    box = page.locator(".card").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.get_by_role("button", name="Search the app").tap()
    page.get_by_role("combobox", name="Search pages, words and runs").fill("kernel")
    page.get_by_role("option", name="kernel", exact=False).first.tap()
    page.locator("dialog").get_by_role("link", name="Show me").tap()
    in_address(page, "features_view=First+layer")
    context.close()
