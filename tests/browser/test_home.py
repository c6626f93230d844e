"""Home in a real browser: the square by hand and by keys, another picture, one's own, and the ways on."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settled

LONG = 60_000


def test_the_square_answers_pictures_change_and_blocks_lead_on(visit, tmp_path):
    from PIL import Image

    page = visit("")
    demo = page.locator(".st-key-home_demo")
    headline, square = demo.locator(".headline"), demo.get_by_role("slider", name="The hidden square")
    expect(headline).to_contain_text("Hide the upper middle and spiral falls from 100.0% to 4.0%", timeout=LONG)
    settled(page)
    pixels = "canvas => canvas.toDataURL()"
    tile, app = demo.locator(".tile canvas").last, page.locator("[data-testid='stApp']")
    before = tile.evaluate(pixels)

    square.focus()
    page.keyboard.press("End")  # a corner of dark sky
    expect(headline).to_have_text(re.compile("Hide the lower right and spiral stays at 100.0%"))
    page.keyboard.press("ArrowRight")  # there is nothing further
    expect(square).to_have_attribute("aria-valuenow", "168")
    page.wait_for_function("([canvas, old]) => canvas.toDataURL() !== old", arg=[tile.element_handle(), before])
    box = square.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.9)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 24 / 64, box["y"] + box["height"] * 16 / 64, steps=4)
    page.mouse.up()
    expect(headline).to_contain_text("falls from 100.0% to 4.0%")
    assert app.get_attribute("data-test-script-state") == "notRunning"  # nothing of this asked the server

    page.keyboard.press("4")
    expect(page).to_have_url(re.compile("picture=sample(:|%3A)galaxies(:|%3A)248"))
    expect(headline).to_contain_text("ring falls from", timeout=LONG)

    page.get_by_text("Your own", exact=True).first.click()
    own = tmp_path / "own.png"
    Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 50).convert("RGB").save(own)
    page.locator("input[type=file]").first.set_input_files(str(own))
    expect(demo.locator(".note")).to_contain_text("This network knows only", timeout=LONG)
    expect(page).to_have_url(re.compile("picture=upload"))
    settled(page)

    demo.get_by_role("button", name=re.compile("^conv4: See all 256 channels")).click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Activations", timeout=LONG)
    expect(page).to_have_url(re.compile("activations_layer=conv4_relu"))
    page.go_back()
    flake = demo.get_by_role("button", name=re.compile("^Frozen. conv3 is frozen"))
    flake.click(timeout=LONG)
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Train", timeout=LONG)
    expect(page).to_have_url(re.compile("train_cut_frame8=conv2"))
    settled(page)
