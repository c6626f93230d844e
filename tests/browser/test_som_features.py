"""The features of a trained run as a map, in a real browser: thumbnails, a unit, and who lives next door."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled


def test_the_features_of_a_trained_run_become_a_map_that_is_read_beside_its_mistakes(visit):
    page = visit(
        "som?run=example&som_source=Features+of+the+network&som_rows_features=4&som_columns_features=5&som_epochs=5",
        still=False,
    )
    page.get_by_role("button", name="Train this map").click()
    page.locator(".player .caption", has_text="Epoch 5 of 5").wait_for(timeout=180000)
    expect(page.locator(".player .classes span").first).to_have_text(re.compile("."))
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.4})
    page.get_by_text("Unit (1, 2), epoch 5").wait_for()
    page.get_by_text("The picture nearest to its weights").wait_for()
    page.get_by_role("radio", name="Read the map").click()
    page.get_by_role("heading", name="Are confused classes neighbours on the map?").wait_for()
    page.get_by_text("Most confused are").wait_for()
    page.locator(".st-key-som_read_confusion .js-plotly-plot").wait_for()
    settled(page)
    page.locator(".st-key-som_read_pairs .js-plotly-plot").wait_for()
    units = page.locator(".st-key-som_read_map .js-plotly-plot").first
    assert units.evaluate("plot => plot.layout.xaxis.range.map(Math.round)") == [0, 5]  # columns of the map asked for
    assert page.url.count("run=example") == 1
