"""Figures in README and in the model cards, held against what they are about."""

import ast
import csv
import hashlib
import json
import re
import subprocess

import numpy as np
import pytest

from dashboard.figures.comparison import MOST
from models import __version__
from models.backbones import tables
from models.backbones.registry import BACKBONES
from models.frame8.classes import GROUPS
from models.jobs import engine
from models.pictures.datasets import DATASETS
from models.som.rotation import ROTATION, RotationTask
from models.storage import runs
from models.storage.files import ASSETS
from models.training.traps import TRAPS
from tests.conftest import ROOT

FRAME8 = ASSETS / "frame8"


def prose(path) -> str:
    """The text of a page of documentation in one line."""
    return " ".join(path.read_text().split())


@pytest.fixture(scope="module")
def readme() -> str:
    return prose(ROOT / "README.md")


@pytest.fixture(scope="module")
def weights() -> dict[str, tuple[int, ...]]:
    """The shapes in Frame8's weight file, by name."""
    with np.load(FRAME8 / "frame8.npz") as saved:
        return {name: saved[name].shape for name in saved.files}


def test_the_readme_counts_what_there_is(readme):
    others = "MobileNetV2, MobileNetV3 Small, EfficientNet B0, ResNet50 V2, DenseNet121, VGG16 and VGG19"
    assert re.split(", | and ", others) == [spec.title for spec in BACKBONES.values() if not spec.shipped]
    shipped = " and ".join(spec.title for spec in BACKBONES.values() if spec.shipped)
    assert f"{shipped} come with the app and need no network; {others} fetch" in readme
    assert len(DATASETS) == 3 and "a small network and three data sets are part of the repository" in readme
    assert len(TRAPS) == 6 and "Six prepared mistakes, each beside its cure" in readme
    assert MOST == 6 and "Up to six finished trainings side by side" in readme
    assert engine.MOST_JOBS == 4 and "fair queue (one running and three waiting per person" in readme
    assert runs.MOST_BYTES == 8e9 and "when all runs together exceed 8 GB" in readme
    assert runs._OLDEST_DAYS == 14 and "runs that nothing was written to for two weeks are cleared away" in readme


def test_the_readme_counts_the_controls_that_keep_their_value(readme):
    """Bound to the address, or kept in the session, by what the calls of widgets say."""
    calls = [
        {keyword.arg for keyword in node.keywords}
        for path in (ROOT / "dashboard").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    bound, kept = (sum(name in call for call in calls) for name in ("bind", "persist_state"))
    version = ".".join(__version__.split(".")[:2])
    assert (
        f"In version {version} that is {bound} of the {bound + kept} controls that keep their value. "
        f"The other {kept} are kept for your own visit only"
    ) in readme


def test_the_readme_says_how_pure_the_shipped_maps_are(readme):
    task = RotationTask()
    plain, turned = (100 * ROTATION.shipped(task).purity).mean(axis=1)
    assert f"it is {turned:.1f} % pure, a plain one {plain:.1f} % ({task.rows} x {task.columns} units" in readme
    assert task.seeds == 5 and "means of 5 seeds" in readme


def test_the_readme_says_how_long_the_shipped_slice_took(readme):
    rows = list(csv.DictReader((ASSETS / "transferability_slice/rows.csv").read_text().splitlines()))
    took = int(sum(float(row["seconds"]) for row in rows))
    assert f"({len(rows)} small networks, one after the other; those of the shipped table took {took} seconds" in readme


def test_the_card_of_frame8_says_what_its_file_holds(weights):
    card, text = json.loads((FRAME8 / "frame8.json").read_text()), prose(FRAME8 / "README.md")
    assert card["parameters"] == sum(int(np.prod(shape)) for shape in weights.values()) == 2_615_832
    assert card["sha256"] == hashlib.sha256((FRAME8 / "frame8.npz").read_bytes()).hexdigest()
    assert f"gives {100 * card['top_1_shipped']:.2f} % (`top_1_shipped`)" in text
    assert f"`top_1_validation` ({100 * card['top_1_validation']:.2f} %)" in text
    assert f"one of 200 classes for {100 * card['top_1_shipped']:.1f} % of Tiny ImageNet's 10,000" in text
    assert "They come from 15 epochs in about two hours on two CPU cores" in text
    assert (card["epochs_done"], round(card["hours"]), card["machine"]) == (15, 2, "2 CPU cores, x86_64")
    assert "provisional" not in text.lower() and "What a longer training would bring is unknown" in text
    assert card["top_1_validation"] == card["history"][-1]["top_1"]
    plan = ",".join(f"{end}:{length}" for end, length in card["recipe"]["plans"])
    assert f"--bfloat16 --plan {plan}" in text and card["recipe"]["bfloat16"] is True
    assert card["hours"] == pytest.approx(sum(row["seconds"] for row in card["history"]) / 3600)
    pictures = [
        int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:training|validation)", card["data"])
    ]
    assert pictures == [200 * 500, 200 * 50] and len(card["classes"]) == 200
    assert "200 classes of ImageNet with 500 training and 50 validation pictures each, 64 x 64" in text
    with np.load(FRAME8 / "frame8_kernels.npz") as kept:
        assert kept["epochs"].tolist() == [0, 1, 3, 15]
    assert "the first layer's kernels before training, after 1 and 3 epochs, and at the end" in text


