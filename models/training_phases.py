"""The phases of a training, one after the other: what learns, what its epochs read. Imports Keras: workers only.

Most runs have a single phase. With two, the head alone learns first, on features computed once; then, from its best
epoch and with a new optimiser, the chosen layers of the backbone learn too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models import checkpoints, datasets
from models.checkpoints import Course
from models.examples import Examples, pictures_per_pass, prepare_examples, progress_until
from models.freezing import Split, freeze, split_at_frozen
from models.runs import Progress
from models.training_loop import Loop
from models.training_specs import TrainingSpec

VECTORS = 1024  # feature vectors per forward pass of a head
EPOCHS_UNTIL = 0.95  # of the progress bar; the rest is saving
NAMES = ("Head", "Fine-tuning")  # of two phases


@dataclass(frozen=True, slots=True)
class Material:
    """The pictures of a run.

    Attributes:
        images: uint8 (N, H, W, 3) of the size the network takes.
        labels: int64 (N,), 0 .. classes - 1.
        split: Which of them are learnt from, watched after every epoch, and tested on at the end.
        noisy: int64 (n,), sorted: those that are learnt from with a wrong label.
        whole: The examples are made of all pictures, also those this run does not read: other runs share them.
    """

    images: np.ndarray
    labels: np.ndarray
    split: datasets.Split
    noisy: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    whole: bool = False

    @property
    def rows(self) -> np.ndarray:
        """Return the pictures of the examples: those that a run reads (learnt from, watched, tested on), or all."""
        if self.whole:
            return np.arange(len(self.images))
        return np.concatenate([self.split.train, self.split.validation, self.split.test])

    def places(self) -> list[np.ndarray]:
        """Return where the three parts are in `rows`."""
        if self.whole:
            return [self.split.train, self.split.validation, self.split.test]
        ends = np.cumsum([len(self.split.train), len(self.split.validation)])
        return np.split(np.arange(len(self.rows)), ends)


@dataclass(frozen=True, slots=True)
class _Window:
    """The progress of one phase, as a stretch of the whole run's."""

    progress: Progress
    start: float
    end: float

    def event(self, **fields: Any) -> None:
        """Pass an event on, its share moved into the stretch."""
        share = {"share": self.start + (self.end - self.start) * fields["share"]} if "share" in fields else {}
        self.progress.event(**{**fields, **share})

    def check(self) -> None:
        """Raise Cancelled when asked to stop."""
        self.progress.check()


def run_phases(
    spec: TrainingSpec,
    classifier: keras.Model,
    material: Material,
    progress: Progress,
    checkpoint: Path,
    *,
    blocks: Mapping[str, str],
    seconds: dict[str, float],
    work: Sequence[float] = (),
    loops: dict[int, Loop] | None = None,
) -> Course:
    """Train `classifier` through all phases and return the course of the last one.

    Args:
        spec: The whole recipe.
        classifier: Changed in place.
        material: What to learn from.
        progress: Hears about every epoch; may cancel at any batch.
        checkpoint: A file of the same spec there is continued.
        blocks: {backbone layer: block}.
        seconds: What the frozen part and the epochs took is added to it.
        work: About how long each phase takes, to divide the progress bar.
        loops: {phase: loop} of an earlier training of this very `classifier` on the same examples; used again where
            they serve, and filled. Its weights are those this training begins with.
    """
    loops = {} if loops is None else loops
    saved = checkpoints.read(checkpoint, spec)
    windows = _windows(spec, work, progress)

    def train(number: int, earlier: Course | None) -> Course:
        phase, heard = spec.phases()[number - 1], windows[number - 1]
        _freeze(classifier, phase, blocks)
        if number in loops and loops[number].serves(phase):
            loops[number].begin(phase, material.labels[material.rows])
        else:
            for stale in [phase for phase in loops if phase >= number]:
                del loops[stale]  # its activations must not lie beside the new ones
            with timed(seconds, "frozen part"):
                parts = split_at_frozen(classifier)
                loops[number] = Loop(phase, parts, _examples(phase, parts, material, heard))
        course = Course(spec, loops[number], checkpoint, phase=number, earlier=earlier)
        if saved is not None and saved.phase == number:
            course.resume(saved)
        elif number > 1:
            course.save()
        with timed(seconds, "epochs"):
            _epochs(course, material, heard)
        return course

    course = train(1 if saved is None else saved.phase, None)
    while not course.note and course.phase < len(spec.phases()):
        course.use_best()
        course = train(course.phase + 1, course)
    return course


@contextmanager
def timed(seconds: dict[str, float], what: str) -> Iterator[None]:
    """Add to `seconds[what]` how long the body takes."""
    started = time.perf_counter()
    yield
    seconds[what] = seconds.get(what, 0.0) + time.perf_counter() - started


def _freeze(classifier: keras.Model, phase: TrainingSpec, blocks: Mapping[str, str]) -> None:
    """Freeze what does not learn in this phase."""
    otherwise = {name for name, block in blocks.items() if block in phase.batch_norm_except}
    freeze(classifier, phase.trainable, phase.batch_norm, otherwise)


def _examples(phase: TrainingSpec, parts: Split, material: Material, progress: Progress) -> Examples:
    rows = material.rows
    numbers = rows if phase.augmentation.on else None
    return prepare_examples(parts, material.images[rows], material.labels[rows], progress, augmented=numbers)


def _windows(spec: TrainingSpec, work: Sequence[float], progress: Progress) -> list[Progress]:
    """Return the progress of every phase, as wide as its share of the work (equal ones where none is told)."""
    phases = spec.phases()
    if len(phases) == 1:
        return [progress]
    ends = EPOCHS_UNTIL * np.cumsum(work or [1.0] * len(phases)) / (sum(work) or len(phases))
    starts = [0.0, *map(float, ends[:-1])]
    return [_Window(progress, start, float(end)) for start, end in zip(starts, ends, strict=True)]


def _epochs(course: Course, material: Material, progress: Progress) -> None:
    """Train until the phase ends, its patience is exhausted or the loss is not a number."""
    loop = course.loop
    learn, watch, _ = material.places()
    labels = material.labels[material.split.validation]
    first = progress_until(loop.split.prefix) if loop.examples.cached and not loop.augmented else 0.05
    last = EPOCHS_UNTIL if len(course.spec.phases()) == 1 else 1.0
    while not course.over:
        started = time.perf_counter()
        row = loop.epoch(len(course.rows), learn, progress.check)
        if not course.accept(row):
            return
        probability = predict(course, watch, progress)
        course.record(row, probability, labels, time.perf_counter() - started)
        done = len(course.rows)
        typical = float(np.median([past["seconds"] for past in course.rows]))
        progress.event(
            share=first + (last - first) * done / loop.spec.epochs,
            note=_note(course, done),
            seconds_left=typical * (loop.spec.epochs - done),
            **course.history[-1],
        )


def _note(course: Course, done: int) -> str:
    name = f"{NAMES[course.phase - 1]}: epoch" if course.spec.head_epochs else "Epoch"
    return f"{name} {done} of {course.loop.spec.epochs}"


def predict(course: Course, rows: np.ndarray, progress: Progress) -> np.ndarray:
    """Return the probabilities of `rows` of the examples."""
    examples, split = course.loop.examples, course.loop.split
    if examples.cached and all(len(tensor.shape) == 2 for tensor in examples.inputs):
        return course.loop.predict(rows, VECTORS, progress.check)
    computed = (split.tail,) if examples.cached else (split.prefix, split.tail)
    return course.loop.predict(rows, pictures_per_pass(*computed), progress.check)
