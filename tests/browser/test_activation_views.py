"""A fine-tuned run: before and after, through the epochs, and with a picture of your own on every page inside."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from models.storage import runs
from models.training import kept_epochs, recipes
from models.training.spec import TrainingSpec
from tests.browser.conftest import in_address, settled
from tests.browser.test_journeys import LONG, finished, go, train

MAPS = ".st-key-activations_zoom .maps"


def words(page, key: str):
    return page.locator(f".st-key-{key} .words")


SPEC = replace(
    recipes.apply_preset("last_block", replace(recipes.DEFAULT, dataset="digits", shots=2)),
    epochs=3, head_epochs=0, batch=8, keep_epochs=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def run(browser, server):
    """The id of a run that was asked for on the Train page: its last block fine-tuned for three epochs, all kept."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{server.url}/train?train_settings=All+settings&data=digits&train_shots=2+pictures")
    settled(page)
    page.locator(".st-key-train_preset").get_by_text("Last block").click()
    expect(page).to_have_url(re.compile("train_cut_frame8=conv4"))
    page.locator(".st-key-train_recipe button").first.click()
    for name, value in (("epochs", "3"), ("head_epochs", "0"), ("batch", "8")):
        field = page.locator(f".st-key-train_{name} input").first
        field.fill(value)
        field.press("Enter")
        settled(page)
    page.locator(".st-key-train_keep_epochs label").first.click()
    settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_text(re.compile(r"keeps 3 epochs, \d+(\.\d+)? MB")).first).to_be_visible()
    run_id = train(page)
    finished(page)
    made = runs.Run(run_id, server.home / "runs" / run_id)
    assert TrainingSpec.from_json(made.spec) == SPEC and kept_epochs.epochs(made.folder) == (1, 2, 3)
    yield run_id
    context.close()


def test_compare_before_and_after_and_step_through_the_epochs(visit, run):
    page = visit(f"activations?data=digits&run={run}&activations_view=Before+and+after")
    expect(page.get_by_text("From conv5 on.")).to_be_visible(timeout=LONG)
    pairs = page.locator(".st-key-activations_pairs .grid button")
    expect(pairs.first.locator("canvas")).to_have_count(3)
    pairs.nth(2).click()
    expect(pairs.nth(2)).to_have_attribute("aria-selected", "true")
    settled(page)
    said = words(page, "activations_change_zoom").inner_text()
    before, after, difference = (
        float(re.search(rf"{name} (−?[\d.e+-]+)", said)[1].replace("−", "-"))
        for name in ("before", "after", "difference")
    )
    assert abs(after - before - difference) < 2e-3 * max(1, abs(after)) and difference != 0

    page.get_by_text("Through the epochs", exact=True).click()
    film = page.locator(".st-key-activations_film .film")
    expect(film.locator(".strip button")).to_have_count(4, timeout=LONG)
    settled(page)
    strip, where = film.locator(".strip"), film.locator(".where")
    strip.focus()
    page.keyboard.press("Home")
    expect(where).to_have_text("before the first epoch")
    page.keyboard.press("ArrowRight")
    expect(where).to_contain_text("after epoch 1 of 3")
    expect(film.locator(".accuracy b")).to_contain_text("%")
    page.keyboard.press("End")
    expect(where).to_contain_text("after epoch 3 of 3")
    fourth = film.locator(".grid button").nth(3)
    fourth.click()
    expect(film.locator(".strongest")).to_contain_text(fourth.inner_text())
    settled(page)
    expect(where).to_contain_text("after epoch 3 of 3")  # the place in the film stays


