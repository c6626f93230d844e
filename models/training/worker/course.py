"""The course of a training: its phases, one after the other, its history and best weights, its checkpoint.

Most runs have a single phase. With two, the head alone learns first, on features computed once; then, from its best
epoch and with a new optimiser, the chosen layers of the backbone learn too.

A checkpoint continues a run to the last bit. Keras's own means do not: files leave out the state of dropout,
`BackupAndRestore` loses history, and a kill while it saves leaves nothing usable. Here one file holds everything that
moves and is replaced in one step.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from models.jobs.machine import Watch
from models.pictures import datasets
from models.storage.files import arrays_of, write_atomically
from models.storage.progress import Part, Progress
from models.training import kept_epochs
from models.training.spec import TrainingSpec
from models.training.worker.asked import Asked, stride_of
from models.training.worker.classifier import CutNetwork, freeze, split_at_frozen
from models.training.worker.examples import (
    Examples,
    pictures_per_pass,
    prepare_examples,
    progress_until,
    ready_examples,
)
from models.training.worker.loop import Loop
from models.wording import significant

CHECKPOINT = "checkpoint.npz"
CHECKPOINT_SECONDS = 0.5  # epochs may be shorter; then not every one is written down
VECTORS = 1024  # feature vectors per forward pass of a head
EPOCHS_UNTIL = 0.95  # of the progress bar; the rest is saving
NAMES = ("Head", "Fine-tuning")  # of two phases
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Material:
    """The pictures of a run.

    Attributes:
        source: uint8 (N, H, W, 3) of the size the network takes, or a function that returns them.
        labels: int64 (N,), 0 .. classes - 1.
        split: Which of them are learnt from, watched after every epoch, and tested on at the end.
        noisy: int64 (n,), sorted: those that are learnt from with a wrong label.
        whole: The examples are made of all pictures, also those this run does not read: other runs share them.
        features: float32 (N, C), what the backbone as it begins says of every picture, pooled; None where not known.
    """

    source: np.ndarray | Callable[[], np.ndarray]
    labels: np.ndarray
    split: datasets.Split
    noisy: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    whole: bool = False
    features: np.ndarray | None = None

    @property
    def images(self) -> np.ndarray:
        """Return all pictures, which may have to be drawn first."""
        return self.source() if callable(self.source) else self.source

    @property
    def rows(self) -> np.ndarray:
        """Return the pictures of the examples: those that a run reads (learnt from, watched, tested on), or all."""
        if self.whole:
            return np.arange(len(self.labels))
        return np.concatenate([self.split.train, self.split.validation, self.split.test])

    def places(self) -> list[np.ndarray]:
        """Return where the three parts are in `rows`."""
        if self.whole:
            return [self.split.train, self.split.validation, self.split.test]
        ends = np.cumsum([len(self.split.train), len(self.split.validation)])
        return np.split(np.arange(len(self.rows)), ends)


@dataclass(slots=True)
class Training:
    """A training under way: what learns from what, and how far it is.

    Attributes:
        spec: The whole recipe; its backbone, data set and side are not looked at.
        classifier: One flat graph whose last layers are named `head_…`; changed in place.
        material: What to learn from.
        folder: Of the run; a checkpoint of the same spec found there is continued.
        progress: Hears about every epoch; may cancel at any batch.
        blocks: {backbone layer: block}.
        work: About how long each phase takes, to divide the progress bar; () for equal parts.
        loops: {phase: loop} of an earlier training of this very `classifier` on the same examples; used again where
            they serve, and filled. Its weights are those this training begins with.
        seconds: {what: seconds spent on it}.
        watch: Of memory and processor since the run began.
    """

    spec: TrainingSpec
    classifier: keras.Model
    material: Material
    folder: Path
    progress: Progress
    blocks: Mapping[str, str]
    work: Sequence[float] = ()
    loops: dict[int, Loop] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)

    @property
    def checkpoint(self) -> Path:
        """The file that a killed run is continued from."""
        return self.folder / CHECKPOINT

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add to `seconds[what]` how long the body takes."""
        started = time.perf_counter()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - started

    def progress_of(self, number: int) -> Progress:
        """Return the progress of a phase (from 1), as wide as its share of the work."""
        count = len(self.spec.phases())
        if count == 1:
            return self.progress
        work = self.work if sum(self.work) else [1.0] * count
        ends = [EPOCHS_UNTIL * sum(work[:done]) / sum(work) for done in range(count + 1)]
        return Part(self.progress, ends[number - 1], ends[number])


