"""A unit is chosen, a switch left out, the picture made and scrubbed through, in a real browser."""

from tests.browser.conftest import in_address, settled


def test_the_picture_without_a_switch_is_made_and_scrubbed(visit):
    page = visit(
        "features?features_view=What+it+looks+for&features_layer=conv1_relu&features_channel=7&features_steps=64"
    )
    page.get_by_text("No picture was made for this unit").wait_for()
    page.get_by_role("button", name="Frequency", exact=True).click()
    page.get_by_text("Without frequency: the steepest way up is fine noise").wait_for()
    page.get_by_role("button", name="Make the picture").click()
    page.get_by_text("With every switch off it answers").wait_for(timeout=90_000)
    settled(page)
    canvas = page.locator(".ascent canvas").first
    canvas.focus()
    canvas.press("Home")
    page.get_by_text("Step 0 of 64").wait_for()
    noise = canvas.evaluate("canvas => canvas.toDataURL()")
    canvas.press("ArrowRight")
    page.locator(".ascent .caption", has_text="Step 0 of 64").wait_for(state="hidden")
    page.locator(".ascent input").fill("24")
    page.get_by_text("Step 64 of 64").wait_for()
    page.wait_for_function('noise => document.querySelector(".ascent canvas")?.toDataURL() !== noise', arg=noise)
    page.reload()
    settled(page)
    page.get_by_text("With every switch off it answers").wait_for()
    in_address(page, "features_switches=Jitter")
    assert "Frequency" not in page.url
    page.get_by_role("option", name="channel 47 of conv1_relu").or_(
        page.get_by_role("option", name="47 of conv1_relu")
    ).click()
    page.get_by_text("which pixels made channel 47 of conv1_relu respond").wait_for()
    in_address(page, "features_channel=47")
