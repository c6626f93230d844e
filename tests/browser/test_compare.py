"""From the freeze map to a comparison: predicted, trained, proved, trained again with more freedom, compared."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import in_address
from tests.browser.test_journeys import ALL, LONG, finished, train

FEW = f"train?{ALL}&data=digits&train_epochs=2&train_batch=8&train_shots=5+pictures"


def test_from_the_freeze_map_to_a_comparison(visit):
    page = visit(FEW)
    expect(page.get_by_text(re.compile(r"about \d+ s")).first).to_be_visible(timeout=LONG)
    frozen = train(page)
    finished(page)
    expect(page.get_by_text(re.compile(r"All 10 frozen layers .* are the same to the last bit"))).to_be_visible()
    page.get_by_role("slider", name="Frozen up to and including").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("train_cut_frame8=conv4"))
    freer = train(page)
    finished(page)
    expect(page.get_by_text(re.compile(r"All 9 frozen layers .* are the same to the last bit"))).to_be_visible()
    page.get_by_role("link", name="Compare").last.click()
    expect(page.get_by_text(re.compile(r"2 against 1: .* points .* pictures both were tested on"))).to_be_visible(
        timeout=LONG
    )
    expect(page.locator(".st-key-compare_drift").get_by_text("conv5", exact=True)).to_be_visible(timeout=LONG)
    expect(page.locator(".st-key-compare_accuracies").get_by_text("5 shots")).to_have_count(2)
    assert frozen != freer
    page.locator(".st-key-compare_open_2 button").click()
    in_address(page, f"run={frozen}")
