"""One training, from its recipe to the files of its run.

What lies below everything that learns gives the same numbers in every epoch, so it is computed once: the features when
the whole backbone is frozen, else the activations at the frozen boundary. The result equals the plain way.

A run is resumable: killed at any moment and started again it ends with the same bits (same machine and versions).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.backbones import tables
from models.backbones.worker import build
from models.jobs import machine
from models.pictures import datasets, images
from models.storage.files import write_atomically
from models.storage.progress import Progress
from models.training import epoch_answers, kept_epochs, ready_features, recipes
from models.training.costs import estimate
from models.training.head import PREFIX
from models.training.mistakes import with_noise
from models.training.results import SUMMARY, TrainingResult, WeightChange, save_result
from models.training.spec import TrainingSpec
from models.training.worker.classifier import classifier, weight_change, weights_by_layer
from models.training.worker.course import CHECKPOINT, EPOCHS_UNTIL, Course, Material, Training, predict, run_phases
from models.training.worker.loop import Loop

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@dataclass(slots=True)
class SharedNetwork:
    """What several trainings share: the network they all begin with, its compiled steps, the frozen part's output.

    A training that needs another network, or other pictures, has them made anew. The numbers of a training are the same
    with it as without.

    Attributes:
        made_for: The spec that `classifier` was built for; None before the first training.
        classifier: Takes the weights a training begins with, and keeps those it ended with.
        loops: {phase: loop}, see `Training`.
    """

    made_for: TrainingSpec | None = None
    classifier: Any = None
    loops: dict[int, Loop] = field(default_factory=dict)

    def begin(self, spec: TrainingSpec) -> keras.Model:
        """Return the classifier with the weights that a training of `spec` begins with."""
        fresh = classifier(spec)
        if self.made_for is None or _architecture(self.made_for) != _architecture(spec):
            self.loops.clear()
            self.classifier = fresh
        else:
            self.classifier.set_weights(fresh.get_weights())
        self.made_for = spec
        return self.classifier


_HEADS = SharedNetwork()  # of heads on ready features, which follow one another in a process: nothing is traced twice


def _architecture(spec: TrainingSpec) -> tuple[Any, ...]:
    """Return what decides the layers of a classifier, and the pictures it sees."""
    return spec.backbone, spec.side, spec.dataset, spec.head, spec.preprocessing


def train(spec: TrainingSpec, progress: Progress, folder: Path, shared: SharedNetwork | None = None) -> None:
    """Train as `spec` says and write the results into `folder` (see `models/training/results.py`).

    Runs of one `split_seed` are watched and tested on the same pictures of their data set, whatever their seed.

    Args:
        spec: The recipe.
        progress: Hears about every epoch; may cancel at any batch.
        folder: Of the run; a checkpoint of the same spec found there is continued.
        shared: With trainings before and after this one, if there are any.

    Raises:
        InputError, TooLarge: The spec cannot be carried out.
        WeightsUnavailable: The pretrained weights are not on this machine.
        Cancelled: The visitor asked to stop.
    """
    started = time.perf_counter()
    build.prepare_tensorflow()
    cost = recipes.validate(spec)
    estimate.keep(folder, cost)
    machine.tidy()
    watch = machine.Watch()
    if shared is None and ready_features.are_all(spec):
        shared = _HEADS
    progress.event(share=0.0, note="Reading the pictures")
    material = material_of(spec, whole=shared is not None and spec.weights == "pretrained")
    progress.event(share=0.01, note="Building the network")
    shared = shared or SharedNetwork()
    training = Training(
        spec, shared.begin(spec), material, folder, progress, loops=shared.loops, watch=watch, work=cost.phase_seconds,
        blocks={row.name: row.block for row in tables.table(spec.backbone, spec.side).layers},
    )  # fmt: skip
    training.seconds["preparation"] = time.perf_counter() - started
    try:
        fit(training)
        progress.check()  # cancelled while it was saved
    except Exception:  # a kill is none: its files are needed again
        _HEADS.made_for = None  # what it left is built anew
        kept_epochs.clear(folder)
        (folder / epoch_answers.FILE).unlink(missing_ok=True)
        (folder / SUMMARY).unlink(missing_ok=True)
        raise
    finally:  # only a killed run needs it again, and a large network's takes hundreds of megabytes
        (folder / CHECKPOINT).unlink(missing_ok=True)


def material_of(spec: TrainingSpec, *, whole: bool = False) -> Material:
    """Return what a run learns from; its pictures are read once they are needed. `whole`: see `Material`."""
    split, right = recipes.split_of(spec), datasets.labels(spec.dataset)
    labels, noisy = with_noise(right, split.train, spec.label_noise, len(datasets.get(spec.dataset).classes), spec.seed)
    return Material(cache(lambda: _pictures(spec)), labels, split, noisy, whole, ready_features.of(spec))


def _pictures(spec: TrainingSpec) -> np.ndarray:
    """Return all pictures of a run's data set, as large as its network takes them."""
    pictures = datasets.load(spec.dataset).images
    if pictures.shape[1:3] == (spec.side, spec.side):
        return pictures
    return images.resize(pictures, spec.side, spec.side)


