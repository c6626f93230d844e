"""Take the pictures that README and the home page show, from the running app and its shipped example.

    python -m tests.browser.screenshots

Writes whole pages at 1366 x 768 to `assets/screenshots/<page>-<light|dark>.webp`, and a cut of each page's main picture
to `assets/home/<page>-<light|dark>.webp`.
"""

import io
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, Server, settled
from tests.conftest import PAGES

SCREENSHOTS, TILES = ROOT / "assets" / "screenshots", ROOT / "assets" / "home"
TILE_WIDTH, TILE_HEIGHT = 480, 270
MAIN_PICTURE = {
    "data": ".st-key-data_gallery",
    "backbone": ".js-plotly-plot",
    "train": ".st-key-train_map",
    "evaluate": ".js-plotly-plot",
    "activations": ".st-key-activations_grid",
    "occlusion": ".st-key-occlusion_map .plot-container",
    "som": ".st-key-som_player canvas",
}


def save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "WEBP", quality=82, method=6)


def tile(page: Page, selector: str) -> Image.Image:
    """The middle of an element, cut to the tile's shape; a wide one whole, on its own ground."""
    picture = Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")
    ground = picture.getpixel((1, 1))
    choose = min if picture.width > 2 * picture.height else max
    scale = choose(TILE_WIDTH / picture.width, TILE_HEIGHT / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    cut = Image.new("RGB", (TILE_WIDTH, TILE_HEIGHT), ground)
    cut.paste(picture, ((TILE_WIDTH - picture.width) // 2, (TILE_HEIGHT - picture.height) // 2))
    return cut


def main() -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = Server(Path(home))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        try:
            for name in [*(page for page in PAGES if page != "home"), "home"]:  # home shows the tiles of the others
                for scheme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)
                    page = context.new_page()
                    page.goto(f"{server.url}/{name.replace('home', '')}")
                    settled(page)
                    time.sleep(6 if name == "som" else 3)  # charts draw after the script; the film plays to its end
                    save(Image.open(io.BytesIO(page.screenshot())), SCREENSHOTS / f"{name}-{scheme}.webp")
                    if name in MAIN_PICTURE:
                        save(tile(page, MAIN_PICTURE[name]), TILES / f"{name}-{scheme}.webp")
                    context.close()
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
