"""The film player in a real browser: play, pause, step, scrub, choose a unit, watch a map while it trains."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled

CAPTION, SLIDER, PLAY = ".player .caption", ".player input", ".player .play"
COUNT_FRAMES = """
window.drawn = [];
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function(...place) {
  window.drawn.push(performance.now());
  return clear.apply(this, place);
};
"""


def waits_for(page, caption: str) -> None:
    page.locator(CAPTION, has_text=caption).wait_for(timeout=180000)


@pytest.fixture
def player(visit):
    page = visit("som", still=False)
    page.locator("canvas").wait_for()
    page.locator(CAPTION).wait_for()
    return page


def unit_at(page, across: float, down: float) -> None:
    """Click the canvas at these parts of its width and height."""
    box = page.locator("canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def test_colours_are_watched_to_the_end_scrubbed_and_a_unit_is_chosen(player):
    first = player.locator(SLIDER).input_value()
    expect(player.locator(SLIDER)).not_to_have_value(first, timeout=20_000)  # it plays by itself
    player.locator(f"{PLAY}[aria-label='Pause']").click()
    player.locator(f"{PLAY}[aria-label='Play']").wait_for()
    held = player.locator(SLIDER).input_value()
    player.wait_for_timeout(500)
    assert player.locator(SLIDER).input_value() == held and int(held) < 100
    player.locator(PLAY).click()  # from there on
    waits_for(player, "Epoch 100 of 100")
    player.locator(f"{PLAY}[aria-label='Play']").click()
    player.locator(f"{PLAY}[aria-label='Pause']").wait_for()
    player.locator(PLAY).click()
    player.locator(f"{PLAY}[aria-label='Play']").wait_for()
    caption = player.locator(CAPTION)
    stopped = caption.inner_text()
    player.wait_for_timeout(500)
    assert caption.inner_text() == stopped

    player.locator(SLIDER).fill("40")
    expect(caption).to_have_text("Epoch 40 of 100")
    expect(player.locator(SLIDER)).to_have_value("40")
    player.locator("canvas").focus()
    for key, epoch in (("ArrowRight", 41), ("ArrowLeft", 40), ("End", 100), ("Home", 0)):
        player.keyboard.press(key)
        expect(caption).to_have_text(f"Epoch {epoch} of 100")
    expect(player.locator(".series .row", has_text="Radius")).to_have_text(re.compile(r"\D10$"))
    player.keyboard.press(" ")
    expect(player.locator(f"{PLAY}[aria-label='Pause']")).to_be_visible()
    expect(caption).not_to_have_text("Epoch 0 of 100")

    player.locator(SLIDER).fill("70")
    unit_at(player, 12.5 / 20, 7.5 / 20)
    player.get_by_text("Unit (7, 12), epoch 70").wait_for()
    expect(caption).to_have_text("Epoch 70 of 100")
    player.locator("canvas").focus()
    player.keyboard.press("Shift+ArrowDown")
    player.keyboard.press("Enter")
    player.get_by_text("Unit (8, 12), epoch 70").wait_for()


def test_colours_are_seen_in_their_space_and_turned(visit):
    player = visit("som")
    waits_for(player, "Epoch 100 of 100")
    player.locator(".player .space").click()
    player.locator(".player .turn").wait_for()
    before = player.locator("canvas").screenshot()
    player.locator(".player .turn").press("ArrowRight")
    by_key = player.locator("canvas").screenshot()
    box = player.locator("canvas").bounding_box()
    player.mouse.move(box["x"] + 200, box["y"] + 200)
    player.mouse.down()
    player.mouse.move(box["x"] + 260, box["y"] + 220, steps=4)
    player.mouse.up()
    dragged = player.locator("canvas").screenshot()
    assert len({before, by_key, dragged}) == 3
    assert player.get_by_text("It is the BMU of").count() == 0  # a drag chooses nothing
    player.locator(".player .space").click()
    player.locator(".player .turn").wait_for(state="hidden")


def test_who_wants_no_motion_gets_a_still_picture_of_the_end(visit):
    page = visit("som")
    waits_for(page, "Epoch 100 of 100")
    expect(page.locator(PLAY)).to_have_attribute("aria-label", "Play")


def test_no_frame_is_left_out_at_an_easy_speed(player):
    player.locator(".player select").select_option("10")
    player.locator(SLIDER).fill("80")
    player.locator(f"{PLAY}[aria-label='Play']").wait_for()
    player.evaluate(f"() => {{{COUNT_FRAMES}}}")
    player.locator(PLAY).click()
    player.locator(f"{PLAY}[aria-label='Pause']").wait_for()
    player.locator(f"{PLAY}[aria-label='Play']").wait_for()
    assert player.evaluate("window.drawn.length") >= 20


def test_a_map_is_watched_while_it_trains_kept_after_a_reload_and_cancelled(visit):
    page = visit("som?som_method=Online&som_epochs=200", still=False)
    page.get_by_role("button", name="Train this map").click()
    waits_for(page, "of 200")
    page.locator(SLIDER).fill("1")
    place, length = page.locator(CAPTION).inner_text(), int(page.locator(SLIDER).get_attribute("max"))
    page.wait_for_function(
        "before => Number(document.querySelector(\".st-key-som_player [data-testid='stBidiComponentIsolated']\")"
        ".shadowRoot.querySelector('input').max) > before",
        arg=length,
        timeout=60000,
    )
    assert page.locator(CAPTION).inner_text() == place
    page.reload()
    settled(page)
    waits_for(page, "of 200")
    page.get_by_role("button", name="Cancel").last.click()
    page.get_by_text("Cancelled", exact=True).first.wait_for()
    page.get_by_text("Take this map with you").wait_for(timeout=60000)  # also of a map cut short
    waits_for(page, "of 200")


def test_a_hexagon_leads_to_its_samples_and_the_map_leaves_as_files(visit, tmp_path):
    page = visit("som?som_lattice=Hexagonal&som_rows_colours=4&som_columns_colours=5&som_radius_colours=2&som_epochs=9")
    page.get_by_role("button", name="Train this map").click()
    waits_for(page, "Epoch 9 of 9")
    # The picture is 5.5 cells wide and 3 * 0.866 + 1.155 high. Row 1 stands half a cell to the right, so that column 0
    # reaches from 0.5 to 1.5; on squares this place would be in column 1.
    unit_at(page, 1.4 / 5.5, 1.44 / 3.753)
    page.get_by_text("Unit (1, 0), epoch 9").wait_for()
    page.get_by_text("It is the BMU of").wait_for()
    page.get_by_text("Take this map with you").click()
    files = {}
    for name in ("Labels (.csv)", "Weights (.npz)", "Film (.webp)", "Script (.py)"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        files[name[:4]] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name[:4]])
    assert files["Labe"].read_text().startswith("sample,row,column,class,distance\n0,")
    with np.load(files["Weig"]) as weights:
        assert weights["codebook"].shape == (4, 5, 3)
    assert files["Film"].read_bytes()[8:12] == b"WEBP"
    compile(files["Scri"].read_text(), "script", "exec")
