"""How fast films play: frames a second in a real Chromium, how soon a film is seen, and what travels for it.

    python -m tests.benchmarks.bench_player [--times 5] [--width 1366] [--height 768]

fps_…        frames drawn a second when 60 are asked for, from the first to the last of the film: 20 x 20 colours, the
             same on hexagons and as a net in the space of colours, 14 x 14 digits, the same on hexagons, a net of
             15 x 15 in the plane and one of 20 x 20 in space, and 200 x 200 colours
visible_s    from asking for the page, by a link to the map of 20 x 20 colours, to the first frame drawn, with a server
             that has shown the page before and a browser that has not kept anything
payload_kib  all that is sent for the film of 101 frames of 20 x 20 colours: frames, numbers, captions, cloud

Medians of `--times` visits. Chromium draws without a graphics card here, so that other machines are faster. The last
line is one JSON object. Takes about a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.visitors import Server

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
COUNT = """
window.drawn = [];
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function(...place) {
  window.drawn.push(performance.now());
  return clear.apply(this, place);
};
"""


def films(home: Path) -> dict[str, str]:
    """Train one map of each kind into a server's home folder and return their run ids."""
    from threadpoolctl import threadpool_limits

    from models.som.data import SomTask
    from models.som.spec import SomSpec
    from models.som.worker.film import train
    from models.storage import runs
    from models.storage.progress import SILENT

    os.environ["FREEZEFRAME_HOME"] = str(home)
    small = SomSpec(rows=14, columns=14, radius0=7)
    tasks = {
        "colours": SomTask(),
        "hexagonal": SomTask(som=SomSpec(lattice="hexagonal")),
        "digits": SomTask("digits", small),
        "hexagonal_digits": SomTask("digits", SomSpec(rows=14, columns=14, radius0=7, lattice="hexagonal")),
        "net": SomTask("points", SomSpec(rows=15, columns=15, radius0=7), shape="square"),
        "net_3d": SomTask("points3d", shape="sphere"),
        "large": SomTask(som=SomSpec(rows=200, columns=200, radius0=100, epochs=40)),
    }
    found = {}
    for name, task in tasks.items():
        run = runs.create("som", task.to_json(), owner="0" * 32, title=name)
        with threadpool_limits(1):
            train(task, SILENT, run.folder)
        run.set_status(runs.RunStatus("done"))
        found[name] = run.id
    return found


def payload_kib() -> float:
    """Return the size of the message with the example's film."""
    from dashboard.views.som.watch import film_of
    from dashboard.widgets.player.player import pack
    from models.som import film as som_film

    film = film_of(som_film.example(), "example", 100)
    return len(pack(film, height=420, alt="", live=False, picked=None)) / 1024


def watch(browser: Any, url: str, size: dict[str, int], as_net: bool) -> tuple[float, float]:
    """Open one film as a new visitor; return when its first frame was drawn and the frames a second, 60 asked for."""
    with browser.new_context(viewport=size) as context:
        context.add_init_script(COUNT)
        page = context.new_page()
        page.goto(url)
        page.wait_for_function("window.drawn.length > 0", timeout=60000)
        first = page.evaluate("window.drawn[0]") / 1000
        page.locator(".player .play[aria-label='Play']").wait_for(timeout=60000)  # it has come to its end
        if as_net:
            page.locator(".player .space").click()
        page.locator(".player select").select_option("60")
        page.evaluate("window.drawn = []")
        page.locator(".player .play").click()
        page.wait_for_timeout(100)
        page.locator(".player .play[aria-label='Play']").wait_for(timeout=60000)
        drawn = page.evaluate("window.drawn")
    return first, (len(drawn) - 1) / (drawn[-1] - drawn[0]) * 1000


def measure(times: int, size: dict[str, int]) -> dict[str, float]:
    """Return all numbers."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        ids = films(home)
        result: dict[str, float] = {"payload_kib": round(payload_kib(), 1)}
        with Server(ROOT / "dashboard" / "app.py", ROOT, home) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
            for name in [*ids, "colour_space"]:
                url = f"http://127.0.0.1:{server.port}/som?map={ids.get(name, ids['colours'])}"
                watch(browser, url, size, False) if name == "colours" else None  # the first visit warms the server
                seen = [watch(browser, url, size, name == "colour_space") for _ in range(times)]
                result[f"fps_{name}"] = round(statistics.median(fps for _, fps in seen), 1)
                if name == "colours":
                    result["visible_s"] = round(statistics.median(first for first, _ in seen), 2)
                print(name, result[f"fps_{name}"], "frames/s")
            browser.close()
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--width", type=int, default=1366)
    parser.add_argument("--height", type=int, default=768)
    options = parser.parse_args()
    result = measure(options.times, {"width": options.width, "height": options.height})
    print(json.dumps(result))


if __name__ == "__main__":
    main()