@dataclass(frozen=True, slots=True)
class Saved:
    """What a checkpoint holds: the phase it was written in (from 1), the history, the best epoch, and all arrays."""

    phase: int
    history: list[dict[str, float]]
    best_epoch: int
    arrays: dict[str, np.ndarray]


def read(path: Path, spec: TrainingSpec) -> Saved | None:
    """Return the checkpoint of this very spec, if there is one; an unreadable one is passed over."""
    try:
        arrays = arrays_of(path.read_bytes())
        state = json.loads(str(arrays["state"]))
        if TrainingSpec().to_json() | state["spec"] != spec.to_json():  # one from before a field was added is the same
            return None
        return Saved(state.get("phase", 1), state["history"], state["best_epoch"], arrays)
    except (OSError, ValueError, KeyError):
        return None


class Course:
    """What has happened in a run so far, and which weights were best; in one of its phases."""

    def __init__(
        self, spec: TrainingSpec, loop: Loop, path: Path, *, phase: int = 1, earlier: Course | None = None
    ) -> None:
        """Begin a phase.

        Args:
            spec: Of the whole run.
            loop: Of this phase.
            path: Of the checkpoint.
            phase: From 1.
            earlier: The phase before, whose best weights the network has; None for the first, and where one that was
                written later is to be resumed.
        """
        self.spec, self.loop, self.path, self.phase = spec, loop, path, phase
        self.history: list[dict[str, float]] = [] if earlier is None else [*earlier.history]
        self.asked: Asked = Asked() if earlier is None else earlier.asked
        self.best = self._weights()
        self.best_epoch: int = 0 if earlier is None else earlier.best_epoch  # 0: the weights before the first epoch
        self.note = ""
        self._saved_at = time.monotonic()
        places = {id(v): f"{layer.name}/{n}" for layer in loop.split.tail.layers for n, v in enumerate(layer.weights)}
        self._names = [places[id(variable)] for variable in loop.moving]

    @property
    def rows(self) -> list[dict[str, float]]:
        """Return the history of this phase."""
        return [row for row in self.history if row.get("phase", 1) == self.phase]

    @property
    def over(self) -> bool:
        """Whether no further epoch of this phase is due; patience counts from the phase's own best epoch."""
        rows, patience = self.rows, self.loop.spec.patience
        best = max(range(len(rows)), key=lambda number: self._rank(rows[number]), default=0)
        waited = len(rows) - best - 1
        return len(rows) >= self.loop.spec.epochs or bool(patience and waited >= patience) or bool(self.note)

    def _weights(self) -> list[np.ndarray]:
        return [variable.numpy() for variable in self.loop.moving]

    def _set_weights(self, arrays: list[np.ndarray]) -> None:
        for variable, array in zip(self.loop.moving, arrays, strict=True):
            variable.assign(array)

    def _named(self, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self._names, arrays, strict=True))

    def keep_ends(self) -> None:
        """Keep the last and the best epoch, if this run keeps epochs; for a course that is over."""
        if self.spec.keep_epochs:
            last = {} if self.note else self._named(self._weights())  # after a diverged epoch the last good one is gone
            kept_epochs.keep_ends(self.path.parent, len(self.history), last, self.best_epoch, self._named(self.best))

    def use_best(self) -> None:
        """Give the network the weights of the best epoch."""
        self._set_weights(self.best)

    def accept(self, row: dict[str, float]) -> bool:
        """Return whether the epoch went well; if its loss is not a number, note it and keep the best weights."""
        if np.isfinite(row["loss"]) and all(np.isfinite(array).all() for array in self._weights()):
            return True
        kept = f"the weights of epoch {self.best_epoch}" if self.best_epoch else "the weights from before the training"
        self.note = (
            f"The loss stopped being a number in epoch {len(self.history) + 1}, so the training ended there and {kept} "
            f"were kept; a learning rate below {significant(self.loop.spec.learning_rate, 6)} should help."
        )
        return False

    def record(self, row: dict[str, float], probability: np.ndarray, labels: np.ndarray, seconds: float) -> None:
        """Add an epoch to the history, remember its weights if it was the best, and write the checkpoint.

        A kept epoch is written before the checkpoint: a run taken up again begins after it.

        Args:
            row: loss, accuracy and learning_rate of the epoch.
            probability: float32 (N, C) of the validation pictures after it.
            labels: int64 (N,).
            seconds: It took.
        """
        true = probability[np.arange(len(labels)), labels].astype(np.float64)
        watched = {
            "val_loss": float(-np.log(np.maximum(true, _SMALLEST)).mean()),
            "val_accuracy": float((probability.argmax(axis=1) == labels).mean()),
        }
        number = {"epoch": len(self.history) + 1, "phase": self.phase}
        self.history.append({**number, **row, **watched, "seconds": seconds})
        if not self.best_epoch or self._rank(self.history[-1]) > self._rank(self.history[self.best_epoch - 1]):
            self.best_epoch = len(self.history)
            self.best = self._weights()
        if self.spec.keep_epochs:
            kept_epochs.keep(self.path.parent, len(self.history), self._named(self._weights()))
        if time.monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
            self.save()

    @staticmethod
    def _rank(row: dict[str, float]) -> tuple[float, float]:
        return row["val_accuracy"], -row["val_loss"]

    def save(self) -> None:
        """Write everything a resumed run needs, in one file that is replaced in one step."""
        state = {
            "spec": self.spec.to_json(), "phase": self.phase, "history": self.history, "best_epoch": self.best_epoch,
        }  # fmt: skip
        arrays = {
            **{f"now{i}": array for i, array in enumerate(self._weights())},
            **{f"best{i}": array for i, array in enumerate(self.best)},
            **{f"optimizer{i}": variable.numpy() for i, variable in enumerate(self.loop.optimizer.variables)},
            **self.asked.to_checkpoint(),
        }
        buffer = io.BytesIO()
        np.savez(buffer, state=np.array(json.dumps(state)), **arrays)
        write_atomically(self.path, buffer.getvalue())
        self._saved_at = time.monotonic()

    def resume(self, saved: Saved) -> None:
        """Continue from a checkpoint that was written in this phase."""
        self.history, self.best_epoch = saved.history, saved.best_epoch
        self.asked = Asked.of_checkpoint(saved.arrays)
        self._set_weights([saved.arrays[f"now{i}"] for i in range(len(self.best))])
        self.best = [saved.arrays[f"best{i}"] for i in range(len(self.best))]
        for i, variable in enumerate(self.loop.optimizer.variables):
            variable.assign(saved.arrays[f"optimizer{i}"])


