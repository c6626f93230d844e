"""Figures that stand in sentences and help texts of the pages, held against what they are about."""

import json
import math
import re

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from streamlit.testing.v1 import AppTest

from dashboard.figures.comparison import MOST
from dashboard.views.backbone.own_classes import FINE
from dashboard.views.train import recipe
from models.backbones import tables
from models.backbones.registry import BACKBONES
from models.features import gabor
from models.features.worker.gabor import NOISE_KERNELS
from models.occlusion.occlusion import FILLS
from models.pictures import datasets, textures, uploads
from models.pictures.images import UPLOAD_SIDE
from models.representations import probe_fit
from models.som import export, film
from models.som import tables as som_tables
from models.som.data import SomTask
from models.som.failures import FAILURES, METRES
from models.som.sources import SOURCES
from models.som.spec import SomSpec
from models.storage.files import ASSETS
from models.sweeps import variations
from models.training import traps
from models.training.head import targets
from models.training.recipes import DEFAULT
from models.training.worker import loop
from models.transferability import slice
from models.transferability.experiment import EIGHT
from tests.conftest import APP

CARD = json.loads((ASSETS / "frame8/frame8.json").read_text())


@pytest.fixture
def said(engine):
    """Returns everything that a page writes, by a link: texts, labels, help texts and placeholders, in one line."""

    def open_it(page, **query):
        app = AppTest.from_file(APP, default_timeout=120)
        app.query_params.update(query)
        app.switch_page(f"app_pages/{page}.py").run()
        assert not app.exception
        fields = ("body", "label", "help", "placeholder")
        return " ".join(str(getattr(element.proto, name, "")) for element in app.main for name in fields)

    return open_it


def test_the_backbone_page_counts_frame8s_classes_pictures_and_kernels(said):
    classes, pictures = len(CARD["classes"]), 10_000
    assert f"and {pictures:,} validation pictures of {classes} classes" in CARD["data"]
    assert all(round(row["top_1"] * pictures, 6) == round(row["top_1"] * pictures) for row in CARD["history"])
    own = said("backbone", backbone_view="Its own classes")
    assert f"Its {classes} classes" == FINE and f"It always picks one of its {classes} classes" in own
    assert "fourteen groups of our own making" in own  # counted in tests/test_claims.py
    past = said("backbone", backbone_view="How it was pretrained")
    best, hours = CARD["history"][-1]["top_1"], sum(row["seconds"] for row in CARD["history"]) / 3600
    assert (
        f"of the {pictures:,} validation pictures named right among {classes} classes (by chance {1 / classes:.1%}), "
        f"after {len(CARD['history'])} epochs, {hours:.1f} h on 2 CPU cores"
    ) in past
    z = 1.959964  # Wilson's interval, by hand
    middle = (best + z**2 / (2 * pictures)) / (1 + z**2 / pictures)
    half = z * math.sqrt(best * (1 - best) / pictures + z**2 / (4 * pictures**2)) / (1 + z**2 / pictures)
    assert f"**{best:.1%}** (95% interval {100 * (middle - half):.1f}–{middle + half:.1%})" in past
    with np.load(ASSETS / "frame8/frame8.npz") as saved:
        assert f"The same {saved['conv1/kernel'].shape[-1]} kernels of conv1" in past
        layers = sum(name.endswith("/kernel") for name in saved.files)
    frame8 = BACKBONES["frame8"]
    assert layers == 8 and "Our own eight-layer network" in frame8.reference
    assert frame8.trained_on == f"Tiny ImageNet: 100,000 pictures of {classes} classes"
    assert frame8.pretraining.endswith("classes, 64 × 64 px")
    assert CARD["data"].startswith("Tiny ImageNet: 100,000 training") and CARD["data"].endswith(", 64 x 64")


def test_the_features_page_names_the_backbones_whose_kernels_are_large_enough(said):
    large = [
        spec.title
        for spec in BACKBONES.values()
        if next(row for row in tables.table(spec.id, 96).layers if row.kind == "Conv2D").kernel == 7
    ]
    text = said("features", features_view="First layer", backbone="mobilenetv2")
    assert f"{', '.join(large[:-1])} and {large[-1]} have 7 × 7." in text
    assert NOISE_KERNELS == 1000
    assert f"At {gabor.WELL:g} at most a fifth is left over" in said("features", features_view="First layer")
    assert pytest.approx(1 / 5) == 1 - gabor.WELL


def test_the_general_page_says_how_much_a_slice_learns_from(said):
    split = datasets.split("digits")
    text = said("general", general_view="Live on digits")
    assert len(split.train) / 10 == pytest.approx(108, abs=0.5)
    few, whole = slice.EPOCHS[20], slice.EPOCHS[None]
    assert f"All are about 108 a digit, seen in {whole} epochs; 20 a digit are seen in {few} epochs." in text
    paper = said("general")
    assert f"{100_000 // len(CARD['classes'])} to learn from in every class" in paper
    assert f"about {645_000 // 500:,} a class" in paper  # of the paper's halves of ImageNet
    assert "450,000 steps of 256 pictures, 9.5 days a network" in paper  # as the paper has it
    widths = [filters for filters, *_ in EIGHT.convolutions] + list(EIGHT.dense)
    assert EIGHT.depth == 8 and f"Eight layers as in the paper, but narrower ({', '.join(map(str, widths))})" in paper


