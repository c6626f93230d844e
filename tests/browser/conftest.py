"""A real server and a real Chromium. A traceback in the server's log or an error in the browser's console fails."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from models.jobs import execute
from models.storage import runs
from models.training.spec import TrainingSpec
from tests.conftest import share_drawn_pictures
from tests.few_digits import few_digits

ROOT = Path(__file__).resolve().parents[2]
# The headless shell has no window around the page to draw: a tenth less to compute.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
# A page lives for seconds here: compiling its scripts again, to be faster later on, costs more than it saves.
COMPILED_LATE = "--js-flags=--interrupt-budget=2000000 --interrupt-budget-for-maglev=600000"
# A page opened by its own address asks for these below that address first, and then at the root.
EXPECTED_404 = ("_stcore/health", "_stcore/host-config")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _a_browser_is_here() -> None:
    if CHROMIUM is None:
        if os.environ.get("FREEZEFRAME_BROWSER_TESTS") == "required":
            pytest.fail("Expected Chromium for the browser tests: apt-get install chromium-headless-shell")
        pytest.skip("Chromium is not installed: apt-get install chromium-headless-shell")


class Server:
    """`streamlit run` on a free port, with an own home folder."""

    def __init__(self, home: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home, self.log = home, home / "server.log"
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "FREEZEFRAME_HOME": str(home), **environment}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", f"--server.port={self.port}"]
        command += ["--server.address=127.0.0.1", "--server.headless=true"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        for _ in range(300):
            try:
                if urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read() == b"ok":
                    return
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        raise RuntimeError(self.log.read_text())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def logs(self) -> str:
        """Everything the server and its workers wrote."""
        return "\n".join(path.read_text(errors="replace") for path in [self.log, *self.home.glob("logs/*.log")])


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    share_drawn_pictures(home)
    running = Server(home)
    yield running
    running.stop()


def trained_run(server: Server, spec: TrainingSpec) -> runs.Run:
    """Return a finished run in the server's home, trained in this process on few digits: for pages that show a run."""
    with pytest.MonkeyPatch.context() as patch, few_digits():
        patch.setenv("FREEZEFRAME_HOME", str(server.home))
        run = runs.create("training", spec.to_json(), owner="7" * 32, title="Digits: made for a test")
        assert execute.execute(run.id) == "done", run.status.message
    return run


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS.split(), COMPILED_LATE])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def tabs(browser) -> Iterator[list]:
    """Tabs that are used again: one that has run the app before opens it in half the time. Each has its own cookies."""
    kept: list = []
    yield kept
    for tab in kept:
        tab.context.close()


@pytest.fixture
def visit(browser, server, tabs):
    """Open pages as new visitors: `visit("train")`; checks the console and the logs at the end."""
    opened, beside, errors = [], [], []
    before = len(server.logs())

    def failed(error) -> None:
        errors.append(str(error))

    def said(message) -> None:
        if message.type == "error":
            errors.append(_words(message))

    def tab(number: int):
        if number == len(tabs):
            tabs.append(browser.new_context(accept_downloads=True).new_page())
        return tabs[number]

    def open_page(
        path: str = "", *, dark: bool = False, still: bool = True, size: tuple[int, int] = (1366, 768), context=None
    ):
        page = tab(len(opened)) if context is None else context.new_page()
        if context is not None:
            beside.append(page)
        else:
            opened.append(page)
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(
                color_scheme="dark" if dark else "light", reduced_motion="reduce" if still else "no-preference"
            )
        page.on("pageerror", failed)
        page.on("console", said)
        page.goto(f"{server.url}/{path}")
        expect(page.locator("[data-testid='stMain'] h1").first).to_be_visible(timeout=60_000)  # has begun to run
        settled(page)
        return page

    yield open_page
    for page in beside:
        page.close()
    for page in opened:
        page.remove_listener("pageerror", failed)
        page.remove_listener("console", said)
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
        page.context.clear_cookies()
        page.goto("about:blank")
    assert not [error for error in errors if error]
    written = server.logs()[before:]
    assert "Traceback" not in written, written[written.index("Traceback") :][:6000]


def _words(message) -> str:
    """A console message with its source; empty for the two requests that are expected to fail."""
    source = message.location.get("url", "")
    return "" if source.endswith(EXPECTED_404) else f"{message.text} ({source})"


# Nothing is still to come, and what has just come is no longer kept from view: until then it takes no focus.
STANDS = """!document.querySelector("[data-testid='stSkeleton']") &&
  !document.getAnimations().some(one => one.animationName === "settled" && one.playState !== "finished")"""


def settled(page, seconds: float = 60) -> None:
    """Wait until the script has run and nothing is being drawn any more."""
    page.wait_for_selector(
        "[data-testid='stApp'][data-test-script-state='notRunning']", timeout=seconds * 1000, state="attached"
    )
    page.wait_for_function(STANDS, timeout=seconds * 1000)


def in_address(page, part: str, seconds: float = 30) -> None:
    """Wait until the address has `part` in it: it changes a moment after a click, and `settled` may be earlier."""
    expect(page).to_have_url(re.compile(re.escape(part) + r"(?![0-9a-zA-Z])"), timeout=seconds * 1000)