def run_phases(training: Training) -> Course:
    """Train through all phases, after a checkpoint from where it was written, and return the course of the last one."""
    saved = read(training.checkpoint, training.spec)
    course = _run_phase(training, 1 if saved is None else saved.phase, saved=saved)
    while not course.note and course.phase < len(training.spec.phases()):
        course.use_best()
        course = _run_phase(training, course.phase + 1, earlier=course)
    return course


def _run_phase(training: Training, number: int, *, earlier: Course | None = None, saved: Saved | None = None) -> Course:
    """Train through one phase: after an earlier one, from a checkpoint, or from the start."""
    progress = training.progress_of(number)
    loop = _prepare_loop(training, number, progress)
    course = Course(training.spec, loop, training.checkpoint, phase=number, earlier=earlier)
    if saved is not None:
        course.resume(saved)
    elif earlier is not None:
        course.save()
    with training.timed("epochs"):
        _epochs(course, training.material, progress)
    if not course.note:  # after a diverged epoch its weights are no longer those of the last one in the history
        ask(course, training.material, progress, len(course.history))
    return course


def _prepare_loop(training: Training, number: int, progress: Progress) -> Loop:
    """Freeze what does not learn in a phase and return its loop, that of an earlier training where it serves."""
    phase, material, loops = training.spec.phases()[number - 1], training.material, training.loops
    freeze_phase(training.classifier, phase, training.blocks)
    if number in loops and loops[number].serves(phase):
        loops[number].begin(phase, material.labels[material.rows])
        return loops[number]
    for stale in [phase for phase in loops if phase >= number]:
        del loops[stale]  # its activations must not lie beside the new ones
    with training.timed("frozen part"):
        cut = split_at_frozen(training.classifier)
        loops[number] = Loop(phase, cut, examples_of(phase, cut, material, progress))
    return loops[number]


