"""A trained classifier to take along: the network, the names of its classes, and a script that uses both.

Keras keeps no names of classes in a `.keras` file, so they lie beside it. Nothing of this repository is needed.
"""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from importlib.metadata import version

from models import __version__
from models.backbones import registry
from models.pictures import datasets
from models.training.spec import TrainingSpec

NETWORK, LABELS, PREDICT, README = "classifier.keras", "labels.json", "predict.py", "README.txt"
_PREDICT = '''"""What the classifier beside this file sees in a picture: python {predict} PICTURE

{about}
It needs keras with tensorflow, and Pillow.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from PIL import Image

folder = Path(__file__).parent
names = json.loads((folder / "{labels}").read_text(encoding="utf-8"))  # in the order of the probabilities
network = keras.models.load_model(folder / "{network}", compile=False)
_, height, width, _ = network.input_shape

# Values from 0 to 255 go in; the network scales them itself.
picture = Image.open(sys.argv[1]).convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
[probability] = network.predict(np.asarray(picture, "float32")[None], verbose=0)
for number in probability.argsort()[::-1]:
    print(f"{{probability[number]:.4f}}  {{names[number]}}")
'''


def about(spec: TrainingSpec, run: str) -> str:
    """Return in short lines what made a file: version, run (the first signs of its id, if any), data, network."""
    of_run = f", run {run[:8]}" if run else ""
    return textwrap.fill(f"Made by Freezeframe {__version__}{of_run}. {spec.title}.", 100)


def classifier_archive(network: bytes, spec: TrainingSpec, run: str) -> bytes:
    """Return a ZIP with `classifier.keras`, `labels.json`, `predict.py` and `README.txt`.

    Args:
        network: The `.keras` file.
        spec: What it was trained as.
        run: Its id.
    """
    names = datasets.get(spec.dataset).classes
    words = {"network": NETWORK, "labels": LABELS, "predict": PREDICT, "about": about(spec, run)}
    files = {
        README: _readme(spec, run),
        LABELS: json.dumps(names, ensure_ascii=False, indent=1) + "\n",
        PREDICT: _PREDICT.format(**words),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
        packed.writestr(NETWORK, network, zipfile.ZIP_STORED)  # compressed already
    return buffer.getvalue()


def _readme(spec: TrainingSpec, run: str) -> str:
    data = datasets.get(spec.dataset)
    classes = "\n".join(f"    {number}  {name}" for number, name in enumerate(data.classes))
    wrong = "" if spec.preprocessing == "own" else "Wrong on purpose: the network divides the values by 255 first.\n"
    return (
        f"A classifier of pictures.\n{about(spec, run)}\n\n"
        f"    pip install keras=={version('keras')} tensorflow pillow\n    python {PREDICT} PICTURE\n\n"
        f"In: pictures of {spec.side} x {spec.side} pixels, RGB, values from 0 to 255, as float32 "
        f"(N, {spec.side}, {spec.side}, 3).\n"
        f"The network ({registry.BACKBONES[spec.backbone].title} and a new head) scales them itself.\n{wrong}"
        f"Out: one probability for each class, in this order:\n\n{classes}\n\n"
        f"It knows these classes only, and names one of them for any picture. It learnt from: {data.title}.\n\n"
        f"{NETWORK}  the network; keras.models.load_model opens it without any code of Freezeframe\n"
        f"{LABELS}       the names of the classes, in the order of the probabilities\n"
        f"{PREDICT}        shows what it makes of a picture\n"
    )
