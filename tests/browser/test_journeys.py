"""The user's journeys, in a real browser against a real server with real workers."""

import json
import math
import os
import re
import signal
import time

import psutil
import pytest
from playwright.sync_api import expect

from models.storage import runs
from tests.browser.conftest import in_address, settled

LONG = 120_000  # ms: a first training waits for TensorFlow, and CI machines are slow
ALL = "train_settings=All+settings"
FEW = f"train?{ALL}&data=digits&train_epochs=5&train_batch=8&train_shots=5+pictures"  # trained in a second or two
# Outlasts every test.
ENDLESS = f"train?{ALL}&data=digits&train_epochs=1000&train_batch=1&train_head_bn=false&train_shots=50+pictures"


def train(page, *, epochs: int | None = None) -> str:
    """Press Train on the Train page and return the id of the new run, as the address has it."""
    if epochs is not None:
        page.locator(".st-key-train_recipe button").first.click()
        field = page.locator(".st-key-train_epochs input")
        field.fill(str(epochs))
        field.press("Enter")
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(f"train_epochs={epochs}(&|$)"))
        settled(page)
    before = re.search(r"run=(\w+)", page.url)
    page.locator(".st-key-train_start button").first.click()
    page.wait_for_function(
        "old => (run => /^[0-9a-f]{32}$/.test(run) && run !== old)(new URLSearchParams(location.search).get('run'))",
        arg=before[1] if before else "",
        timeout=60_000,
    )
    settled(page)
    return run_in_address(page)


def finished(page) -> None:
    expect(page.get_by_text(re.compile(r"of \d+ test pictures right")).first).to_be_visible(timeout=LONG)
    settled(page)


def cancelled(page):
    """The line in place of the progress of a run that was cancelled: the list of runs has the word too."""
    return page.locator("[data-testid='stAlertContentInfo']", has_text="Cancelled")


def run_in_address(page) -> str:
    found = re.search(r"run=([0-9a-f]{32})", page.url)
    assert found, page.url
    return found[1]


def go(page, title: str) -> None:
    page.locator("[data-testid='stSidebarNav']").get_by_text(title, exact=True).click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text(title, timeout=30_000)
    settled(page)


def click_block(page, name: str, becomes: str) -> None:
    """Click a block of the freeze map with the mouse and wait until it is frozen, or trainable."""
    drawing = page.locator(".st-key-train_map").bounding_box()
    words = page.locator(".st-key-train_map .annotation text", has_text=name).bounding_box()
    page.mouse.click(words["x"] + words["width"] / 2, drawing["y"] + drawing["height"] / 2)
    expect(page.get_by_role("button", name=f"{name}, {becomes}")).to_have_count(1, timeout=30_000)
    settled(page)


def test_the_whole_tour(visit, server):
    page = visit("")
    page.locator(".st-key-home_tour button").first.click()
    expect(page).to_have_url(re.compile("/train"), timeout=30_000)
    bar = page.locator(".st-key-tour_bar")
    expect(bar).to_contain_text("1/5", timeout=30_000)
    expect(bar.locator("h3")).to_contain_text("test pictures right")
    expect(bar).to_contain_text("This page shows your own run", timeout=LONG)
    run_id = run_in_address(page)
    for number, title in enumerate(["Evaluate", "Activations", "Occlusion", "Self-organising map"], start=2):
        bar.get_by_text(f"Next: {title}").first.click()
        expect(page.locator("[data-testid='stMain'] h1").first).to_have_text(title, timeout=30_000)
        settled(page)
        expect(bar).to_contain_text(f"{number}/5")
        if title != "Self-organising map":  # what that says depends on the map it opens on
            expect(bar.locator("h3")).to_contain_text(re.compile(r"\d"), timeout=LONG)
        assert page.locator("[data-testid='stAlertContentError']").count() == 0
        expect(page).to_have_url(re.compile(f"[?&]run={run_id}"))
    page.reload()
    expect(bar).to_contain_text("5/5", timeout=30_000)
    settled(page)
    page.locator(".st-key-tour_finish button").click()
    expect(page.locator(".st-key-tour_card")).to_contain_text("test pictures right", timeout=30_000)
    settled(page)
    page.locator(".st-key-tour_end button").first.click()
    expect(page.locator(".st-key-tour_card")).to_have_count(0)


