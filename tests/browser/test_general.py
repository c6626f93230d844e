"""General or specific? in a real browser: points and rows are clicked, the tasks change, the tables are downloaded."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled

SOON = 30_000  # ms: CI machines are slow
PLACE = """
([key, name, n]) => {
  const chart = document.querySelector(`.st-key-${key} .js-plotly-plot`);
  chart.scrollIntoView({block: 'center'});
  const {xaxis, yaxis} = chart._fullLayout, line = chart.data.find(trace => trace.name === name);
  const box = chart.getBoundingClientRect(), at = [...line.x].indexOf(n);
  return [box.x + xaxis._offset + xaxis.d2p(line.x[at]), box.y + yaxis._offset + yaxis.d2p(line.y[at])];
}
"""


def click_point(page, key: str, name: str, n: int) -> None:
    page.locator(f".st-key-{key} .js-plotly-plot .scatterlayer").wait_for()
    page.mouse.click(*page.evaluate(PLACE, [key, name, n]))


def test_the_experiment_is_read_by_clicking(visit):
    page = visit("general")
    click_point(page, "general_curves_paper", "BnB", 5)
    expect(page.get_by_text("BnB, n = 5.", exact=True)).to_be_visible(timeout=SOON)
    expect(page.get_by_text(re.compile(r"59\.3%.*4 runs"))).to_be_visible(timeout=SOON)
    settled(page)
    drawing = page.locator(".st-key-general_drawing .js-plotly-plot")
    box = drawing.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20)
    expect(page.get_by_text("RnB, n = 5.", exact=True)).to_be_visible(timeout=SOON)
    settled(page)
    page.get_by_role("radio", name="Dissimilar").click()
    expect(page.get_by_text("with random halves by −8.3", exact=False)).to_be_visible(timeout=SOON)
    expect(page).to_have_url(re.compile("general_halves=Dissimilar"), timeout=SOON)
    in_address(page, "general_n=5")
    with page.expect_download() as download:
        page.get_by_role("button", name="Published curves (CSV)").click()
    assert download.value.path().read_text().startswith("split,treatment,n,runs,mean,low,high\n")
    page.reload()
    settled(page)
    expect(page.get_by_text("RnB, n = 5.", exact=True)).to_be_visible(timeout=SOON)
    for view in ("Live on digits", "Probe each layer"):
        page.get_by_role("radio", name=view).click()
        expect(page).to_have_url(re.compile(f"={view.replace(' ', '[+]')}"), timeout=SOON)
        page.locator("[data-testid='stMain'] .js-plotly-plot").first.wait_for(timeout=SOON)
        settled(page)
