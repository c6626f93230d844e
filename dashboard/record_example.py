"""Recorded answers: what a first visit to the pages needs of the workers, so that it shows before any worker is up.

    python -m dashboard.record_example

Opens every page, and some of their views, as a new visitor would and keeps the answers of the tasks in
`assets/answers`, replacing what is there. Run it after `python -m models.ship example`, and whenever a page's first
question changes (a test fails then).
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

from dashboard.pages import PAGES
from models.jobs import engine, shipped
from models.jobs.job import Task
from models.occlusion.flow import PICTURES

APP = Path(__file__).with_name("main.py")
VIEWS = (  # page, key of a widget or of a shared choice, and what it is set to
    *(("home", "ff_picture", picture) for picture in PICTURES[1:]),
    ("backbone", "backbone_view", "Its own classes"),
    ("backbone", "ff_backbone", "lite0"),  # its own classes, too
    ("features", "features_view", "What it looks for"),
    ("features", "features_view", "First layer"),
    ("occlusion", "occlusion_view", "The whole figure"),
    ("occlusion", "occlusion_view", "Other methods"),
    ("occlusion", "occlusion_view", "Can I trust it?"),
)


def visits(page: str) -> Iterator[AppTest]:
    """Yield the page called `page` as a new visitor sees it, then with each of its `VIEWS` open."""
    app = AppTest.from_file(str(APP), default_timeout=300).run()
    yield app.switch_page(PAGES[page].script).run()
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
            for page in PAGES:
                for app in visits(page):
                    if app.exception:
                        raise SystemExit(f"{page} failed: {app.exception[0].message}")
    finally:
        engine.stop()


if __name__ == "__main__":
    main()
