"""Transfer learning: train a head, and what of the backbone is not frozen. Imports Keras: only workers use this module.

What lies below everything that learns gives the same numbers in every epoch, so it is computed once: the features when
the whole backbone is frozen, else the activations at the frozen boundary. The result equals the plain way.

A run is resumable: killed at any moment and started again it ends with the same bits (same machine and versions).
"""

from __future__ import annotations

import io
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from models import backbone_builder, datasets, heads, images, layer_tables, networks, recipes, runs
from models.checkpoints import Course
from models.costs import CACHE_LIMIT_MB, CHUNK, MB
from models.freezing import HEAD, Split, fold_batch_norm, freeze, split_at_frozen, weight_change, weights_by_layer
from models.recipes import TrainingSpec
from models.runs import Progress, write_atomically
from models.training_loop import Examples, Loop

FEATURES_UNTIL = 0.4  # share of the progress bar for computing features; the epochs fill it up to
EPOCHS_UNTIL = 0.95


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Run a job of kind "training"."""
    train(TrainingSpec.from_json(spec), progress, folder)


def train(spec: TrainingSpec, progress: Progress, folder: Path) -> None:
    """Train as `spec` says and write the results into `folder` (see `models/training_results.py`).

    The classifier is that of the epoch with the best validation accuracy (equal ones: lower validation loss). Every run
    is watched and tested on the same pictures, whatever its seed.

    Args:
        spec: What to do.
        progress: Hears about every epoch; may cancel at any batch.
        folder: Of the run; a checkpoint found there is continued.

    Raises:
        InputError, TooLarge: The spec cannot be carried out.
        WeightsUnavailable: The pretrained weights are not on this machine.
        Cancelled: The visitor asked to stop.
    """
    networks.prepare_tensorflow()
    recipes.validate(spec)
    seconds: dict[str, float] = {}
    with _timed(seconds, "data"):
        progress.event(share=0.0, note="Reading the pictures")
        pictures, labels, split = _data(spec)
    with _timed(seconds, "network"):
        progress.event(share=0.02, note="Building the network")
        classifier = _classifier(spec)
        before = weights_by_layer(classifier)
        parts = split_at_frozen(classifier)
    rows = np.concatenate([split.train, split.validation, split.test])
    with _timed(seconds, "features"):
        examples = _examples(parts, pictures[rows], labels[rows], progress)
    loop = Loop(spec, parts, examples)
    sizes = np.cumsum([len(split.train), len(split.validation)])
    learn, watch, test = np.split(np.arange(len(rows)), sizes)
    course = Course(spec, loop, folder / "checkpoint.npz")
    with _timed(seconds, "epochs"):
        _epochs(course, learn, watch, labels[split.validation], progress)
    with _timed(seconds, "results"):
        progress.event(share=EPOCHS_UNTIL, note="Saving the results")
        course.use_best()
        found = {
            "index": split.test, "label": labels[split.test], "probability": _predict(course, test, progress),
            "val_index": split.validation, "val_label": labels[split.validation],
            "val_probability": _predict(course, watch, progress),
        }  # fmt: skip
        _write(folder, course, classifier, before, found)
    _write_summary(folder, course, classifier, parts, examples.cached, found, seconds)


@contextmanager
def _timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[phase] = time.perf_counter() - started


def _data(spec: TrainingSpec) -> tuple[np.ndarray, np.ndarray, datasets.Split]:
    """Return uint8 (N, side, side, 3) pictures, int64 (N,) labels, and which are for what."""
    data = datasets.load(spec.dataset)
    pictures = data.images
    if pictures.shape[1:3] != (spec.side, spec.side):
        pictures = images.resize(pictures, spec.side, spec.side)
    return pictures, data.labels, datasets.split(spec.dataset, shots=spec.shots)


def _classifier(spec: TrainingSpec) -> keras.Model:
    """Return the network to train, what is frozen set; the backbone is this run's own."""
    backbone = backbone_builder.build(spec.backbone, side=spec.side, weights=spec.weights, seed=spec.seed)
    n_classes = len(datasets.get(spec.dataset).classes)
    classifier = heads.attach(backbone, spec.head, n_classes, spec.seed)
    freeze(classifier, spec.trainable, spec.batch_norm)
    return classifier


