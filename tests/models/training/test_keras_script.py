"""The exported script: really run, it ends with the accuracy the run ended with."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest

from models import __version__
from models.backbones import tables
from models.backbones.worker import build
from models.errors import RunNotFound
from models.jobs import execute
from models.storage import runs
from models.training import keras_script
from models.training.results import load_result
from models.training.spec import LIMITS, AugmentationSpec, HeadSpec, TrainingSpec
from models.training.worker import archive
from tests.few_digits import few_digits

build.prepare_tensorflow()
# Keras 3.15 hands TensorFlow variables to NumPy 2 in a way NumPy warns about; only saving does it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
FEW = TrainingSpec(dataset="digits", shots=4, epochs=3, batch=12, learning_rate=3e-3, schedule="cosine", seed=3)
HEAD = HeadSpec("average+max", (16,), dropout=0.3, batch_norm=True, weight_decay=1e-3, max_norm=1.5)
TWO = replace(
    FEW, trainable=("conv4", "conv4_bn", "conv5", "conv5_bn"), batch_norm="train", batch_norm_except=("conv4",),
    head=HEAD, head_epochs=3, learning_rate=1e-3, schedule="exponential", label_noise=0.2, label_smoothing=0.1,
    patience=2, split_seed=1, epochs=2,
)  # fmt: skip
# A single phase on a frozen backbone, and a mistake.
ONE = replace(FEW, epochs=2, batch=4, learning_rate=1e-2, leaked=0.1, seed=5)
END = "--- end of a script ---\n"
EACH = f"""
import os, runpy, sys
for folder in sys.argv[1:]:
    os.chdir(folder)
    runpy.run_path("{keras_script.SCRIPT}")
    print({END!r}, end="")
"""


def packed(run):
    return zipfile.ZipFile(io.BytesIO(archive.archive(run)))


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """By recipe: the run, and the lines its script prints in a folder that has nothing of this repository.

    One process runs all scripts: it loads TensorFlow once.
    """
    made, folders = {}, {}
    for spec in (TWO, ONE):
        run = runs.create("training", spec.to_json(), owner="k" * 32, title="exported")
        made[spec], folders[spec] = run, tmp_path_factory.mktemp("exported")
        with few_digits():
            assert execute.execute(run.id) == "done"
            packed(run).extractall(folders[spec])
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-c", EACH, *folders.values()],
        cwd=folders[TWO], env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = done.stdout.split(END)
    return {spec: (run, lines.splitlines()) for (spec, run), lines in zip(made.items(), told[:-1], strict=True)}


@pytest.mark.parametrize("spec", [TWO, ONE], ids=["two phases", "one phase"])
def test_the_script_ends_with_the_accuracy_of_the_run(executed, spec):
    """The head on features computed once, alone or before half a block learns, with everything a recipe can have."""
    run, lines = executed[spec]
    result = load_result(run)
    assert lines[-1] == f"test accuracy {result.summary['accuracy']:.6f}"
    told = [line for line in lines if line.startswith("epoch")]
    assert len(told) == len(result.history)
    for line, row in zip(told, result.history, strict=True):
        assert float(line.split()[3].rstrip(",")) == pytest.approx(row["loss"], rel=0.05, abs=2e-3)


def test_augmentation_is_kerass_own_and_keeps_pictures_pictures():
    everything = AugmentationSpec(True, True, **{name: limit / 4 for name, limit in LIMITS.items()})
    source = keras_script.script(replace(FEW, augmentation=everything), 10)
    assert "expect nearly the same" in source
    names = {"layers": keras.layers}
    exec(source[source.index("augmentation = [") : source.index("# Training")], names)
    pictures = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype("f4")
    assert len(names["augmentation"]) == 9
    for layer in names["augmentation"]:
        changed = np.asarray(layer(pictures, training=True))
        assert changed.shape == pictures.shape
        assert not np.array_equal(changed, pictures), layer.name
        assert 100 < changed.mean() < 155, layer.name


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "exponential"])
def test_every_recipe_is_source_that_compiles(optimizer, schedule):
    for backbone in ("frame8", "mobilenetv2"):
        names = [row.name for row in tables.table(backbone, 96).layers if row.parameters]
        for pooling in ("average", "max", "average+max", "flatten"):
            spec = replace(
                FEW, backbone=backbone, side=96, optimizer=optimizer, schedule=schedule, weights="random",
                trainable=tuple(names[-9:]), head=replace(HEAD, pooling=pooling),
            )  # fmt: skip
            source = keras_script.script(spec, 10)
            compile(source, "train.py", "exec")
            assert max(map(len, source.splitlines())) <= 120
            body = source[source.index("import keras") :]
            assert "freezeframe" not in body.lower() and "models" not in body.replace("keras.models", "")


@pytest.mark.parametrize(
    ("mistake", "before", "words"),
    [
        ({"label_noise": 0.2}, 'y = data["labels"]', "20% of the labels to learn from name another class"),
        ({"leaked": 0.5}, "train, validation, test =", "copies of 50% of the test pictures are among those to learn"),
        ({"preprocessing": "scaled twice"}, "backbone = keras", '"wrong_scale", divides the pictures by 255'),
    ],
)
def test_a_mistake_on_purpose_is_said_where_it_is_made(mistake, before, words):
    source = keras_script.script(replace(FEW, **mistake), 10)
    compile(source, "train.py", "exec")
    lines = source[source.index("import keras") :].splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith(before))
    start = next(number for number, line in enumerate(lines) if line.startswith("# Wrong on purpose: "))
    assert words in lines[start] and all(line.startswith("# ") for line in lines[start:place])
    assert source.count("on purpose") == 1
    assert max(map(len, lines)) <= 120
    right = keras_script.script(FEW, 10)
    right = right[right.index("import keras") :].splitlines()
    assert [line for line in lines if line not in lines[start:place]] == right


def test_the_backbone_beside_a_script_makes_the_mistake_that_it_names():
    network = archive._backbone(replace(FEW, preprocessing="scaled twice"))
    config = json.loads(zipfile.ZipFile(io.BytesIO(network)).read("config.json"))
    (scale,) = [layer for layer in config["config"]["layers"] if layer["config"]["name"] == "wrong_scale"]
    assert scale["config"]["scale"] == pytest.approx(1 / 255)


def test_script_and_instructions_say_what_they_are_of_which_version_run_and_data(executed):
    run, _ = executed[TWO]
    with few_digits():
        archived = packed(run)
    for name in ("train.py", "README.txt"):
        top = " ".join(archived.read(name).decode().split("\n\n")[1 if name == "train.py" else 0].split())
        assert (
            f"Made by Freezeframe {__version__}, run {run.id[:8]}. Digits: Frame8 head, then conv4 and conv5 learn"
            in top
        )
        assert "20% wrong labels" in top and run.id not in top


def test_held_batch_norm_is_not_among_what_learns():
    assert TWO.learning == ("conv4", "conv5", "conv5_bn")
    assert replace(TWO, batch_norm="hold").learning == ("conv4", "conv4_bn", "conv5")
    assert FEW.learning == ()


def test_only_a_training_has_a_script():
    run = runs.create("som", {}, owner="k" * 32, title="a map")
    with pytest.raises(RunNotFound, match="Expected a training run"):
        archive.archive(run)