def test_the_card_of_frame8_draws_its_layers_as_they_are(weights):
    text = (FRAME8 / "README.md").read_text()
    rows = re.findall(r"\| `(conv\d)` \| (\d) x \1?(\d), (\d) \| (\d+) x (\d+) x (\d+) \|", text)
    whole = tables.table("frame8", 64, include_top=True)
    assert [name for name, *_ in rows] == ["conv1", "conv2", "conv3", "conv4", "conv5"]
    for name, height, width, stride, *output in rows:
        shape, layer = weights[f"{name}/kernel"], whole.row(name)
        assert (int(height), int(width), int(output[2])) == (*shape[:2], shape[3])
        assert (int(stride), tuple(map(int, output))) == (layer.stride, layer.output)
    dense = {name: weights[f"{name}/kernel"][1] for name in ("fc6", "fc7", "fc8")}
    assert dense == {"fc6": 640, "fc7": 640, "fc8": 200}
    assert "| `fc6`, `fc7` | dense | 640 each |" in text and "| `fc8` | dense | 200 |" in text
    assert {name for name in weights if name.endswith("bias")} == {"fc8/bias"}
    assert "Five convolutional and three dense layers" in text


def test_every_class_of_frame8_has_one_group():
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(json.loads((FRAME8 / "frame8.json").read_text())["classes"])
    assert len(GROUPS) == 14 and len(names) == 200


def test_the_card_of_the_experiment_names_the_runs_that_its_table_holds():
    text = prose(ASSETS / "transferability/README.md")
    commands = re.findall(r"--split (?:'([^']+)'|(\w+)) --seeds ((?:\d ?)+)", text)
    named = {(split or word, int(seed)) for split, word, seeds in commands for seed in seeds.split()}
    rows = list(csv.DictReader((ASSETS / "transferability/rows.csv").read_text().splitlines()))
    assert {(row["split"], int(row["seed"])) for row in rows} == named
    assert len({row["digest"] for row in rows}) == 1
    columns = set(rows[0])
    assert columns == {
        name
        for line in re.findall(r"\| ((?:`\w+`(?:, )?)+) \|", text.split("## `published")[0])
        for name in re.findall(r"`(\w+)`", line)
    }
    assert "449 classes are natural, 551 man-made" in text


def test_the_pictures_that_the_readme_shows_are_there():
    text = (ROOT / "README.md").read_text()
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert shown and not set(shown) - set(tracked)
