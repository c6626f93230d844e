"""The report: one file that opens offline, holds the run's numbers, and shows names as text."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dashboard.views.train import report as train_report
from models import __version__
from models.storage import runs
from models.training import results
from models.training.results import load_result, save_result
from models.training.spec import TrainingSpec
from tests.conftest import ROOT

EXAMPLE = runs.get(runs.EXAMPLE)


class Reader(HTMLParser):
    """Collects what the file asks for, what it shows, and whether its tags close."""

    VOID = ("meta", "br", "img", "link", "path")

    def __init__(self):
        super().__init__()
        self.asked, self.shown, self.open = [], [], []

    def handle_starttag(self, tag, attributes):
        self.asked += [value for name, value in attributes if name in ("src", "href") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.shown.append(data)


def read(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader, " ".join(reader.shown)


@pytest.fixture(scope="module")
def report():
    return train_report.report(EXAMPLE, load_result(EXAMPLE), "25 November 2026, 09:30 UTC")


def test_it_is_whole_and_asks_the_network_for_nothing(report):
    reader, _ = read(report)
    assert all(asked.startswith("data:image/png;base64,") for asked in reader.asked)
    assert 3e6 < len(report.encode()) < 6e6


def test_it_holds_the_numbers_of_the_run(report):
    result = load_result(EXAMPLE)
    _, shown = read(report)
    assert f"{result.summary['accuracy']:.1%}" in shown
    assert f"of {len(result.index)} test pictures right" in shown
    assert "the same to the last bit" in shown
    assert "learning rate" in shown and "0.003" in shown
    assert f"{result.summary['best_epoch']} of {len(result.history)}" in shown
    assert "import keras" in shown
    assert f"Freezeframe {__version__}, keras 3." in shown
    assert "on purpose" not in shown


def test_freezeframe_has_the_version_of_the_newest_entry_of_the_changelog():
    entries = (ROOT / "README.md").read_text().split("## Changelog")[1]
    assert re.search(r"^### (\S+) ", entries, re.MULTILINE)[1] == __version__


def test_names_are_text_and_a_run_without_mistakes_says_so():
    spec = replace(TrainingSpec.from_json(EXAMPLE.spec), leaked=0.5)
    run = runs.create("training", spec.to_json(), owner="r" * 32, title='<script>alert("x")</script>')
    result = load_result(EXAMPLE)
    perfect = result.probability * 0
    perfect[range(len(result.label)), result.label] = 1
    save_result(run.folder, replace(result, probability=perfect, summary={**result.summary, "note": "<b>note</b>"}))
    text = train_report.report(run, results.load_result(run), "25 November 2026, 09:30 UTC")
    shutil.rmtree(run.folder)
    _, shown = read(text)
    assert '<script>alert("x")</script>' in shown
    assert "<b>note</b>" in shown
    assert "Every test picture is right." in shown
    assert "This run was made wrong on purpose:  copies of 50% of the test pictures" in shown
    assert text.count("<script>alert") == 0
