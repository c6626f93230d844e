"""Transfer learning: train a head, and what of the backbone is not frozen. Imports Keras: only workers use this module.

What lies below everything that learns gives the same numbers in every epoch, so it is computed once: the features when
the whole backbone is frozen, else the activations at the frozen boundary. The result equals the plain way.

A run is resumable: killed at any moment and started again it ends with the same bits (same machine and versions).
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from models import backbone_builder, datasets, heads, images, kept_epochs, layer_tables, networks, recipes
from models.checkpoints import Course
from models.examples import pictures_per_pass, prepare_examples, progress_until
from models.freezing import HEAD, Split, freeze, split_at_frozen, weight_change, weights_by_layer
from models.runs import Progress, write_atomically
from models.training_loop import Loop
from models.training_results import TrainingResult, WeightChange, save_result
from models.training_specs import TrainingSpec

CHECKPOINT = "checkpoint.npz"
VECTORS = 1024  # feature vectors per forward pass of a head
EPOCHS_UNTIL = 0.95  # of the progress bar; the rest is saving


@dataclass(frozen=True, slots=True)
class Material:
    """The pictures of a run.

    Attributes:
        images: uint8 (N, H, W, 3) of the size the network takes.
        labels: int64 (N,), 0 .. classes - 1.
        split: Which of them are learnt from, watched after every epoch, and tested on at the end.
    """

    images: np.ndarray
    labels: np.ndarray
    split: datasets.Split


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Run a job of kind "training"."""
    train(TrainingSpec.from_json(spec), progress, folder)


def train(spec: TrainingSpec, progress: Progress, folder: Path) -> None:
    """Train as `spec` says and write the results into `folder` (see `models/training_results.py`).

    Every run is watched and tested on the same pictures of its data set, whatever its seed.

    Raises:
        InputError, TooLarge: The spec cannot be carried out.
        WeightsUnavailable: The pretrained weights are not on this machine.
        Cancelled: The visitor asked to stop.
    """
    started = time.perf_counter()
    networks.prepare_tensorflow()
    recipes.validate(spec)
    progress.event(share=0.0, note="Reading the pictures")
    material = _material(spec)
    progress.event(share=0.01, note="Building the network")
    backbone = backbone_builder.build(spec.backbone, side=spec.side, weights=spec.weights, seed=spec.seed)
    classifier = heads.attach(backbone, spec.head, len(datasets.get(spec.dataset).classes), spec.seed)
    blocks = {row.name: row.block for row in layer_tables.table(spec.backbone, spec.side).layers}
    seconds = {"preparation": time.perf_counter() - started}
    try:
        fit(spec, classifier, material, progress, folder, blocks=blocks, seconds=seconds)
    except Exception:  # a kill is none: its files are needed again
        kept_epochs.clear(folder)
        raise
    finally:  # only a killed run needs it again, and a large network's takes hundreds of megabytes
        (folder / CHECKPOINT).unlink(missing_ok=True)


def _material(spec: TrainingSpec) -> Material:
    data = datasets.load(spec.dataset)
    pictures = data.images
    if pictures.shape[1:3] != (spec.side, spec.side):
        pictures = images.resize(pictures, spec.side, spec.side)
    return Material(pictures, data.labels, datasets.split(spec.dataset, shots=spec.shots))


def fit(
    spec: TrainingSpec,
    classifier: keras.Model,
    material: Material,
    progress: Progress,
    folder: Path,
    *,
    blocks: Mapping[str, str],
    seconds: Mapping[str, float],
) -> TrainingResult:
    """Train `classifier` on `material`; save and return the result, and save the classifier.

    It ends with the weights of the epoch with the best validation accuracy (equal ones: lower validation loss).

    Args:
        spec: The recipe; its backbone, data set and side are not looked at.
        classifier: One flat graph whose last layers are named `head_…`; changed in place.
        material: What to learn from.
        progress: Hears about every epoch; may cancel at any batch.
        folder: Of the run; a checkpoint of the same spec found there is continued.
        blocks: {backbone layer: block}.
        seconds: What the phases before this one took.
    """
    spent = dict(seconds)
    freeze(classifier, spec.trainable, spec.batch_norm)
    before = weights_by_layer(classifier)
    parts = split_at_frozen(classifier)
    split, labels = material.split, material.labels
    rows = np.concatenate([split.train, split.validation, split.test])
    learn, watch, test = np.split(np.arange(len(rows)), np.cumsum([len(split.train), len(split.validation)]))
    with _timed(spent, "frozen part"):
        examples = prepare_examples(parts, material.images[rows], labels[rows], progress)
    course = Course(spec, Loop(spec, parts, examples), folder / CHECKPOINT)
    with _timed(spent, "epochs"):
        _epochs(course, learn, watch, labels[split.validation], progress)
    with _timed(spent, "results"):
        progress.event(share=EPOCHS_UNTIL, note="Saving the results")
        course.keep_ends()
        course.use_best()
        probabilities = _predict(course, test, progress), _predict(course, watch, progress)
        _save_classifier(classifier, folder / "classifier.keras")
    summary = {**_facts(course, classifier, parts), "seconds": {**spent, "total": sum(spent.values())}}
    result = _result(course, material, probabilities, weight_change(classifier, before, blocks), summary)
    save_result(folder, result)
    return result


