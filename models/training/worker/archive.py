"""The archive of a training: a plain Keras script, and the pictures and the backbone it reads."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np

from models.errors import RunNotFound
from models.pictures import datasets
from models.storage import runs
from models.training import keras_script
from models.training.results import ArchiveFile
from models.training.spec import TRAINING, TrainingSpec
from models.training.worker import classifier
from models.training.worker.train import material_of

_STORED = (".keras",)  # compressed already


def archive(run: runs.Run) -> bytes:
    """Return a ZIP with `train.py`, `data.npz`, `backbone.keras` and `README.txt`.

    Raises:
        RunNotFound: The run is no training.
        WeightsUnavailable: It began with pretrained weights that are not on this machine.
    """
    if run.kind != TRAINING.kind:
        raise RunNotFound("Expected a training run. This one did something else.")
    spec = TRAINING.spec_of(run)
    files = {
        keras_script.SCRIPT: keras_script.script(spec, len(datasets.get(spec.dataset).classes), run.id).encode(),
        "README.txt": keras_script.instructions(spec, keras.__version__, run.id).encode(),
        keras_script.DATA: _data(spec),
        keras_script.BACKBONE: _backbone(spec),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            kind = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
            packed.writestr(name, content, kind)
    return buffer.getvalue()


def _data(spec: TrainingSpec) -> bytes:
    """Return the pictures that the run read, as the network takes them, and their labels as it learnt them."""
    material = material_of(spec)
    rows = material.rows
    train, validation, test = material.places()
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        images=material.images[rows],
        labels=material.labels[rows],
        train=train,
        validation=validation,
        test=test,
        classes=np.array(datasets.get(spec.dataset).classes),
    )
    return buffer.getvalue()


def _backbone(spec: TrainingSpec) -> bytes:
    backbone = classifier.backbone(spec)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, keras_script.BACKBONE)
        backbone.save(path)
        return path.read_bytes()


def training_archive(run: str) -> ArchiveFile:
    """Return a training as a ZIP: a plain Keras script with the pictures and the backbone it reads."""
    return ArchiveFile(np.frombuffer(archive(runs.get(run)), np.uint8))