def fit(training: Training) -> TrainingResult:
    """Train; save and return the result, and save the classifier.

    It ends with the weights of the epoch with the best validation accuracy (equal ones: lower validation loss).
    """
    network, material = training.classifier, training.material
    before = weights_by_layer(network)
    course = run_phases(training)
    learn, watch, test = material.places()
    noisy = learn[np.isin(material.split.train, material.noisy)]
    with training.timed("results"):
        training.progress.event(share=EPOCHS_UNTIL, note="Saving the results")
        course.keep_ends()
        course.use_best()
        probabilities = {
            name: predict(course, rows, training.progress) if len(rows) else np.empty((0, 0), np.float32)
            for name, rows in (("probability", test), ("val_probability", watch), ("noisy_probability", noisy))
        }
        course.asked.add(course.best_epoch, probabilities["probability"])
        asked = course.asked.together(material.split.test, material.labels[material.split.test])
        epoch_answers.write(training.folder, asked)
        _save_classifier(network, training.folder / "classifier.keras")
    result = _result(training, course, probabilities, weight_change(network, before, training.blocks))
    save_result(training.folder, result)
    return result


def _result(
    training: Training, course: Course, probabilities: Mapping[str, np.ndarray], changes: tuple[WeightChange, ...]
) -> TrainingResult:
    """Put together what the run found out."""
    split, labels, noisy = training.material.split, training.material.labels, training.material.noisy
    right = probabilities["probability"].argmax(axis=1) == labels[split.test]
    return TrainingResult(
        history=tuple(course.history),
        index=split.test,
        label=labels[split.test],
        val_index=split.validation,
        val_label=labels[split.validation],
        noisy_index=noisy,
        noisy_label=labels[noisy],
        **probabilities,
        weight_change=changes,
        summary={
            "accuracy": float(right.mean()),
            "n_test": len(right),
            **_facts(course, training.classifier),
            **training.watch.facts(),
            "seconds": {**training.seconds, "total": sum(training.seconds.values())},
        },
    )


def _save_classifier(classifier: keras.Model, path: Path) -> None:
    """Save so that a kill at any moment leaves no half-written classifier (Keras alone does)."""
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        classifier.save(temporary)
        write_atomically(path, temporary.read_bytes())
    finally:
        temporary.unlink(missing_ok=True)


def _facts(course: Course, classifier: keras.Model) -> dict[str, Any]:
    """Return the part of the summary that says how the run went; of two phases, what learnt in the last."""
    trainable = sum(int(np.prod(variable.shape)) for variable in classifier.trainable_variables)
    frozen = sum(int(layer.count_params()) for layer in classifier.layers if layer.weights and not layer.trainable)
    return {
        "best_epoch": course.best_epoch,
        "epochs": len(course.history),
        "note": course.note,
        "path": _path(course.loop),
        "parameters_trainable": trainable,
        "parameters_frozen": frozen,
        "parameters_statistics": int(classifier.count_params()) - trainable - frozen,
        "spec": course.spec.to_json(),
    }


def _path(loop: Loop) -> str:
    """Return in words what was done to the frozen part."""
    if loop.augmented:
        return "augmented"
    if not loop.examples.cached:
        return "plain"
    if all(name.startswith(PREFIX) for name in loop.split.boundary):
        return "features once"
    return "cached at " + ", ".join(loop.split.boundary)
