"""The course of a training run: its history, its best weights, and the checkpoint that continues it to the last bit.

Keras's own means do not: files leave out the state of dropout, `BackupAndRestore` loses history, and a kill while it
saves leaves nothing usable. Here one file holds everything that moves and is replaced in one step.
Imports Keras: only workers use this module.
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models import kept_epochs
from models.answers import arrays_of
from models.runs import write_atomically
from models.training_loop import Loop
from models.training_specs import TrainingSpec

CHECKPOINT_SECONDS = 0.5  # epochs may be shorter; then not every one is written down
_SMALLEST = 1e-12


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
        if TrainingSpec.from_json(state["spec"]) != spec:  # one written before a field was added is the same
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
            f"were kept; a learning rate below {self.loop.spec.learning_rate:g} should help."
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
        }
        buffer = io.BytesIO()
        np.savez(buffer, state=np.array(json.dumps(state)), **arrays)
        write_atomically(self.path, buffer.getvalue())
        self._saved_at = time.monotonic()

    def resume(self, saved: Saved) -> None:
        """Continue from a checkpoint that was written in this phase."""
        self.history, self.best_epoch = saved.history, saved.best_epoch
        self._set_weights([saved.arrays[f"now{i}"] for i in range(len(self.best))])
        self.best = [saved.arrays[f"best{i}"] for i in range(len(self.best))]
        for i, variable in enumerate(self.loop.optimizer.variables):
            variable.assign(saved.arrays[f"optimizer{i}"])
