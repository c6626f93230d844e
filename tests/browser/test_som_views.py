"""A map read by clicks, and one step forward and back, in a real browser."""

import numpy as np
from playwright.sync_api import expect

from models.som import film
from tests.browser.conftest import in_address, settled


def test_a_click_on_a_unit_shows_its_samples_and_survives_another_picture(visit):
    page = visit("som?som_view=Read+the+map")
    plot = page.locator(".st-key-som_read_map .nsewdrag")
    plot.wait_for()
    box = plot.bounding_box()
    record = film.feature_map()
    row, column = divmod(int(np.argsort(np.bincount(record.bmu[-1], minlength=144))[-2]), record.columns)
    page.mouse.click(box["x"] + box["width"] * (column + 0.5) / 12, box["y"] + box["height"] * (row + 0.5) / 12)
    unit = page.get_by_text(f"Unit ({row}, {column}) is the BMU of")
    unit.wait_for()
    samples = page.get_by_alt_text("samples of this unit")
    samples.wait_for()
    page.get_by_role("radio", name="Hits").or_(page.get_by_role("button", name="Hits")).first.click()
    in_address(page, "som_read_layer=Hits")
    settled(page)
    unit.wait_for()
    samples.wait_for()
    assert samples.evaluate("picture => picture.naturalWidth") > 0


def test_a_step_forward_and_back_gives_the_same_numbers_and_a_link_leads_to_it(visit):
    page = visit("som?som_view=One+step&som_step_number=40")
    numbers = page.get_by_text("Rate LR =")
    before = numbers.inner_text()
    page.get_by_role("button", name="Forward").first.click()
    page.wait_for_function("text => !document.body.innerText.includes(text)", arg=before.splitlines()[0])
    in_address(page, "som_step_number=41")
    page.get_by_role("button", name="Back").first.click()
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=before.splitlines()[0])
    in_address(page, "som_step_number=40")
    expect(numbers).to_have_text(before, use_inner_text=True)
    assert numbers.inner_text() == before
