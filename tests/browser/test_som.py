"""The film player in a real browser: play, pause, step, scrub, choose a unit, watch a map while it trains."""

import pytest

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
    page.locator(CAPTION, has_text=caption).wait_for(timeout=60000)


@pytest.fixture
def player(visit):
    page = visit("som")
    page.locator("canvas").wait_for()
    page.locator(CAPTION).wait_for()
    return page


def test_it_plays_from_noise_to_the_last_frame_and_starts_again(player):
    waits_for(player, "Epoch 100 of 100")
    player.locator(f"{PLAY}[aria-label='Play']").click()
    player.locator(f"{PLAY}[aria-label='Pause']").wait_for()
    player.locator(PLAY).click()
    stopped = player.locator(CAPTION).inner_text()
    player.wait_for_timeout(300)
    assert player.locator(CAPTION).inner_text() == stopped != "Epoch 100 of 100"


def test_keys_step_and_the_slider_scrubs_without_a_rerun(player):
    player.locator(SLIDER).fill("40")
    assert player.locator(CAPTION).inner_text() == "Epoch 40 of 100"
    player.locator("canvas").focus()
    for key, epoch in (("ArrowRight", 41), ("ArrowLeft", 40), ("End", 100), ("Home", 0)):
        player.keyboard.press(key)
        assert player.locator(CAPTION).inner_text() == f"Epoch {epoch} of 100"
    assert player.locator(".series .row", has_text="Radius").inner_text().split()[-1] == "10"
    player.keyboard.press(" ")
    waits_for(player, "Epoch 100 of 100")


def test_a_click_and_the_keyboard_choose_a_unit(player):
    player.locator(SLIDER).fill("70")
    box = player.locator("canvas").bounding_box()
    player.mouse.click(box["x"] + box["width"] * 12.5 / 20, box["y"] + box["height"] * 7.5 / 20)
    player.get_by_text("Unit (7, 12), epoch 70").wait_for()
    assert player.locator(CAPTION).inner_text() == "Epoch 70 of 100"
    player.locator("canvas").focus()
    player.keyboard.press("Shift+ArrowDown")
    player.keyboard.press("Enter")
    player.get_by_text("Unit (8, 12), epoch 70").wait_for()


def test_who_wants_no_motion_gets_a_still_picture_of_the_end(browser, visit):
    with browser.new_context(reduced_motion="reduce", viewport={"width": 1366, "height": 768}) as still:
        page = visit("som", context=still)
        waits_for(page, "Epoch 100 of 100")
        assert page.locator(PLAY).get_attribute("aria-label") == "Play"


def test_no_frame_is_left_out(browser, visit):
    with browser.new_context(viewport={"width": 1366, "height": 768}) as context:
        context.add_init_script(COUNT_FRAMES)
        page = visit("som", context=context)
        waits_for(page, "Epoch 100 of 100")
        page.locator(".player select").select_option("40")
        page.evaluate("window.drawn = []")
        page.locator(PLAY).click()
        page.locator(f"{PLAY}[aria-label='Pause']").wait_for()
        page.locator(f"{PLAY}[aria-label='Play']").wait_for()
        assert page.evaluate("window.drawn.length") >= 100


def test_a_map_is_watched_while_it_trains_kept_after_a_reload_and_cancelled(visit):
    page = visit("som?som_method=Online&som_epochs=200")
    page.get_by_role("button", name="Train this map").click()
    waits_for(page, "of 200")
    page.locator(SLIDER).fill("1")
    place, length = page.locator(CAPTION).inner_text(), int(page.locator(SLIDER).get_attribute("max"))
    page.wait_for_function(
        "before => Number(document.querySelector(\"[data-testid='stBidiComponentIsolated']\")"
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
    assert page.locator(CAPTION).inner_text().endswith("of 200")