def test_an_own_picture_on_every_page_that_looks_into_a_fine_tuned_run(visit, run, tmp_path):
    from PIL import Image

    page = visit(f"occlusion?data=digits&run={run}")
    own = tmp_path / "own.png"
    Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 50).convert("RGB").save(own)
    page.get_by_text("Your own").first.click()
    page.locator("input[type=file]").first.set_input_files(str(own))
    expect(page).to_have_url(re.compile("upload"), timeout=LONG)
    expect(page.locator(".st-key-occlusion_map canvas").first).to_be_visible(timeout=LONG)
    expect(page.get_by_text(re.compile(r"operations|multiplications")).first).to_be_attached()

    page.get_by_text("The whole figure", exact=True).first.click()
    figure = page.locator(".st-key-occlusion_figure")
    square = figure.get_by_role("slider", name="The hidden square")
    expect(square).to_be_visible(timeout=LONG)
    square.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(figure.locator(".where")).to_contain_text("Rows 4–19, columns 0–15 hidden")
    expect(figure.locator(".value")).to_have_count(10)

    page.get_by_text("Other methods", exact=True).first.click()
    page.get_by_text("Its values add up to").wait_for(timeout=LONG)
    page.get_by_role("radio", name="Can I trust it?").click()
    page.get_by_text("Taken away: lower is better").wait_for(timeout=LONG)
    page.get_by_role("radio", name="Against the truth").click()
    expect(page.get_by_text(re.compile("mask|Galaxies")).first).to_be_visible(timeout=LONG)  # digits have none, and why

    go(page, "Features")
    page.get_by_role("button", name=re.compile("Look for the strongest patches")).click()
    expect(page.locator(".patches [role=option]")).to_have_count(9, timeout=2 * LONG)
    page.get_by_text("What it looks for", exact=True).first.click()
    expect(page.get_by_text("which pixels made").first).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile("upload"))
    page.get_by_text("First layer", exact=True).first.click()
    expect(page.locator(".st-key-features_kernels [role=option]").first).to_be_visible(timeout=LONG)
    settled(page)
    wrong = page.locator("[data-testid='stException'], [data-testid='stAlertContentError']")
    expect(wrong).to_have_count(0)
    go(page, "Activations")
    expect(page.locator(f"{MAPS} canvas")).to_be_visible(timeout=LONG)
    in_address(page, f"run={run}")
    expect(page).to_have_url(re.compile("upload"))


def test_the_receptive_field_follows_pointer_click_and_keys(visit):
    page = visit("activations?activations_layer=conv1_relu")
    canvas = page.locator(f"{MAPS} canvas")
    expect(canvas).to_be_visible(timeout=LONG)
    box = canvas.bounding_box()
    cell = box["width"] / 32
    canvas.click(position={"x": 5.5 * cell, "y": 3.5 * cell})
    page.mouse.move(1, 1)
    told = words(page, "activations_zoom")
    expect(told).to_have_text(re.compile(r"^\s*row 3, col 5: value "))
    expect(told).to_contain_text("rows 4–10, cols 8–14 (7\u00a0×\u00a07\u00a0px)")
    for key in ["ArrowUp"] * 3 + ["ArrowLeft"]:
        page.keyboard.press(key)
    expect(told).to_have_text(re.compile(r"^\s*row 0, col 4: value "))
    expect(told).to_contain_text("rows 0–4, cols 6–12")
    expect(told).to_contain_text("2\u00a0px above it")
    page.mouse.move(box["x"] + 20.5 * cell, box["y"] + 9.5 * cell)
    expect(told).to_have_text(re.compile(r"^\s*row 9, col 20: value "))
    page.mouse.move(1, 1)
    expect(told).to_have_text(re.compile(r"^\s*row 0, col 4: value "))  # what was chosen stays
    page.locator(f"{MAPS}").press("Home")
    expect(told).not_to_have_text(re.compile(r"^\s*row 0, col 4: value "))
    value = float(re.search(r"value (\S+)", told.inner_text())[1])
    strongest = page.get_by_text(re.compile("^Strongest [0-9.]+, mean")).inner_text()
    assert abs(value - float(re.search(r"Strongest ([\d.]+),", strongest)[1])) < 0.01 * value
