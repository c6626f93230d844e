"""Fine-tune the last block, compare before and after, step through the epochs, and box what a value depends on."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.browser.test_journeys import LONG, run_in_address

MAPS = ".st-key-activations_zoom .maps"


def words(page, key: str) -> str:
    return page.locator(f".st-key-{key} .words").inner_text()


def test_fine_tune_compare_and_step_through_the_epochs(visit):
    page = visit("train?data=digits&train_shots=2+pictures")
    page.locator(".st-key-train_preset_last_block button").first.click()
    settled(page)
    page.locator(".st-key-train_recipe button").first.click()
    for name, value in (("epochs", "3"), ("batch", "8")):
        field = page.locator(f".st-key-train_{name} input").first
        field.fill(value)
        field.press("Enter")
        settled(page)
    page.locator(".st-key-train_keep_epochs label").first.click()
    settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_text(re.compile(r"keeps 3 epochs, \d+(\.\d+)? MB")).first).to_be_visible()
    page.locator(".st-key-train_start button").first.click()
    expect(page.get_by_text(re.compile(r"of \d+ test pictures right")).first).to_be_visible(timeout=2 * LONG)
    settled(page)
    run = run_in_address(page)

    page = visit(f"activations?data=digits&run={run}&activations_view=Before+and+after")
    expect(page.get_by_text("From conv5 on.")).to_be_visible(timeout=LONG)
    pairs = page.locator(".st-key-activations_pairs .grid button")
    expect(pairs.first.locator("canvas")).to_have_count(3)
    pairs.nth(2).click()
    settled(page)
    expect(pairs.nth(2)).to_have_attribute("aria-selected", "true")
    said = words(page, "activations_change_zoom")
    before, after, difference = (
        float(re.search(rf"{name} (−?[\d.e+-]+)", said)[1].replace("−", "-"))
        for name in ("before", "after", "difference")
    )
    assert abs(after - before - difference) < 2e-3 * max(1, abs(after)) and difference != 0

    page.get_by_text("Through the epochs", exact=True).click()
    film = page.locator(".st-key-activations_film .film")
    expect(film.locator(".strip button")).to_have_count(4, timeout=LONG)
    strip, where = film.locator(".strip"), film.locator(".where")
    strip.focus()
    page.keyboard.press("Home")
    expect(where).to_have_text("before the first epoch")
    page.keyboard.press("ArrowRight")
    expect(where).to_contain_text("after epoch 1 of 3")
    expect(film.locator(".accuracy b")).to_contain_text("%")
    page.keyboard.press("End")
    expect(where).to_contain_text("after epoch 3 of 3")
    film.locator(".grid button").nth(3).click()
    settled(page)
    expect(film.locator(".strongest")).to_contain_text(film.locator(".grid button").nth(3).inner_text())
    expect(where).to_contain_text("after epoch 3 of 3")  # the place in the film stays


def test_the_receptive_field_follows_pointer_click_and_keys(visit):
    page = visit("activations?activations_layer=conv1_relu")
    canvas = page.locator(f"{MAPS} canvas")
    expect(canvas).to_be_visible(timeout=LONG)
    box = canvas.bounding_box()
    cell = box["width"] / 32
    canvas.click(position={"x": 5.5 * cell, "y": 3.5 * cell})
    page.mouse.move(1, 1)
    assert words(page, "activations_zoom").startswith("row 3, col 5: value ")
    assert "rows 4–10, cols 8–14 (7\u00a0×\u00a07\u00a0px)" in words(page, "activations_zoom")
    for key in ["ArrowUp"] * 3 + ["ArrowLeft"]:
        page.keyboard.press(key)
    assert words(page, "activations_zoom").startswith("row 0, col 4: value ")
    assert "rows 0–4, cols 6–12" in words(page, "activations_zoom")
    assert "2\u00a0px above it" in words(page, "activations_zoom")
    page.mouse.move(box["x"] + 20.5 * cell, box["y"] + 9.5 * cell)
    assert words(page, "activations_zoom").startswith("row 9, col 20: value ")
    page.mouse.move(1, 1)
    assert words(page, "activations_zoom").startswith("row 0, col 4: value ")  # what was chosen stays
    page.locator(f"{MAPS}").press("Home")
    value = float(re.search(r"value (\S+)", words(page, "activations_zoom"))[1])
    strongest = page.get_by_text(re.compile("^Strongest [0-9.]+, mean")).inner_text()
    assert abs(value - float(re.search(r"Strongest ([\d.]+),", strongest)[1])) < 0.01 * value
