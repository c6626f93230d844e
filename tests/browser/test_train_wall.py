"""A training watched to its end: the wall, its slider, a link to an epoch, and a change that is trained by itself."""

import re

from playwright.sync_api import expect

from models.storage import runs
from models.training import epoch_answers
from tests.browser.conftest import in_address, settled
from tests.browser.test_journeys import FEW, LONG, finished, train

CELLS = "wall => [...wall.querySelectorAll('.cell')].map(cell => Number(cell.textContent || 0))"


def shown(page) -> tuple[str, list[int]]:
    """The sentence above the wall, and the matrix below it."""
    return page.locator(".wall .headline").inner_text(), page.locator(".wall").evaluate(CELLS)


def test_a_training_is_watched_to_its_end_and_scrubbed_and_its_link_opens_there(visit, server):
    page = visit(FEW)
    run_id = train(page)
    finished(page)
    slider, headline = page.locator(".wall input[type=range]"), page.locator(".wall .headline")
    expect(headline).to_contain_text("Epoch 5: ", timeout=LONG)  # it was seen at work: it plays to its end
    answers = epoch_answers.read(runs.Run(run_id, server.home / "runs" / run_id))
    said, right = epoch_answers.sentences(answers), answers.answer == answers.label
    assert headline.inner_text().startswith(said[5].removesuffix("."))
    slider.focus()
    strip = page.locator(".wall .strip button")
    for step in (4, 3, 2):
        page.keyboard.press("ArrowLeft")
        expect(headline).to_contain_text(said[step].removesuffix("."))
        expect(strip).to_have_count(int((right[1:step].any(axis=0) & ~right[step]).sum()))
    assert shown(page)[1] == answers.matrices(10)[2].ravel().tolist()
    in_address(page, "train_epoch=2")
    settled(page)
    strip.first.click()
    expect(page.locator(".wall .card .then")).to_contain_text("Forgotten: last right after epoch 1.")
    picture = page.locator(".wall canvas.pictures")
    picture.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".wall .card")).to_contain_text("Truth: ")
    expect(page.locator(".wall .card").get_by_role("button", name="Evaluate")).to_be_visible()
    link, here = page.url.partition("/train")[2], shown(page)
    other = visit(f"train{link}", still=True)
    expect(other.locator(".wall .headline")).to_contain_text("Epoch 2: ", timeout=LONG)
    assert shown(other) == here
    other.locator(".wall canvas.pictures").focus()
    other.keyboard.press("ArrowUp")
    other.keyboard.press("Enter")
    other.locator(".wall .card").get_by_role("button", name="Occlusion").click()
    expect(other).to_have_url(re.compile("/occlusion.*picture=sample%3Adigits%3A"), timeout=30_000)
    expect(other.get_by_role("link", name="Train: picture")).to_be_visible(timeout=30_000)
    page.get_by_text("Train as I change").click()
    page.locator(".st-key-train_head button").first.click()
    page.locator(".st-key-train_pooling").get_by_role("radio", name="average", exact=True).click()
    expect(page.locator(".st-key-train_live_said")).to_contain_text("average instead of", timeout=LONG)
    expect(page).not_to_have_url(re.compile(run_id))