def _result(
    course: Course,
    material: Material,
    probabilities: tuple[np.ndarray, np.ndarray],
    changes: tuple[WeightChange, ...],
    facts: Mapping[str, Any],
) -> TrainingResult:
    """Put together what the run found out; `probabilities` of the test and the validation pictures."""
    split, labels = material.split, material.labels
    test, validation = probabilities
    right = test.argmax(axis=1) == labels[split.test]
    return TrainingResult(
        history=tuple(course.history),
        index=split.test,
        label=labels[split.test],
        probability=test,
        val_index=split.validation,
        val_label=labels[split.validation],
        val_probability=validation,
        weight_change=changes,
        summary={"accuracy": float(right.mean()), "n_test": len(right), **facts},
    )


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[phase] = time.perf_counter() - started


def _epochs(course: Course, learn: np.ndarray, watch: np.ndarray, labels: np.ndarray, progress: Progress) -> None:
    """Train until the recipe ends, patience is exhausted or the loss is not a number."""
    spec, loop = course.spec, course.loop
    first = progress_until(loop.split.prefix) if loop.examples.cached else 0.05
    course.resume()
    while not course.over:
        started = time.perf_counter()
        row = loop.epoch(len(course.history), learn, progress.check)
        if not course.accept(row):
            return
        probability = _predict(course, watch, progress)
        course.record(row, probability, labels, time.perf_counter() - started)
        done = len(course.history)
        typical = float(np.median([past["seconds"] for past in course.history]))
        progress.event(
            share=first + (EPOCHS_UNTIL - first) * done / spec.epochs,
            note=f"Epoch {done} of {spec.epochs}",
            seconds_left=typical * (spec.epochs - done),
            **course.history[-1],
        )


def _predict(course: Course, rows: np.ndarray, progress: Progress) -> np.ndarray:
    """Return the probabilities of `rows` of the examples."""
    examples, split = course.loop.examples, course.loop.split
    if examples.cached and all(len(tensor.shape) == 2 for tensor in examples.inputs):
        return course.loop.predict(rows, VECTORS, progress.check)
    computed = (split.tail,) if examples.cached else (split.prefix, split.tail)
    return course.loop.predict(rows, pictures_per_pass(*computed), progress.check)


def _save_classifier(classifier: keras.Model, path: Path) -> None:
    """Save so that a kill at any moment leaves no half-written classifier (Keras alone does)."""
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        classifier.save(temporary)
        write_atomically(path, temporary.read_bytes())
    finally:
        temporary.unlink(missing_ok=True)


def _facts(course: Course, classifier: keras.Model, parts: Split) -> dict[str, Any]:
    """Return the part of the summary that says how the run went."""
    trainable = sum(int(np.prod(variable.shape)) for variable in classifier.trainable_variables)
    return {
        "best_epoch": course.best_epoch,
        "epochs": len(course.history),
        "note": course.note,
        "path": _path(course.loop.examples.cached, parts),
        "parameters_trainable": trainable,
        "parameters_frozen": int(classifier.count_params()) - trainable,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "spec": course.spec.to_json(),
    }


def _path(cached: bool, parts: Split) -> str:
    """Return in words what was done to the frozen part."""
    if not cached:
        return "plain"
    if all(name.startswith(HEAD) for name in parts.boundary):
        return "features once"
    return "cached at " + ", ".join(parts.boundary)
