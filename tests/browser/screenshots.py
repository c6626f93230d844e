"""Take the pictures that README shows, from the running app and its shipped example.

    python -m tests.browser.screenshots            every page, and the views of `VIEWS`
    python -m tests.browser.screenshots som home   only these

Writes whole pages at 1366 x 768 to `assets/screenshots/<page>-<light|dark>.webp`.
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
    "figure": "occlusion?occlusion_view=The+whole+figure",
    "trust": "occlusion?occlusion_view=Can+I+trust+it%3F",
    "gabor": "features?features_view=First+layer",
    "shots": "sweeps?sweeps_choice=Shots",
    "keras": "train?train_keras=true",
}


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
            for name in pages:
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
    main(sys.argv[1:] or [*PAGES, *VIEWS])
