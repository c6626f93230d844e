"""Other methods beside the occlusion map, and whether they can be trusted."""

from playwright.sync_api import expect

from models.attribution.maps import METHODS
from tests.browser.conftest import in_address, settled


def test_from_the_maps_to_whether_they_can_be_trusted(visit):
    page = visit("occlusion?run=example&occlusion_view=Other+methods&occlusion_score=logit")
    for method in METHODS.values():
        page.get_by_text(method.title, exact=True).last.wait_for(timeout=60_000)
    page.get_by_text("Its values add up to").wait_for(timeout=60_000)
    expect(page.locator("[data-testid='stPlotlyChart']")).to_have_count(1 + len(METHODS))
    settled(page)
    bottom = page.locator("[data-testid='stPlotlyChart']").last.bounding_box()
    assert bottom["y"] + bottom["height"] <= 768  # all maps above the fold

    page.get_by_role("radio", name="Can I trust it?").click()
    page.get_by_text("Taken away: lower is better").wait_for(timeout=60_000)
    page.get_by_role("radio", name="Against the truth").click()
    page.get_by_text("Strongest place in the object").first.wait_for(timeout=30_000)
    page.get_by_role("radio", name="Rightly answered").click()
    page.get_by_text("those that the network got right").wait_for(timeout=30_000)
    page.get_by_role("radio", name="Random weights").click()
    page.get_by_text("Guided backpropagation fails to change").wait_for(timeout=30_000)
    settled(page)
    expect(page.get_by_role("img", name="Grad-CAM: maps from trained to random")).to_have_count(1)
    in_address(page, "occlusion_trust")  # the link leads back here
