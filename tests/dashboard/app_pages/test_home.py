"""Home: a tile for every other page, and where the visitor stands, also when a run has lost its results."""

import json
from io import BytesIO

import pytest
from PIL import Image

from dashboard.pages import HOME, PAGES
from dashboard.views.home.stations import PICTURES
from dashboard.widgets import cache
from models.storage import files, runs
from models.training.spec import TrainingSpec

PAGE = HOME


def a_finished_run(summary: bytes | None) -> str:
    run = runs.create("training", TrainingSpec().to_json(), owner="", title="By hand")
    if summary is not None:
        files.write_atomically(run.path("summary.json"), summary)
    run.set_status(runs.RunStatus("done", share=1.0))
    return run.id


def texts(app) -> str:
    return "\n".join(element.value for element in app.markdown)


def test_every_other_page_has_a_tile_with_its_picture(app):
    others = [page for page in PAGES.values() if page.name != HOME]
    assert [link.proto.label for link in app.get("page_link")][-len(others) :] == [page.title for page in others]
    missing = [
        f"{page.name}-{scheme}"
        for page in others
        for scheme in ("light", "dark")
        if not (page.station and page.picture and (PICTURES / f"{page.name}-{scheme}.webp").is_file())
    ]
    assert not missing


def test_streamlit_passes_the_pictures_on_as_they_are():
    path = PICTURES / "data-light.webp"
    with Image.open(BytesIO(cache.jpeg(str(path)))) as sent, Image.open(path) as shipped:
        assert (sent.format, sent.size) == ("JPEG", shipped.size)


def test_a_finished_run_leads_on_to_its_mistakes(visit):
    app = visit(run=a_finished_run(json.dumps({"accuracy": 0.9, "n_test": 100}).encode()))
    assert not app.exception
    assert "By hand: 90.0% of 100 test pictures right" in texts(app)
    assert "Next: see what it gets wrong" in [link.proto.label for link in app.get("page_link")]


@pytest.mark.parametrize("summary", [None, b"{", b"[]", b'{"accuracy": "high", "n_test": 5}'])
def test_a_finished_run_without_its_results_leads_back_to_training(visit, summary):
    app = visit(run=a_finished_run(summary))
    assert not app.exception
    assert "By hand: its results are missing or damaged" in texts(app)
    assert "Next: train it again" in [link.proto.label for link in app.get("page_link")]
