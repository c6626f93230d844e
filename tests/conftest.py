"""What every test shares: an own home folder, and one real cluster for all that need workers."""

import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["FREEZEFRAME_HOME"] = tempfile.mkdtemp(prefix="freezeframe-tests-")
os.environ["FREEZEFRAME_RATES"] = "default"  # the same predictions on every machine, and no second spent on measuring
os.environ["FREEZEFRAME_NICENESS"] = "0"  # else a training, which a page is waiting for, waits for all other tests
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
ROOT = Path(__file__).resolve().parents[1]
APP = str(ROOT / "dashboard" / "main.py")
PAGES = sorted(path.stem for path in (ROOT / "dashboard" / "app_pages").glob("*.py"))
DRAWN = "FREEZEFRAME_TESTS_DRAWN"  # where the drawn pictures lie that all processes of one test run share
STARTED_IT = DRAWN not in os.environ  # false in the workers of xdist
if STARTED_IT:
    os.environ[DRAWN] = tempfile.mkdtemp(prefix="freezeframe-drawn-")


def share_drawn_pictures(home: Path) -> None:
    """Let a home folder have the pictures that this test run has drawn already: they take seconds, in every home."""
    (home / "datasets").symlink_to(os.environ[DRAWN], target_is_directory=True)


share_drawn_pictures(Path(os.environ["FREEZEFRAME_HOME"]))
FIRST = ("browser", "models", "dashboard/app_pages")  # the longest files: what is left for the end should be short


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no worker is left alone with one at the end."""
    folders = [ROOT / "tests" / name for name in FIRST]
    items.sort(
        key=lambda item: next((n for n, folder in enumerate(folders) if folder in item.path.parents), len(FIRST))
    )


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Give the browser tests to one worker."""
    from tests.scheduling import BrowserInOneWorker

    return BrowserInOneWorker(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _pages_run_as_fast_as_on_a_server() -> Iterator[None]:
    """Keep AppTest from what it does again and again and a server does once or never: most of a test's time.

    It reads the metadata of every installed package anew in each test. And after each run of a script Streamlit clears
    Keras's session, with a full garbage collection, where Keras is loaded: here it is, for the tests of the numbers;
    in a server it never is (`tests/browser/test_pages.py`).
    """
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner import script_runner

    scan = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:  # fails where Streamlit has these no longer
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture(scope="session")
def engine():
    """The real engine with its scheduler and two workers, started once.

    Runs that earlier tests left waiting are ended first: it would take them up, and keep others waiting.
    """
    from models.jobs import engine as jobs_engine
    from models.storage import runs

    for run in runs.everything():
        if run.status.active:
            run.set_status(runs.RunStatus("cancelled"))
    jobs_engine.start().ready.wait(60)
    return jobs_engine


def pytest_sessionfinish() -> None:
    """End the workers, whichever test started them."""
    from models.jobs import engine as jobs_engine

    jobs_engine.stop()
    if STARTED_IT:
        shutil.rmtree(os.environ[DRAWN], ignore_errors=True)


@pytest.fixture
def app(engine):
    """The dashboard, workers up, not yet run: `app.switch_page(PAGE).run()` opens a page, `app.run()` its first."""
    from streamlit.testing.v1 import AppTest

    return AppTest.from_file(APP, default_timeout=60)
