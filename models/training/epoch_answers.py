"""What the classifier answered to every test picture after every epoch: to be watched, never to be chosen by.

One small file in the run's folder, `epoch_answers.npz`. A head on ready features is asked after every epoch; where
asking takes a share of the training that one would notice, only after every second, fourth, … epoch, and always before
the first, after the last and after the best (`stride`). Runs of versions before 0.7 have no such file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from models.errors import FreezeframeError
from models.pictures import datasets
from models.storage import files
from models.storage.files import write_atomically
from models.storage.runs import Run
from models.training.results import TrainingResult
from models.training.spec import TRAINING, TrainingSpec
from models.wording import grouped

FILE: Final = "epoch_answers.npz"
MOST_SHARE: Final = 0.05  # of the work of an epoch that may go into asking
CHEAP: Final = 5e7  # multiply-accumulates of asking about all test pictures, below which they are asked every time


@dataclass(frozen=True, slots=True)
class EpochAnswers:
    """The answers of a run to its E kept epochs and N test pictures.

    Attributes:
        epoch: int64 (E,), rising; 0 is before the first epoch.
        index: int64 (N,), the pictures by their place in the data set.
        label: uint8 (N,), their classes.
        answer: uint8 (E, N), the most probable class; of equal ones the first.
        confidence: float16 (E, N), its probability.
    """

    epoch: np.ndarray
    index: np.ndarray
    label: np.ndarray
    answer: np.ndarray
    confidence: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Return which answers are right, bool (E, N)."""
        found: np.ndarray = self.answer == self.label
        return found

    @property
    def turned(self) -> np.ndarray:
        """Return which answers are another than in the kept epoch before, bool (E, N); none in the first."""
        found = np.zeros(self.answer.shape, bool)
        found[1:] = self.answer[1:] != self.answer[:-1]
        return found

    @property
    def forgotten(self) -> np.ndarray:
        """Return where a wrong answer was right before: the last epoch after which it was, int64 (E, N); 0 elsewhere.

        Before the first epoch an answer is a guess, and what is right by chance cannot be forgotten.
        """
        last = np.maximum.accumulate(np.where(self.right, self.epoch[:, None], 0), axis=0)
        found: np.ndarray = np.where(self.right, 0, last)
        return found

    def place(self, epoch: int) -> int:
        """Return where `epoch` is among the kept ones; of one that was not kept, the last before it."""
        return max(int(np.searchsorted(self.epoch, epoch, side="right")) - 1, 0)

    def matrices(self, classes: int) -> np.ndarray:
        """Return the confusion matrix of every kept epoch, int64 (E, C, C), per true class and answer."""
        cells = (np.arange(len(self.epoch))[:, None] * classes + self.label) * classes + self.answer
        counts = np.bincount(cells.ravel(), minlength=len(self.epoch) * classes**2)
        return counts.reshape(-1, classes, classes).astype(np.int64)

    def probabilities(self, epoch: int, classes: int) -> np.ndarray:
        """Return the probabilities of the answers at a kept epoch, float32 (N, C); all others, never kept, are 0."""
        at, rows = self.place(epoch), np.arange(len(self.index))
        table = np.zeros((len(rows), classes), np.float32)
        table[rows, self.answer[at]] = self.confidence[at]
        return table

    def some(self, most: int) -> EpochAnswers:
        """Return the answers to at most `most` of the pictures, evenly spaced."""
        if len(self.index) <= most:
            return self
        kept = np.linspace(0, len(self.index) - 1, most).round().astype(int)
        return replace(
            self,
            index=self.index[kept],
            label=self.label[kept],
            answer=self.answer[:, kept],
            confidence=self.confidence[:, kept],
        )


def stride(asking: float, learning: float) -> int:
    """Return after every how many epochs the test pictures are asked about, a power of 2.

    Args:
        asking: Multiply-accumulates of asking about all test pictures once.
        learning: Of an epoch without that.
    """
    step = 1
    while asking > CHEAP and asking / step > MOST_SHARE * learning and step < 1024:
        step *= 2
    return step


def write(folder: Path, answers: EpochAnswers) -> None:
    """Write the answers so far into the folder of a run, in one step."""
    write_atomically(folder / FILE, files.pack(answers))


def read(run: Run) -> EpochAnswers | None:
    """Return the answers of a run as far as it has come; None where there are none that can be read and fit the run."""
    found = files.read(run.path(FILE), EpochAnswers)
    try:
        return found if found is not None and _whole(found, TRAINING.spec_of(run)) else None
    except FreezeframeError:
        return None