def freeze_phase(classifier: keras.Model, phase: TrainingSpec, blocks: Mapping[str, str]) -> None:
    """Freeze what does not learn in a phase; `blocks` is {backbone layer: block}."""
    otherwise = {name for name, block in blocks.items() if block in phase.batch_norm_except}
    freeze(classifier, phase.trainable, phase.batch_norm, otherwise)


def examples_of(phase: TrainingSpec, cut: CutNetwork, material: Material, progress: Progress) -> Examples:
    """Return what the epochs of a phase read of the material."""
    rows = material.rows
    if material.features is not None and not phase.learning and not phase.augmentation.on:
        return ready_examples(cut, material.features[rows], material.labels[rows])
    numbers = rows if phase.augmentation.on else None
    return prepare_examples(cut, material.images[rows], material.labels[rows], progress, augmented=numbers)


def _epochs(course: Course, material: Material, progress: Progress) -> None:
    """Train until the phase ends, its patience is exhausted or the loss is not a number.

    The test pictures are asked about before the checkpoint: a run taken up again begins after it.
    """
    loop = course.loop
    learn, watch, test = material.places()
    labels = material.labels[material.split.validation]
    step = stride_of(loop, len(learn), len(watch), len(test))
    first = progress_until(loop.split.prefix) if loop.examples.cached and not loop.augmented else 0.05
    last = EPOCHS_UNTIL if len(course.spec.phases()) == 1 else 1.0
    if not course.history:
        ask(course, material, progress, 0)
    while not course.over:
        started = time.perf_counter()
        row = loop.epoch(len(course.rows), learn, progress.check)
        if not course.accept(row):
            return
        number = len(course.history) + 1
        if number % step == 0:
            ask(course, material, progress, number)
        probability = predict(course, watch, progress)
        course.record(row, probability, labels, time.perf_counter() - started)
        course.asked.show(course.path.parent, material.split.test, material.labels[material.split.test])
        done = len(course.rows)
        typical = float(np.median([past["seconds"] for past in course.rows]))
        progress.event(
            share=first + (last - first) * done / loop.spec.epochs,
            note=_note(course, done),
            seconds_left=typical * (loop.spec.epochs - done),
            **course.history[-1],
        )


def ask(course: Course, material: Material, progress: Progress, epoch: int) -> None:
    """Record what the network says of the test pictures after `epoch`, whose weights it has."""
    test = material.places()[2]
    if len(test) and epoch not in course.asked.epochs:
        course.asked.add(epoch, predict(course, test, progress))


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
