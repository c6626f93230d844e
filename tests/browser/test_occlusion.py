"""The Occlusion page in a real browser: maps read by keyboard, the square moved by hand, by keys, and played."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled

LONG = 60_000


def shares(page):
    """What the class bars say, as numbers in percent."""
    return [float(text.rstrip("%")) for text in page.locator(".st-key-occlusion_figure .value").all_inner_texts()]


def test_the_square_is_moved_by_keys_by_hand_and_played_and_the_bars_follow(visit):
    page = visit("occlusion")
    page.get_by_text("The whole figure", exact=True).first.click()
    figure = page.locator(".st-key-occlusion_figure")
    square = figure.get_by_role("slider", name="The hidden square")
    expect(square).to_be_visible(timeout=LONG)
    settled(page)
    where, runs = figure.locator(".where"), page.locator("[data-testid='stApp']")
    expect(where).to_contain_text("hidden:")
    before, told = shares(page), where.inner_text()
    assert 99.5 < sum(before) < 100.5

    square.focus()
    page.keyboard.press("Home")  # a corner of dark sky: the answer is that of the untouched picture
    expect(where).to_contain_text("Rows 0–15, columns 0–15 hidden")
    at_home = shares(page)
    assert max(abs(a - b) for a, b in zip(before, at_home, strict=True)) > 20
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(where).to_contain_text("Rows 4–19, columns 4–19 hidden")
    expect(square).to_have_attribute("aria-valuenow", "14")

    box = square.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 12 / 64, box["y"] + box["height"] * 12 / 64)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + box["height"] * 0.99, steps=4)
    expect(where).to_contain_text("Rows 48–63, columns 48–63 hidden")
    page.mouse.up()
    assert runs.get_attribute("data-test-script-state") == "notRunning"  # nothing of this asked the server

    figure.get_by_role("radio", name=re.compile("^elliptical")).click()
    expect(figure.locator(".probability h3")).to_have_text("(d)Probability of elliptical")
    figure.get_by_role("button", name="Play").click()
    expect(figure.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function(
        "old => !document.body.innerText.includes(old)", arg=where.inner_text(), timeout=LONG
    )  # it moves on by itself
    figure.get_by_role("button", name="Pause").click()
    stopped = where.inner_text()
    assert stopped != told
    page.wait_for_timeout(300)
    assert where.inner_text() == stopped


def test_several_classes_and_all_fills_are_read_at_one_place(visit):
    page = visit("occlusion?occlusion_show=Classes")
    maps = page.locator(".st-key-occlusion_map")
    expect(maps.locator(".item").first).to_contain_text("spiral", timeout=LONG)
    page.locator(".stMultiSelect input").first.click()
    page.get_by_role("option", name="ring").click()
    page.keyboard.press("Escape")
    expect(maps.locator(".item .name").last).to_contain_text("ring", timeout=LONG)
    page.get_by_text("Fills", exact=True).first.click()
    expect(maps.locator(".item .name").last).to_have_text("Where they disagree", timeout=LONG)
    settled(page)
    maps.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    expect(maps.locator(".where")).to_have_text("row 32, col 33")
    values = maps.locator("h3 .value").all_inner_texts()
    number = re.compile(r"−?(?:[\d.,]+(?: × 10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
    assert len(values) == 5 and all(number.fullmatch(value) for value in values)
    expect(page).to_have_url(re.compile("occlusion_show=Fills"))
