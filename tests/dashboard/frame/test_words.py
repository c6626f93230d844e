"""The glossary and the search: every term is used and shown where it says, and its numbers are those of the app."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.frame import words
from dashboard.frame.words.terms import terms
from dashboard.pages import PAGES
from models.pictures import datasets
from models.storage import runs
from models.storage.files import ASSETS
from models.training import recipes
from models.training.spec import TRAINING
from tests.conftest import APP
from tests.words_found import found_in

PLACES = defaultdict(list)  # page and address -> the terms that are shown there
for _term in terms().values():
    PLACES[_term.page, tuple(sorted(_term.address.items()))].append(_term.name)


def opened(page, **address):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params.update(address)
    return app.switch_page(f"app_pages/{page}.py").run()


def written(app):
    """Every text of the page that a visitor reads without pointing at anything."""
    kinds = ("markdown", "caption", "header", "subheader", "info", "warning")
    texts = [str(element.value) for kind in kinds for element in app.main.get(kind)]
    widgets = ("selectbox", "slider", "number_input", "select_slider", "button_group", "multiselect", "toggle")
    texts += [str(element.label) for kind in widgets for element in app.main.get(kind)]
    return "\n".join(texts)


@pytest.mark.parametrize(("page", "address"), PLACES, ids=lambda value: value if isinstance(value, str) else "-")
def test_a_term_is_used_where_its_link_leads(engine, page, address):
    app = opened(page, **dict(address))
    assert not app.exception and not app.error
    named = {name: app.query_params.get(name) for name, _ in address}
    assert "This link names" not in " ".join(str(one.value) for one in app.info)
    assert all(shown in ([value], value, None) for (name, value), shown in zip(address, named.values(), strict=True))
    assert set(PLACES[page, address]) - found_in(page, written(app)) == set()


def test_no_page_has_one_word_for_two_terms():
    for page in PAGES:
        here = [term for term in terms().values() if not term.pages or page in term.pages]
        forms = Counter(form.lower() for term in here for form in {term.name, *term.forms})
        assert not [form for form, times in forms.items() if times > 1], page
    assert all(set(term.pages) <= set(PAGES) for term in terms().values())


def test_every_term_has_one_or_two_sentences_and_a_picture_that_only_draws():
    allowed = {"svg", "rect", "circle", "ellipse", "polyline", "path", "text"}
    styled = set(re.findall(r"\.([a-z]+)", words._read("words.css")))
    for term in terms().values():
        assert 1 <= len(re.findall(r"[.](?= |$)", term.text)) <= 2, term.name
        assert len(term.text) < 190 and term.text.endswith("."), term.name
        parts = list(ET.fromstring(term.picture).iter())
        assert {part.tag for part in parts} <= allowed and len(parts) > 2
        assert {look for part in parts for look in part.get("class", "").split()} <= styled
        assert not [name for part in parts for name in part.attrib if name.startswith("on")]
    assert len({term.picture for term in terms().values()}) > 30


def test_the_numbers_of_the_glossary_are_those_of_the_app():
    said = {name: term.text for name, term in terms().items()}
    card = json.loads((ASSETS / "frame8/frame8.json").read_text())
    assert f"{len(card['classes'])} kinds of photographs" in said["Frame8"]
    with np.load(ASSETS / "frame8/frame8.npz") as saved:
        kernels = {name.split("/")[0]: saved[name] for name in saved.files if name.endswith("/kernel")}
        backbone = sum(saved[name].size for name in saved.files if name.startswith("conv"))
    assert f"{backbone / 1e6:.2f} million" in said["weights"]
    convolutions = [name for name in kernels if name.startswith("conv")]
    assert f"has {len(convolutions)}, from {convolutions[0]} to {convolutions[-1]}." in said["block"]
    assert f"conv3 has {kernels['conv3'].shape[-1]}." in said["channel"]
    # Strides of Frame8: conv1 2, then a pooling of 3 by 2; conv2 1; conv3 1. By hand, k and jump before each layer:
    reach = 1 + (7 - 1) * 1 + (3 - 1) * 2 + (kernels["conv2"].shape[0] - 1) * 4 + (kernels["conv3"].shape[0] - 1) * 4
    assert kernels["conv1"].shape[0] == 7 and f"{reach} × {reach} pixels" in said["receptive field"]
    usual = TRAINING.spec_of(runs.get("example"))
    assert f"takes {usual.epochs} of them" in said["epoch"]
    assert f"begins at {usual.learning_rate:g} here" in said["learning rate"]
    tuned = recipes.after_the_head(replace(usual, trainable=("conv5",)))
    assert f"begin at {tuned.learning_rate:g}." in said["fine-tuning"] and tuned.learning_rate < usual.learning_rate
    names = len(datasets.get("galaxies").classes)
    assert f"With {names} equally probable classes it is {-math.log(1 / names):.2f}." in said["loss"]
    assert f"{math.exp(1):.1f} times as probable" in said["softmax"]
    right, n, z = 290, 300, 1.959964
    middle = (right / n + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(right / n * (1 - right / n) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    interval = f"{100 * (middle - half):.1f}–{100 * (middle + half):.1f}%"
    assert (
        f"With {right} of {n} pictures right the accuracy is {right / n:.1%}, and the interval {interval}."
        in said["95% interval"]
    )
    assert f"recall 0.5 it is {2 / (1 / 1 + 1 / 0.5):.2f}." in said["F1"]


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.views])
def test_the_views_that_the_search_offers_are_those_of_the_page(engine, name):
    groups = [one for one in opened(name).main.get("button_group") if one.key == f"{name}_view"]
    views = [getattr(view, "content", view) for view in groups[0].options]
    assert tuple(views) == PAGES[name].views and groups[0].value == views[0]


def test_the_browser_gets_every_word_and_page_once_and_the_meanings_when_it_asks():
    script = words.script()
    index = json.loads(re.search(r"^const INDEX = (.*);$", script, re.M)[1])
    assert [name for name, _, _ in index["words"]] == list(terms())
    assert {page for page, *_ in index["pages"]} == set(PAGES)
    meanings = json.loads(words.texts())
    assert set(meanings) == set(terms()) and meanings["U-matrix"]["show"].startswith("som")
    assert meanings["kernel"]["show"] == "features?features_view=First+layer"
    assert not any(term.text in script for term in terms().values())
    assert [route.path for route in words.ROUTES] == ["/words.js", "/words.json"]


class Visitor:
    """What the search knows of who searches."""

    def __init__(self, owner):
        self.owner = owner


def test_the_search_finds_the_visitors_own_runs_and_the_example_and_opens_no_others(monkeypatch):
    spec = TRAINING.spec_of(runs.get("example")).to_json()
    mine = runs.create("training", spec, owner="a" * 32, title="<img src=x onerror=alert(1)>")
    others = runs.create("training", spec, owner="b" * 32, title="Somebody else's")
    cell = runs.create("probe", {}, owner="a" * 32, title="No page shows it alone")
    chosen = []
    monkeypatch.setattr(words.state, "selection", lambda: Visitor("a" * 32))
    monkeypatch.setattr(words.state, "choose", lambda run: chosen.append(run))
    found = {run_id: title for run_id, title, _ in words._found_runs()}
    assert found[mine.id] == "<img src=x onerror=alert(1)>"  # as it is: the browser draws text
    assert {"example", "fine-tuned"} <= found.keys()
    assert others.id not in found and cell.id not in found
    assert words._shown(others.id) is None and words._shown(cell.id) is None and words._shown("../x") is None
    assert words._shown(mine.id) == ("train", {}) and words._shown("example") == ("train", {})
    assert chosen == [mine.id, "example"]