def _whole(found: EpochAnswers, spec: TrainingSpec) -> bool:
    """Return whether the arrays are what they should be: nothing in a file is believed."""
    kinds = {"epoch": "int64", "index": "int64", "label": "uint8", "answer": "uint8", "confidence": "float16"}
    if any(getattr(getattr(found, name), "dtype", None) != kind for name, kind in kinds.items()):
        return False
    data, shape = datasets.DATASETS[spec.dataset], (len(found.epoch), len(found.index))
    shaped = found.epoch.ndim == found.index.ndim == 1 and found.answer.shape == found.confidence.shape == shape
    if not shaped or not min(shape) or found.label.shape != shape[1:]:
        return False
    rising = found.epoch[0] >= 0 and bool((np.diff(found.epoch) > 0).all())
    known = found.index.min() >= 0 and found.index.max() < data.size and len(set(found.index.tolist())) == shape[1]
    classes = max(int(found.label.max()), int(found.answer.max())) < len(data.classes)
    return rising and known and classes and bool(((found.confidence >= 0) & (found.confidence <= 1)).all())


def of_result(run: Run, result: TrainingResult) -> EpochAnswers | None:
    """Return the answers of a finished run; None where there are none, or those of another run.

    They are of this run if they are about its test pictures, and in the epoch that was kept the same as the result's.
    """
    found = read(run)
    if found is None or not np.array_equal(found.index, result.index) or not np.array_equal(found.label, result.label):
        return None
    best, last = int(result.summary["best_epoch"]), max(len(result.history), 0)
    if best not in found.epoch or found.epoch[-1] > last:
        return None
    same = np.array_equal(found.answer[found.place(best)], result.probability.argmax(axis=1))
    return found if same else None


def sentences(answers: EpochAnswers, best: int | None = None) -> tuple[str, ...]:
    """Return for every kept epoch how many answers are right, and how many are others than before.

    "Epoch 7: 271 of 300 right; 4 answers changed in this epoch." The epoch `best` is named as the one whose weights
    the run kept.
    """
    right, turned = answers.right.sum(axis=1), answers.turned.sum(axis=1)
    count, said = len(answers.index), []
    for place, epoch in enumerate(answers.epoch.tolist()):
        name = f"Epoch {epoch}" if epoch else "Before the first epoch"
        line = f"{name}: {grouped(int(right[place]))} of {grouped(count)} right"
        if place:
            before = int(answers.epoch[place - 1])
            since = "in this epoch" if epoch - before == 1 else f"since epoch {before}" if before else "since the start"
            line += f"; {_changed(int(turned[place]))} {since}"
        said.append(f"{line}. Its weights were kept." if epoch == best else f"{line}.")
    return tuple(said)


def _changed(count: int) -> str:
    return f"{grouped(count) if count else 'no'} answer{'' if count < 2 else 's'} changed"


def change_sentence(answers: EpochAnswers, epoch: int, kept: int) -> str:
    """Return what changed between a kept epoch and that whose weights the run kept, the earlier one first.

    "From epoch 3 to epoch 22, whose weights were kept: 20 pictures became right and 2 became wrong, so that 288 of 300
    are right instead of 270."
    """
    if epoch == kept:
        return (
            f"After epoch {kept}, whose weights were kept. The slider shows the other {len(answers.epoch) - 1} epochs."
        )
    names = {kept: f"epoch {kept}, whose weights were kept"}
    first, second = (answers.place(one) for one in sorted((epoch, kept)))
    before, after = answers.right[first], answers.right[second]
    ends = [names.get(one, f"epoch {one}" if one else "before the first epoch") for one in sorted((epoch, kept))]
    won, lost = int((after & ~before).sum()), int((before & ~after).sum())
    return (
        f"From {ends[0]}{',' if kept < epoch else ''} to {ends[1]}: {_pictures(won)} became right and "
        f"{grouped(lost)} became wrong, so that {grouped(int(after.sum()))} of {grouped(len(after))} are right instead "
        f"of {grouped(int(before.sum()))}."
    )


def _pictures(count: int) -> str:
    return f"{grouped(count)} picture{'' if count == 1 else 's'}"


def forgotten_sentences(answers: EpochAnswers) -> tuple[str, ...]:
    """Return for every kept epoch how many pictures are wrong that were right after an earlier one."""
    of, said = grouped(len(answers.index)), []
    for epoch, lost in zip(answers.epoch.tolist(), (answers.forgotten > 0).sum(axis=1).tolist(), strict=True):
        after = f"wrong after epoch {epoch}"
        if lost:
            verbs = ("was", "is") if lost == 1 else ("were", "are")
            said.append(f"{grouped(lost)} of {of} {verbs[0]} right after an earlier epoch and {verbs[1]} {after}.")
        elif said:
            said.append(f"no picture that was right after an earlier epoch is {after}.")
        else:
            said.append("nothing yet.")
    return tuple(said)


def kept_words(answers: EpochAnswers, history: Sequence[Mapping[str, float]]) -> str:
    """Return which epochs the answers are of where they are not of all; "" where they are."""
    if len(answers.epoch) >= len(history) + 1:
        return ""
    return (
        f"The test pictures were asked about {len(answers.epoch)} times in the {len(history)} epochs of this training: "
        "after every epoch that would have made it noticeably longer."
    )