def test_the_probe_says_which_penalties_it_chooses_from(said):
    *first, last = (f"{value:g}" for value in probe_fit.STRENGTHS)
    assert f"chosen out of {', '.join(first)} and {last}." in said("general", general_view="Probe each layer")


def test_the_map_says_how_fast_rate_and_radius_fall_and_what_is_kept(said):
    text = said("som", som_source=SOURCES["table"].title)
    assert f"after each, they are {math.exp(-1):.0%} of what they were" in text
    assert f"minus this, {math.exp(-3):.0%} of the start for 3." in text
    wine = load_wine().data
    assert f"{wine.shape[1]} measurements of {wine.shape[0]} wines." in text
    assert som_tables.OLDEST_DAYS == 14 and "kept on this server for two weeks at most" in text
    pictures = said("som", som_source=SOURCES["pictures"].title)
    assert "the BMU is sought over four quarter turns and their mirror images" in pictures
    task = SomTask("pictures", SomSpec(2, 2), dataset="digits", rotations=True)
    assert len(film.poses_of(task)) == 2 * 4
    assert export.MOST_BYTES <= 3e6 and "3 MB at most" in said("som")


def test_what_a_visitor_brings_along_is_bounded_as_said(said):
    text = said("activations")
    assert f"At most {uploads.MAX_PIXELS / 1e6:g} megapixels" in text
    assert f"shrunk to {UPLOAD_SIDE} pixels" in text


def test_the_traps_say_how_many_seeds_there_are(said):
    assert len(traps.SEEDS) == 3 and "These numbers come from three seeds of one small network" in said("traps")


def test_six_runs_are_compared_and_four_fills(said):
    assert MOST == 6 and "Choose up to six finished trainings" in said("compare")
    assert len(FILLS) == 4 and "or the four fills, and where their maps disagree" in said("occlusion")
    vgg16 = BACKBONES["vgg16"]
    assert vgg16.trained_on == f"ImageNet: {1_281_167 / 1e6:.2f} million pictures of 1,000 classes"


def test_the_recipe_says_where_the_exponential_schedule_ends():
    assert recipe.HELP["schedule"].endswith("exponentially to a hundredth.") and loop.FINAL_SHARE == 1 / 100


def test_what_is_said_of_data_sets_is_so():
    scans = load_digits()
    greys = len(np.unique(scans.data))
    digits = datasets.get("digits")
    side = scans.images.shape[1]
    assert f"reduced to {side} × {side} pixels of {greys} grey levels" in digits.description
    _, people = map(int, re.search(r"(\d+) contributed to the training set and different (\d+)", scans.DESCR).groups())
    assert f"handwritten digits of {people} people" in digits.description
    assert digits.per_class == tuple(np.bincount(scans.target))
    assert len(datasets.get("galaxies").classes) == 5
    assert len(textures.CLASSES) == 8 and "eight patterns" in datasets.get("textures").description
    split = datasets.split("digits")
    pixels, models = scans.data / 16, []
    for strength in (0.1, 1, 10):
        model = LogisticRegression(C=strength, max_iter=1000).fit(pixels[split.train], scans.target[split.train])
        parts = (split.validation, split.test)
        models.append([model.score(pixels[part], scans.target[part]) for part in parts])
    _, right = max(models)  # by the validation pictures
    assert f"even a linear model on the pixels gets {right:.0%} right" in digits.limits


def test_what_is_said_of_regularisers_and_controls_is_what_they_change():
    def changed(name):
        return variations.apply(name, DEFAULT), variations.REGULARISERS[name]

    spec, dropout = changed("dropout")
    assert spec.head.dropout == 1 / 2 and dropout.description.startswith("Half of the values")
    assert dropout.title == f"Dropout {spec.head.dropout:g}"
    spec, decay = changed("decay")
    assert f"grows by {spec.head.weight_decay:g} times" in decay.description
    spec, norm = changed("max_norm")
    assert f"longer than {spec.head.max_norm:g}." in norm.description and norm.title == "Max-norm 1"
    spec, smoothing = changed("smoothing")
    assert spec.label_smoothing == 1 / 10 and smoothing.description.startswith("A tenth of the target")
    assert targets(5, spec.label_smoothing).other == pytest.approx(0.1 / 5)
    spec, stopping = changed("stopping")
    assert f"after {spec.patience} epochs without" in stopping.description
    scratch = variations.LINES["scratch"]
    spec = scratch.change(DEFAULT)
    assert f"with Adam at {spec.learning_rate:g} and BatchNorm trained" in scratch.description
    assert (spec.optimizer, spec.batch_norm) == ("adam", "train")


@pytest.mark.parametrize("name", FAILURES)
def test_the_cure_of_a_map_says_what_was_changed(name):
    failure = FAILURES[name]
    wrong, right = failure.wrong, failure.right
    said = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", failure.changed)]
    expected = {
        "twist": [right.radius0, wrong.radius0],
        "fold": [right.radius0, wrong.radius0],
        "rate": [right.rate0, wrong.rate0],
        "scale": [0, 1],
        "steps": [right.epochs, wrong.epochs],
    }[name]
    assert said == expected
    if "half the side" in failure.changed:
        assert right.radius0 == right.rows / 2 == right.columns / 2
    if name == "scale":
        assert METRES == 1000 and "a thousand times smaller" in failure.why
