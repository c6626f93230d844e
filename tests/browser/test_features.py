"""The Features page in a real browser: a unit's link, its patches, the way on and back, a search that is stopped."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled

LONG = 60_000


def test_from_a_units_link_to_a_patch_its_picture_and_back(visit):
    page = visit("features?features_layer=conv2_relu&features_channel=17")
    patches = page.locator(".patches [role=option]")
    expect(patches).to_have_count(9, timeout=LONG)
    expect(page.locator(".signals canvas")).to_have_count(9)
    expect(page.locator(".signals canvas").last).to_have_js_property("width", 27, timeout=LONG)  # drawn
    patches.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^Number 5: "))).to_be_visible(timeout=LONG)
    number = re.search(r"picture (\d+)", page.get_by_text(re.compile(r"^Number 5: ")).inner_text())[1]
    settled(page)
    page.get_by_role("button", name="Activations").click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Activations", timeout=LONG)
    settled(page)
    in_address(page, f"galaxies%3A{number}")
    expect(page.locator(".st-key-activations_channel input")).to_have_value("17")
    expect(page.locator(".st-key-activations_layer input").first).to_have_value("conv2_relu")
    in_address(page, "activations_layer=conv2_relu")
    in_address(page, "activations_channel=17")
    page.get_by_role("link", name="Features: channel 17 of conv2_relu").click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Features", timeout=LONG)
    expect(page.get_by_text(re.compile(r"^Number 5: "))).to_be_visible(timeout=LONG)  # of the same unit
    in_address(page, "features_layer=conv2_relu")
    in_address(page, "features_channel=17")
    channel = page.locator(".st-key-features_channel input")
    channel.fill("99999")
    channel.press("Enter")
    expect(channel).not_to_have_value("17")
    page.wait_for_timeout(500)  # where nothing should happen there is nothing to wait for
    settled(page)
    assert page.locator("[data-testid='stException']").count() == 0


def test_a_search_through_all_pictures_can_be_stopped(visit):
    page = visit("features?backbone=mobilenetv2&data=digits")
    expect(page.get_by_text("Random weights").first).to_be_visible(timeout=LONG)
    page.get_by_role("button", name=re.compile("Look for the strongest patches")).click()
    stop = page.locator(".st-key-features_patches_job_cancel button")
    stop.click(timeout=LONG)
    main = page.locator("[data-testid='stMain']")
    expect(main).to_contain_text("Cancelled", timeout=LONG)
    page.reload()
    settled(page)
    again = page.get_by_role("button", name=re.compile("Look for the strongest patches"))
    expect(again).to_be_visible(timeout=LONG)
    assert again.is_enabled() and stop.count() == 0
