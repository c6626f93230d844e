"""The first layer in a real browser: a kernel chosen with the keyboard, its formation played and stepped through."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import in_address, settled


def test_a_kernel_by_keyboard_and_the_film_of_all(visit):
    page = visit("features?features_view=First+layer")
    kernels = page.locator(".st-key-features_kernels [role=option]")
    expect(kernels).to_have_count(48)
    number = page.locator(".st-key-features_kernel input")
    expect(number).to_have_value("33")
    kernels.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    second = page.locator(".st-key-features_kernels [aria-selected=true]")
    expect(number).not_to_have_value("33")
    chosen = number.input_value()
    settled(page)
    expect(second).to_have_attribute("aria-label", re.compile(f"^kernel {chosen}:"))
    in_address(page, f"features_kernel={chosen}")

    film = page.locator(".player")
    canvas = film.locator("canvas")
    canvas.focus()
    page.keyboard.press("Home")
    expect(film.locator(".caption")).to_have_text("Before training")
    expect(film.locator(".row").first).to_contain_text("0.0%")
    page.keyboard.press("ArrowRight")
    expect(film.locator(".caption")).to_have_text("After 1 of 15 epochs")
    page.keyboard.press("Space")
    expect(film.locator(".caption")).to_have_text("After 15 of 15 epochs", timeout=10_000)
    expect(film.locator(".row").first).to_contain_text("68.8%")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    expect(film.locator(".where")).to_have_text("Kernel 1")
    page.keyboard.press("Enter")
    expect(number).to_have_value("1")
    settled(page)
    assert page.locator("[data-testid='stException']").count() == 0
