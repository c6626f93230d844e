"""The network of a training run: as it ended, as it began, and as it was after an epoch.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from models import backbone_builder, datasets, heads, kept_epochs, runs
from models.errors import InputError, RunNotFound
from models.training_specs import TrainingSpec


def classes(run: runs.Run) -> tuple[str, ...]:
    """Return the names of the outputs.

    Raises:
        RunNotFound: The run is no training.
    """
    return datasets.get(_spec(run).dataset).classes


def _spec(run: runs.Run) -> TrainingSpec:
    if run.kind != "training":
        raise RunNotFound("Expected a training run. This one did something else.")
    return TrainingSpec.from_json(run.spec)


def ended(run: runs.Run) -> keras.Model:
    """Return the trained classifier: the weights of the best epoch.

    Raises:
        RunNotFound: The run is no training, or has no classifier (yet).
    """
    _spec(run)
    if run.path("classifier.keras").exists():
        return keras.models.load_model(run.path("classifier.keras"), compile=False, safe_mode=True)
    if run.path("head.npz").exists():
        return _with_head(begun(run), run.path("head.npz"))
    raise RunNotFound("Expected a finished training run. This one has no classifier (yet).")


def _with_head(model: keras.Model, head: Path) -> keras.Model:
    """Return the classifier of the shipped example: the backbone as it is shipped, with the head's stored weights."""
    with np.load(head, allow_pickle=False) as saved:
        for variable in (v for layer in model.layers if layer.name.startswith("head") for v in layer.weights):
            variable.assign(saved[variable.path])
    return model


def begun(run: runs.Run) -> keras.Model:
    """Return the classifier before the first epoch, rebuilt from the settings: to the last bit what was trained.

    Raises:
        RunNotFound: The run is no training.
        WeightsUnavailable: It began with pretrained weights that are not on this machine.
    """
    return classifier(_spec(run))


def classifier(spec: TrainingSpec) -> keras.Model:
    """Return the classifier that a recipe begins with, one flat graph; the same recipe gives the same bits.

    Raises:
        WeightsUnavailable: It begins with pretrained weights that are not on this machine.
    """
    return heads.attach(backbone(spec), spec.head, len(datasets.get(spec.dataset).classes), spec.seed)


def backbone(spec: TrainingSpec) -> keras.Model:
    """Return the backbone that a recipe begins with, with the mistake in front if the recipe makes one.

    Raises:
        WeightsUnavailable: It begins with pretrained weights that are not on this machine.
    """
    built = backbone_builder.build(spec.backbone, side=spec.side, weights=spec.weights, seed=spec.seed)
    return backbone_builder.scaled_twice(built) if spec.preprocessing == "scaled twice" else built


def after(run: runs.Run, epoch: int) -> keras.Model:
    """Return the classifier after `epoch`, one that the run kept; 0 is the one before the first.

    Raises:
        InputError: The run did not keep this epoch.
        RunNotFound: The run is no training, or the file is damaged.
        WeightsUnavailable: It began with pretrained weights that are not on this machine.
    """
    moved = kept_epochs.read(run.folder, epoch) if epoch else {}
    model = begun(run)
    put(model, moved)
    return model


def variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Return every weight of a classifier by the name that kept epochs give it: "conv5/0"."""
    return {f"{layer.name}/{number}": v for layer in model.layers for number, v in enumerate(layer.weights)}


def put(model: keras.Model, moved: Mapping[str, np.ndarray]) -> None:
    """Give a classifier the weights of a kept epoch (`kept_epochs.read`).

    Raises:
        InputError: They belong to another network.
    """
    known = variables(model)
    try:
        for name, array in moved.items():
            known[name].assign(array)
    except (KeyError, ValueError) as error:
        raise InputError("Expected the weights of this network. Received those of another; train it again.") from error