WAY_ON = """() => [...document.querySelectorAll(".st-key-tour_bar :is(button, a)")]
  .find(one => /(Next|Back to the tour):/.test(one.innerText))?.click()"""


def test_who_clicks_next_without_waiting_comes_to_the_end(visit):
    page = visit("?tour=train")
    card = page.locator(".st-key-tour_card")
    for _ in range(40):
        page.evaluate(WAY_ON)  # whatever the page is about to show instead
        page.wait_for_timeout(400)
        if card.count():
            break
    expect(card).to_be_visible(timeout=30_000)
    settled(page)
    assert page.locator("[data-testid='stException'], [data-testid='stAlertContentError']").count() == 0


def test_freeze_train_cancel_train_then_from_a_cell_to_its_occlusion_map(visit, server):
    page = visit(FEW)
    click_block(page, "conv5", "trainable")
    in_address(page, "train_cut_frame8=conv4")
    click_block(page, "conv5", "frozen")
    train(page, epochs=1000)
    cancel = page.locator(".st-key-train_job_cancel button, .st-key-train_cancel button").first
    cancel.click(timeout=LONG)
    expect(cancelled(page)).to_be_visible(timeout=LONG)
    settled(page)
    train(page, epochs=20)
    finished(page)
    go(page, "Evaluate")
    cells = page.locator(
        ".st-key-evaluate .scatterlayer path.point, [class*='st-key-evaluate'] .scatterlayer path.point"
    )
    cells.nth(1).click(force=True)
    expect(page).to_have_url(re.compile("evaluate_true="), timeout=30_000)
    settled(page)
    page.get_by_role("radio", name="Activations").click()
    settled(page)
    page.locator("[class*='st-key-evaluate_'] .tiles button").first.click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Activations", timeout=30_000)
    settled(page)
    picture = re.search(r"picture=([^&]+)", page.url)[1]
    go(page, "Occlusion")
    expect(page).to_have_url(re.compile(f"picture={re.escape(picture)}(&|$)"))
    expect(page.locator(".st-key-occlusion_map canvas").first).to_be_visible(timeout=LONG)


def test_a_run_is_found_again_after_a_reload_and_who_has_its_link_may_watch_and_not_cancel(visit, server):
    page = visit(ENDLESS)
    run_id = train(page)
    page.reload()
    settled(page)
    expect(page).to_have_url(re.compile(f"[?&]run={run_id}"))
    run = runs.Run(run_id, server.home / "runs" / run_id)
    assert run.status.active
    cancel = page.locator(".st-key-train_job_cancel button").first
    expect(cancel).to_be_visible(timeout=LONG)
    guest = visit(page.url.removeprefix(server.url + "/"))
    expect(guest.locator("[data-testid='stProgress']").first).to_be_visible(timeout=LONG)
    settled(guest)
    assert guest.locator(".st-key-train_job_cancel").count() == 0
    assert run.status.active
    cancel.click()
    for one in (page, guest):  # the guest's page hears of it from the run alone
        expect(cancelled(one)).to_be_visible(timeout=LONG)
    settled(page)
    again = train(page)
    expect(page.locator(".st-key-train_job_cancel button").first).to_be_visible(timeout=LONG)
    expect(cancelled(page)).to_have_count(0)
    runs.Run(again, server.home / "runs" / again).cancel()  # the owner's page hears of a cancel from elsewhere
    expect(cancelled(page)).to_be_visible(timeout=LONG)


