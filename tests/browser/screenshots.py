"""Take the pictures that README and the home page show, from the running app and its shipped example.

    python -m tests.browser.screenshots            every page, and the views of `VIEWS`
    python -m tests.browser.screenshots som home   only these

Writes whole pages at 1366 x 768 to `assets/screenshots/<page>-<light|dark>.webp`, and a cut of each page's main picture
to `assets/home/<page>-<light|dark>.webp`.
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from dashboard.pages import HOME, PAGES
from models.storage import runs
from models.training import recipes
from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, Server, settled

SCREENSHOTS, TILES = ROOT / "assets" / "screenshots", ROOT / "assets" / "home"
TILE_WIDTH, TILE_HEIGHT = 480, 270
CHART = ".js-plotly-plot"
MAIN_PICTURE = {  # of the pages whose main picture is not their first chart
    "data": ".st-key-data_gallery",
    "train": ".st-key-train_map",
    "sweeps": ".st-key-sweeps_chart .js-plotly-plot",
    "compare": ".st-key-compare_accuracies",
    "traps": ".st-key-traps_curves_wrong",
    "activations": ".st-key-activations_grid",
    "features": ".st-key-features_patches",
    "occlusion": ".st-key-occlusion_map canvas",
    "general": ".st-key-general_curves_here .js-plotly-plot",
    "som": ".st-key-som_player canvas",
}
WHOLE = {"general", "sweeps", "traps"}  # a cut would take the ends of the curves
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


def tile(page: Page, name: str) -> Image.Image:
    """The middle of a page's main picture, cut to the tile's shape; a wide one whole, on its own ground."""
    picture = Image.open(io.BytesIO(page.locator(MAIN_PICTURE.get(name, CHART)).first.screenshot())).convert("RGB")
    ground = picture.getpixel((1, 1))
    choose = min if name in WHOLE or picture.width > 2 * picture.height else max
    scale = choose(TILE_WIDTH / picture.width, TILE_HEIGHT / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    cut = Image.new("RGB", (TILE_WIDTH, TILE_HEIGHT), ground)
    cut.paste(picture, ((TILE_WIDTH - picture.width) // 2, (TILE_HEIGHT - picture.height) // 2))
    return cut


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
    """Take the pictures of some pages; home comes last, because it shows the tiles of the others."""
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
            for name in sorted(pages, key=lambda name: name == HOME):
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)
                    page = context.new_page()
                    page.goto(f"{server.url}/{address(name, second)}")
                    settled(page)
                    time.sleep(6 if name == "som" else 3)  # charts draw after the script; the film plays to its end
                    save(Image.open(io.BytesIO(page.screenshot())), SCREENSHOTS / f"{name}-{scheme}.webp")
                    if name in PAGES and PAGES[name].station:
                        save(tile(page, name), TILES / f"{name}-{scheme}.webp")
                    context.close()
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:] or [*PAGES, *VIEWS])