def _examples(parts: Split, pictures: np.ndarray, labels: np.ndarray, progress: Progress) -> Examples:
    """Return what the epochs read: boundary activations computed once, or, where that does not pay or fit, pictures."""
    target = tf.constant(labels)
    values = sum(int(np.prod(tensor.shape[1:])) for tensor in parts.prefix.outputs)
    if not parts.weighted or len(pictures) * values * 4 / MB > CACHE_LIMIT_MB:
        return Examples([tf.constant(pictures)], target, cached=False)
    return Examples(_activations(parts.prefix, pictures, progress), target, cached=True)


def _activations(prefix: keras.Model, pictures: np.ndarray, progress: Progress) -> list[Any]:
    """Return the outputs of the frozen prefix for all pictures, one float32 tensor (N, …) each."""
    fast = fold_batch_norm(prefix)
    shape = tf.TensorSpec([None, *pictures.shape[1:]], tf.uint8)
    run = tf.function(
        lambda batch: list(keras.tree.flatten(fast(tf.cast(batch, tf.float32), training=False))),
        input_signature=[shape],
        autograph=False,
    )
    kept = [np.empty((len(pictures), *tensor.shape[1:]), np.float32) for tensor in prefix.outputs]
    started = told = time.perf_counter()
    for start in range(0, len(pictures), CHUNK):
        progress.check()
        for array, tensor in zip(kept, run(tf.constant(pictures[start : start + CHUNK])), strict=True):
            array[start : start + CHUNK] = tensor.numpy()
        done = min(start + CHUNK, len(pictures)) / len(pictures)
        if (now := time.perf_counter()) - told > 0.5 or start == 0:
            told, left = now, (now - started) * (1 - done) / done
            progress.event(share=FEATURES_UNTIL * done, note="Computing the frozen part once", seconds_left=left)
    return [tf.convert_to_tensor(array) for array in kept]


def _epochs(course: Course, learn: np.ndarray, watch: np.ndarray, labels: np.ndarray, progress: Progress) -> None:
    """Train until the recipe ends, patience is exhausted or the loss is not a number."""
    spec, loop = course.spec, course.loop
    first = FEATURES_UNTIL if loop.examples.cached else 0.05
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
    vectors = course.loop.examples.cached and len(course.loop.examples.inputs[0].shape) == 2
    return course.loop.predict(rows, 1024 if vectors else CHUNK, progress.check)


def _write(
    folder: Path, course: Course, classifier: keras.Model, before: dict[str, Any], found: dict[str, np.ndarray]
) -> None:
    """Write everything but the summary, which comes last."""
    buffer = io.BytesIO()
    np.savez(buffer, **found)
    write_atomically(folder / "predictions.npz", buffer.getvalue())
    spec = course.spec
    table = layer_tables.table(spec.backbone, spec.side)
    changes = weight_change(classifier, before, {row.name: row.block for row in table.layers})
    rows = [{name: getattr(change, name) for name in change.__slots__} for change in changes]
    write_atomically(folder / "weight_change.json", json.dumps(rows).encode())
    write_atomically(folder / "history.json", json.dumps(course.history).encode())
    _save_classifier(classifier, folder / "classifier.keras")


def _save_classifier(classifier: keras.Model, path: Path) -> None:
    """Save so that a kill at any moment leaves no half-written classifier (Keras alone does)."""
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        classifier.save(temporary)
        write_atomically(path, temporary.read_bytes())
    finally:
        temporary.unlink(missing_ok=True)


def _write_summary(
    folder: Path,
    course: Course,
    classifier: keras.Model,
    parts: Split,
    cached: bool,
    found: dict[str, np.ndarray],
    seconds: dict[str, float],
) -> None:
    spec = course.spec
    right = found["probability"].argmax(axis=1) == found["label"]
    trainable = sum(int(np.prod(variable.shape)) for variable in classifier.trainable_variables)
    if not cached:
        path = "plain"
    elif all(name.startswith(HEAD) for name in parts.boundary):
        path = "features once"
    else:
        path = "cached at " + ", ".join(parts.boundary)
    summary = {
        "accuracy": float(right.mean()),
        "n_test": len(right),
        "best_epoch": course.best_epoch,
        "epochs": len(course.history),
        "note": course.note,
        "path": path,
        "parameters_trainable": trainable,
        "parameters_frozen": classifier.count_params() - trainable,
        "seconds": {**seconds, "total": sum(seconds.values())},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "spec": spec.to_json(),
    }
    write_atomically(folder / "summary.json", json.dumps(summary).encode())
