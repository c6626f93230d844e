"""Two phases with augmentation, in a real browser: previewed, trained on few pictures, read afterwards."""

import re

from playwright.sync_api import expect

from models.storage import runs
from tests.browser.conftest import settled
from tests.browser.test_journeys import ALL, LONG, finished, train

FEW = (
    f"train?{ALL}&data=galaxies&train_cut_frame8=conv4&train_epochs=2&train_head_epochs=3&train_batch=10"
    "&train_bn=let+learn"
)


def test_two_phases_with_augmentation_from_the_preview_to_the_curves(visit, server):
    page = visit(f"{FEW}&train_shots=5+pictures&train_noise=0.2")
    page.locator(".st-key-train_augment button").first.click()
    page.locator(".st-key-train_augment_gentle button").click()
    expect(page.get_by_text("epoch 7", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_alt_text(re.compile("^In epoch 1: .*turned"))).to_be_visible()
    page.locator(".st-key-train_augment_again button").click()
    expect(page.get_by_text("epoch 14", exact=True)).to_be_visible(timeout=LONG)
    page.keyboard.press("Escape")
    settled(page)
    run_id = train(page)
    finished(page)
    spec = runs.Run(run_id, server.home / "runs" / run_id).spec
    assert (spec["shots"], spec["head_epochs"], spec["epochs"], spec["batch_norm"]) == (5, 3, 2, "train")
    assert spec["augmentation"]["rotation"] == 15 and spec["label_noise"] == 0.2
    expect(page.locator(".wall").get_by_text("fine-tuning from epoch 4")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("First the head alone learnt for 3 epochs")).to_be_visible()
    page.locator("[data-testid='stSidebarNav']").get_by_text("Evaluate", exact=True).click()
    expect(page.get_by_text("5 training pictures were learnt with the label of another class")).to_be_visible(
        timeout=LONG
    )
