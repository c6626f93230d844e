"""Take the pictures that README shows, from the running app and its shipped example.

    python -m tests.browser.screenshots            every page, the views of `VIEWS`, the moving pictures of `MOVING`
    python -m tests.browser.screenshots som home   only these

Writes whole pages at 1366 x 768 to `assets/screenshots/<page>-<light|dark>.webp`, and moving pictures of a part of a
page, in light only, to `assets/screenshots/moving-<name>.webp`.
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from dashboard.pages import HOME, PAGES
from models.storage import runs
from models.training import recipes
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, Server, settled

SCREENSHOTS = ROOT / "assets" / "screenshots"
VIEWS = {  # further pictures for README: name -> address
    "compared": "backbone?data=textures&backbone_view=Compared",
    "tower": "occlusion?backbone=lite0&picture=photo%3Achina&occlusion_view=The+whole+figure",
    "figure": "occlusion?occlusion_view=The+whole+figure",
    "trust": "occlusion?occlusion_view=Can+I+trust+it%3F",
    "gabor": "features?features_view=First+layer",
    "shots": "sweeps?sweeps_choice=Shots",
    "keras": "train?train_keras=true",
}
# Moving pictures: name -> address, the part that is shown, its slider, how far to move it each time, seconds of a step.
MOVING = {
    "figure": (VIEWS["figure"], ".st-key-occlusion_figure", 5, 0.12),
    "wall": ("train", ".st-key-train_wall", 1, 0.35),
}
MOST_STEPS = 40


def save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "WEBP", quality=82, method=6)


def address(name: str, second: str) -> str:
    """Return where a picture is taken; trainings are compared once `second`, which the server takes up, is done."""
    if name == "compare":
        while runs.get(second).status.active:
            time.sleep(1)
        return f"compare?compare={runs.EXAMPLE},{second}"
    if name == "traps":
        return "traps?traps_demo=Too+little+data"
    return VIEWS.get(name, "" if name == HOME else name)


def film(page, part: str, stride: int, seconds: float, path: Path) -> None:
    """Record a part of an open page while its slider goes from one end to the other; the last step is held."""
    shown, slider = page.locator(part), page.locator(f"{part} input[type=range]").first
    first, last = (int(slider.get_attribute(end) or 0) for end in ("min", "max"))
    steps = list(range(first, last + 1, stride))[:MOST_STEPS]
    pictures = []
    for step in steps:
        slider.evaluate("(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')); }", step)
        page.wait_for_timeout(900)  # pictures on their way arrive
        taken = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
        pictures.append(taken.resize((900, round(taken.height * 900 / taken.width)), Image.Resampling.LANCZOS))
    times = [round(seconds * 1000)] * (len(steps) - 1) + [2500]
    even = [picture.crop((0, 0, 900, pictures[0].height)) for picture in pictures]
    even[0].save(path, "WEBP", save_all=True, append_images=even[1:], duration=times, loop=0, quality=70, method=6)


def main(pages: list[str]) -> None:
    """Take the pictures of some pages."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["FREEZEFRAME_HOME"] = home
        spec = recipes.apply_preset("last_block", recipes.DEFAULT).to_json()
        second = runs.create("training", spec, owner="", title="Galaxies: the last block learns too").id
        server = Server(Path(home))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        try:
            visitor = browser.new_page()
            visitor.goto(server.url)  # the engine starts with the first page, and takes up the second training
            settled(visitor)
            for name, (where, part, stride, seconds) in MOVING.items():
                if f"moving-{name}" in pages:
                    page = browser.new_page(viewport={"width": 1366, "height": 900})
                    page.goto(f"{server.url}/{where}")
                    settled(page)
                    page.wait_for_selector(f"{part} input[type=range]")
                    film(page, part, stride, seconds, SCREENSHOTS / f"moving-{name}.webp")
                    page.close()
            for name in [name for name in pages if not name.startswith("moving-")]:
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)
                    page = context.new_page()
                    page.goto(f"{server.url}/{address(name, second)}")
                    settled(page)
                    time.sleep(6 if name in {HOME, "som"} else 3)  # what plays comes to its end
                    save(Image.open(io.BytesIO(page.screenshot())), SCREENSHOTS / f"{name}-{scheme}.webp")
                    context.close()
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:] or [*PAGES, *VIEWS, *(f"moving-{name}" for name in MOVING)])
