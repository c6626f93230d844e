"""Record what the pages ask the workers on a first visit, so that the example shows before any worker is up.

    python -m dashboard.record_example

Opens every page, and some of their views, as a new visitor would and keeps the answers of the interactive tasks in
`assets/answers`, replacing what is there. Run it after `python -m models.training.worker.ship`, and whenever a page's first question
changes (a test tells).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.testing.v1 import AppTest

from models.jobs import engine, shipped
from models.jobs.job import Task

APP = Path(__file__).with_name("app.py")
VIEWS = (  # page, key of a widget, and what it is set to
    ("backbone", "backbone_view", "Its own classes"),
    ("features", "features_view", "What it looks for"),
    ("features", "features_view", "First layer"),
    ("occlusion", "occlusion_view", "The whole figure"),
    ("occlusion", "occlusion_view", "Other methods"),
    ("occlusion", "occlusion_view", "Can I trust it?"),
)


def visits(page: str) -> Iterator[AppTest]:
    """Yield the page called `page` as a new visitor sees it, then with each of its `VIEWS` open."""
    app = AppTest.from_file(str(APP), default_timeout=300).run()
    yield app.switch_page(f"app_pages/{page}.py").run()
    for _, key, value in (view for view in VIEWS if view[0] == page):
        app.session_state[key] = value
        yield app.run()


def main() -> None:
    """Visit every page once and record."""
    os.environ["FREEZEFRAME_HOME"] = tempfile.mkdtemp(prefix="freezeframe-record-")
    shutil.rmtree(shipped.FOLDER, ignore_errors=True)
    ask = engine.call

    def recording(task: Task[Any], **arguments: Any) -> Any:
        answer = ask(task, **arguments)
        shipped.record(task, arguments, answer)
        return answer

    try:
        engine.start().ready.wait(60)
        with patch.object(engine, "call", recording):
            for page in sorted(APP.with_name("app_pages").glob("*.py")):
                for app in visits(page.stem):
                    if app.exception:
                        raise SystemExit(f"{page.name} failed: {app.exception[0].message}")
    finally:
        engine.stop()


if __name__ == "__main__":
    main()
