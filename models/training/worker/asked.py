"""What a training asks about its test pictures while it goes on: recorded for those who watch, used for nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from models.training import epoch_answers
from models.training.epoch_answers import EpochAnswers
from models.training.worker.examples import macs
from models.training.worker.loop import Loop

WRITE_SECONDS: Final = 0.5  # between two files for those who watch; epochs may be shorter
_BACKWARD: Final = 2  # passes, of what learns


@dataclass(slots=True)
class Asked:
    """The answers so far.

    Attributes:
        epochs: Of the answers, rising.
        answers, confidences: Of every epoch, uint8 (N,) and float16 (N,).
    """

    epochs: list[int] = field(default_factory=list)
    answers: list[np.ndarray] = field(default_factory=list)
    confidences: list[np.ndarray] = field(default_factory=list)
    _written: float = field(default_factory=time.monotonic)

    def add(self, epoch: int, probability: np.ndarray) -> None:
        """Record the probabilities (N, C) of the test pictures after `epoch`, unless that epoch is there already."""
        if epoch in self.epochs:
            return
        place = int(np.searchsorted(self.epochs, epoch))
        self.epochs.insert(place, epoch)
        self.answers.insert(place, probability.argmax(axis=1).astype(np.uint8))
        self.confidences.insert(place, probability.max(axis=1).astype(np.float16))

    def to_checkpoint(self) -> dict[str, np.ndarray]:
        """Return everything as arrays, to be taken up again after a kill."""
        return {
            "asked_epochs": np.array(self.epochs, np.int64),
            "asked_answers": np.array(self.answers, np.uint8),
            "asked_confidences": np.array(self.confidences, np.float16),
        }

    @classmethod
    def of_checkpoint(cls, arrays: Mapping[str, np.ndarray]) -> Asked:
        """Return what `to_checkpoint` wrote; nothing of a checkpoint from before there were answers."""
        if "asked_epochs" not in arrays:
            return cls()
        return cls(arrays["asked_epochs"].tolist(), [*arrays["asked_answers"]], [*arrays["asked_confidences"]])

    def together(self, index: np.ndarray, label: np.ndarray) -> EpochAnswers:
        """Return the answers to the pictures `index` of the classes `label`."""
        return EpochAnswers(
            np.array(self.epochs, np.int64),
            index.astype(np.int64),
            label.astype(np.uint8),
            np.array(self.answers, np.uint8),
            np.array(self.confidences, np.float16),
        )

    def show(self, folder: Path, index: np.ndarray, label: np.ndarray) -> None:
        """Write the answers so far for who watches, if the last time is long enough ago."""
        if time.monotonic() - self._written >= WRITE_SECONDS:
            epoch_answers.write(folder, self.together(index, label))
            self._written = time.monotonic()


def stride_of(loop: Loop, learnt: int, watched: int, tested: int) -> int:
    """Return after every how many epochs of `loop` the test pictures are asked about.

    It hangs on the network and on numbers of pictures alone, so that a run taken up again asks at the same epochs.
    """
    tail, prefix = macs(loop.split.tail), macs(loop.split.prefix)
    looking = tail + (0 if loop.examples.cached else prefix)
    learning = (1 + _BACKWARD) * tail + (prefix if loop.augmented or not loop.examples.cached else 0)
    return epoch_answers.stride(tested * looking, learnt * learning + watched * looking)
