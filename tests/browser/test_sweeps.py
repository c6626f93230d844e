"""A sweep started, reloaded while it trains, finished; one of its trainings opened, two compared."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled
from tests.browser.test_journeys import LONG, run_in_address


def number(page, name: str, value: int) -> None:
    field = page.locator(f".st-key-sweeps_{name}_depth input")
    field.fill(str(value))
    field.press("Enter")
    settled(page)


def test_a_sweep_started_reloaded_finished_and_opened(visit):
    page = visit("sweeps?data=digits")
    expect(page.get_by_text("Highest: ").first).to_be_visible(timeout=LONG)  # the shipped one
    pills = page.locator("[class*='st-key-sweeps_values_depth']")
    for block in ("nothing", "conv1", "conv2", "conv3", "conv4"):
        pills.get_by_text(block, exact=True).click()
    settled(page)
    for name, value in (("seeds", 2), ("epochs", 3), ("head_epochs", 3), ("shots", 2), ("batch", 8)):
        number(page, name, value)
    expect(page.get_by_text(re.compile(r"2 trainings: about"))).to_be_visible(timeout=LONG)
    page.locator(".st-key-sweeps_start button").click()
    expect(page).to_have_url(re.compile(r"sweep=[0-9a-f]{32}"), timeout=LONG)
    page.reload()
    expect(page.get_by_role("heading", name="Its trainings")).to_be_visible(timeout=LONG)
    settled(page)
    expect(page).to_have_url(re.compile("sweep="))
    expect(page.get_by_text(re.compile(r"2 of 2 trainings"))).to_be_visible()
    cells = page.locator("[class*='st-key-sweeps_cells'] canvas").first
    cells.scroll_into_view_if_needed()
    for row in (0, 1):
        box = cells.bounding_box()
        page.mouse.click(box["x"] + 16, box["y"] + 35 + 17 + 35 * row)
        settled(page)
    page.locator(".st-key-sweeps_compare button").click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Compare", timeout=LONG)
    expect(page.get_by_text(re.compile("2 against 1"))).to_be_visible(timeout=LONG)
    page.locator(".st-key-compare_open_2 button").click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Train", timeout=LONG)
    in_address(page, f"run={run_in_address(page)}")
    expect(page.get_by_text(re.compile(r"of 359 test pictures right")).first).to_be_visible(timeout=LONG)
    expect(page.get_by_text("the same to the last bit").first).to_be_visible()
    told = page.locator(".st-key-train_result").inner_text()
    assert 0 < float(re.search(r"([\d.]+)%", told)[1]) <= 100 and "of 359 test pictures right" in told
