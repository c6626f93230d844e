"""The browser's Back and Forward: a gesture is one entry, whatever it changed, and comes back whole."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import settled


def asked(page) -> tuple[str, dict[str, list[str]]]:
    """The page and what its address names, in whatever order."""
    parts = urlsplit(page.url)
    return parts.path, parse_qs(parts.query)


def entries(page) -> int:
    return page.evaluate("history.length")


def travel(page, step: int, to: tuple[str, dict[str, list[str]]]) -> None:
    """Go back or forward and wait until the address is whole and nothing is drawn any more."""
    page.evaluate("step => history.go(step)", step)
    page.wait_for_function("path => location.pathname === path", arg=to[0])
    page.wait_for_timeout(300)  # the script begins to run
    settled(page)
    page.wait_for_timeout(300)  # and what it changed in the address arrives
    assert asked(page) == to


def trainable(page) -> str:
    """How many numbers may change, as the Train page says before a training."""
    return page.locator("[data-testid='stMain'] p", has_text=re.compile("trainable")).first.inner_text().split("\n")[0]


def test_back_undoes_a_gesture_whole_and_forward_does_it_again(visit):
    page = visit("train")
    begun, one, before = asked(page), trainable(page), entries(page)

    page.get_by_role("radio", name="The lecture's VGG19").click()  # another network, head and recipe
    expect(page).to_have_url(re.compile("backbone=vgg19"))
    settled(page)
    page.wait_for_timeout(300)
    lecture, two = asked(page), trainable(page)
    assert lecture[1]["train_hidden1"] and two != one and entries(page) == before + 1
    travel(page, -1, begun)
    assert trainable(page) == one
    travel(page, 1, lecture)
    assert trainable(page) == two
    travel(page, -1, begun)

    page.locator("[data-testid='stSidebarNav']").get_by_text("Evaluate", exact=True).click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Evaluate")
    settled(page)
    plain, count = asked(page), entries(page)
    page.locator("[class*='st-key-evaluate'] .scatterlayer path.point").nth(1).click(force=True)
    expect(page).to_have_url(re.compile("evaluate_true="))
    settled(page)
    cell = asked(page)
    page.locator("[class*='st-key-evaluate_'] .tiles button").first.click()
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Occlusion", timeout=30_000)
    settled(page)
    opened = asked(page)
    assert opened[1]["picture"] != cell[1]["picture"] and entries(page) == count + 2
    travel(page, -1, cell)
    expect(page.locator("[data-testid='stMain'] h1").first).to_have_text("Evaluate")
    travel(page, 1, opened)
    travel(page, -2, plain)


def test_a_slider_leaves_one_entry_however_many_steps_it_moves(visit):
    page = visit("general")
    begun, before = asked(page), entries(page)
    slider = page.locator(".st-key-general_n").get_by_role("slider")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("general_n=7"))
    settled(page)
    page.wait_for_timeout(500)
    assert entries(page) == before + 1
    travel(page, -1, begun)
