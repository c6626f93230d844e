"""A prepared mistake and its cure trained for real, side by side, compared; a wrong recipe is carried to Train."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.browser.test_journeys import LONG, go, run_in_address


def test_both_are_trained_compared_and_opened_and_a_wrong_recipe_is_carried_over(visit):
    page = visit("traps?traps_demo=Scaled+twice")  # of all pairs it is trained soonest
    page.locator(".st-key-traps_train_both button").first.click()
    for title in ("Wrong", "Cured"):
        expect(page.get_by_text(re.compile(rf"{title}, your run: \d+\.\d% of 300"))).to_be_visible(timeout=2 * LONG)
    expect(page.locator(".st-key-traps_own_curves_wrong")).to_be_visible()
    settled(page)
    assert page.get_by_text("Cured against wrong").count() == 2
    page.locator(".st-key-traps_compare button").first.click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Compare")
    expect(
        page.get_by_text(re.compile(r"2 against 1: .* points .* on 300 pictures both were tested on"))
    ).to_be_visible()
    wrong, cured = re.search(r"compare=([0-9a-f]{32})(?:%2C|,)([0-9a-f]{32})", page.url).groups()
    assert wrong != cured
    settled(page)
    go(page, "What goes wrong")
    page.get_by_role("radio", name="Scaled twice").click()
    page.locator(".st-key-traps_open_cured button").first.click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Train")
    expect(page.get_by_text(re.compile(r"of 300 test pictures right")).first).to_be_visible()
    assert run_in_address(page) == cured
    go(page, "What goes wrong")
    page.get_by_role("radio", name="Leaked duplicates").click()
    expect(page.get_by_role("heading", name="Claimed 95.9%. True 86.2%.")).to_be_visible()
    expect(page.get_by_text(re.compile("Of the 160 test pictures that leaked"))).to_be_visible()
    expect(page.get_by_text("for the test", exact=True)).to_have_count(3)
    page.locator(".st-key-traps_recipe_wrong button").first.click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Train")
    expect(page.get_by_text(re.compile("50% of the test leaked"))).to_be_visible()