def test_two_visitors_train_at_once_and_see_only_their_own(visit, server):
    # Twenty-five pictures of the galaxies: in batches of eight one would be left, of which BatchNorm takes no variance.
    galaxies = FEW.replace("digits", "galaxies").replace("batch=8", "batch=10")
    first, second = visit(FEW), visit(galaxies)
    a, b = train(first), train(second)
    assert a != b
    finished(first)
    finished(second)
    owners = {runs.Run(i, server.home / "runs" / i).owner for i in (a, b)}
    assert len(owners) == 2
    assert b not in first.content() and a not in second.content()


def test_a_worker_killed_in_the_middle_is_not_noticed(visit, server):
    page = visit(FEW.replace("epochs=5", "epochs=100"))
    run_id = train(page)
    run = runs.Run(run_id, server.home / "runs" / run_id)
    deadline = time.monotonic() + 60
    while run.status.share < 0.1 and run.status.active and time.monotonic() < deadline:
        time.sleep(0.02)
    assert run.status.active
    for child in psutil.Process(server.process.pid).children():
        if child.status() != psutil.STATUS_ZOMBIE and "jobs=1" in child.cmdline():
            os.kill(child.pid, signal.SIGKILL)
    finished(page)
    assert run.status.state == "done"


def test_a_rate_that_is_far_too_high_ends_with_a_usable_run(visit, server):
    page = visit(FEW)
    page.locator(".st-key-train_recipe button").first.click()
    field = page.locator(".st-key-train_rate input")
    field.fill("1000000")
    field.press("Enter")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("train_rate=1000000"))
    run_id = train(page)
    finished(page)
    run = runs.Run(run_id, server.home / "runs" / run_id)
    losses = [row["loss"] for row in json.loads(run.path("history.json").read_text())]
    assert run.status.state == "done" and all(math.isfinite(loss) for loss in losses)


def test_imagenet_weights_without_a_network_are_a_sentence_with_a_way_out(visit, server):
    page = visit("backbone?backbone=mobilenetv2")
    page.locator(".st-key-backbone_download button").first.click()
    expect(page.locator("[data-testid='stAlertContentError']").first).to_contain_text("Frame8", timeout=LONG)


@pytest.mark.parametrize("name", ["activations", "occlusion"])
def test_an_own_picture_good_and_bad(visit, name, tmp_path):
    from PIL import Image

    page = visit(name)
    before = re.search(r"picture=([^&]+)", page.url)[1]
    page.get_by_text("Your own").first.click()
    bad = tmp_path / "![x](http___127.0.0.1_9_a.png).png"
    bad.write_bytes(b"this is no picture")
    page.locator("input[type=file]").first.set_input_files(str(bad))
    expect(page.get_by_text("Received something else").first).to_be_visible(timeout=LONG)
    time.sleep(1)  # the map of the picture that stays is still being computed
    settled(page, 120)
    assert re.search(r"picture=([^&]+)", page.url)[1] == before
    good = tmp_path / "own.png"
    Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 50).convert("RGB").save(good)
    page.locator("input[type=file]").first.set_input_files(str(good))
    expect(page).to_have_url(re.compile("picture=upload"), timeout=30_000)
    settled(page)
    page.reload()
    settled(page)
    expect(page).to_have_url(re.compile("upload"))


def test_choices_survive_page_changes_and_a_link_reproduces_them(visit, server):
    page = visit("data?data=textures")
    go(page, "Train")
    go(page, "Data")
    in_address(page, "data=textures")
    other = visit(page.url.removeprefix(server.url + "/"))
    expect(other.locator(".st-key-bar_data input").first).to_have_value("Textures")


def test_the_back_button_leads_to_the_pages_before(visit):
    page = visit("")
    go(page, "Data")
    go(page, "Train")
    for title in ("Data", "Freezeframe"):
        page.go_back()
        expect(page.locator("[data-testid='stMain'] h1").first).to_have_text(title, timeout=30_000)
        settled(page)
        assert page.locator("[data-testid='stException']").count() == 0
