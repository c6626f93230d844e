"""A classifier taken along: in an empty folder, without this repository, it names what is in a picture."""

import io
import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from models import __version__
from models.pictures import datasets
from models.training.spec import HeadSpec, TrainingSpec
from models.training.take_along import classifier_archive
from models.training.worker import classifier

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SPEC = TrainingSpec(dataset="galaxies", head=HeadSpec("average", (3,)), seed=4)
RUN = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """The network as it is here, and the folder into which the archive was unpacked."""
    network, folder = classifier.classifier(SPEC), tmp_path_factory.mktemp("taken")
    network.save(folder / "made.keras")
    packed = classifier_archive((folder / "made.keras").read_bytes(), SPEC, RUN)
    (folder / "made.keras").unlink()
    zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
    return network, folder


def test_it_says_what_it_is_and_names_classes_and_preprocessing(taken):
    _, folder = taken
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.txt", "classifier.keras", "labels.json", "predict.py"
    ]  # fmt: skip
    classes = datasets.DATASETS["galaxies"].classes
    assert tuple(json.loads((folder / "labels.json").read_text())) == classes
    for name in ("README.txt", "predict.py"):
        text = (folder / name).read_text()
        assert f"Made by Freezeframe {__version__}, run 01234567. Galaxies: Frame8 frozen." in text and RUN not in text
    readme = (folder / "README.txt").read_text()
    assert "64 x 64 pixels, RGB, values from 0 to 255" in readme and f"keras=={keras.__version__}" in readme
    assert [f"{number}  {name}\n" in readme for number, name in enumerate(classes)] == [True] * 5
    assert "on purpose" not in readme


def test_alone_in_a_folder_it_names_what_the_network_sees(taken):
    network, folder = taken
    picture = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(picture).save(folder / "picture.png")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "predict.py", "picture.png"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = [line.split("  ") for line in done.stdout.splitlines() if line[:2] in ("0.", "1.")]
    [expected] = np.asarray(network(picture[None].astype("float32")))
    names = datasets.DATASETS["galaxies"].classes
    assert [name for _, name in said] == [names[number] for number in expected.argsort()[::-1]]
    assert [float(value) for value, _ in said] == pytest.approx(sorted(expected, reverse=True), abs=2e-4)
