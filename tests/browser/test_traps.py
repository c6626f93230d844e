"""A prepared mistake trained for real: its cure opens on every page, and its wrong recipe is carried to Train."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.browser.test_journeys import LONG, run_in_address


def test_a_cure_is_trained_and_opened_and_a_wrong_recipe_is_carried_over(visit):
    page = visit("traps?traps_demo=Too+little+data")
    page.locator(".st-key-traps_train_cured button").first.click()
    expect(page.get_by_text(re.compile(r"Cured, your run: \d+\.\d% of 300"))).to_be_visible(timeout=LONG)
    page.locator(".st-key-traps_open_cured button").first.click()
    expect(page.locator("[data-testid='stMain'] h3").first).to_have_text("Train")
    expect(page.get_by_text(re.compile(r"of 300 test pictures right")).first).to_be_visible()
    run_in_address(page)
    page.locator("[data-testid='stSidebarNav']").get_by_text("What goes wrong", exact=True).click()
    settled(page)
    page.get_by_role("radio", name="Leaked duplicates").click()
    expect(page.get_by_text(re.compile("of the 160 that leaked"))).to_be_visible()
    page.locator(".st-key-traps_recipe_wrong button").first.click()
    expect(page.locator("[data-testid='stMain'] h3").first).to_have_text("Train")
    expect(page.get_by_text(re.compile("50% of the test leaked"))).to_be_visible()
