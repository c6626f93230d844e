"""What a finished training run leaves in its folder, and how it is read; without Keras.

history.json          one row per epoch: epoch, phase, loss, accuracy, val_loss, val_accuracy, seconds, learning_rate
predictions.npz       index, label, probability of the test pictures; val_… of the validation pictures, noisy_… of the
                      training pictures whose label was replaced
weight_change.json    how far every layer's weights moved
classifier.keras      the classifier, one flat functional graph
epoch-0001.npz, …     what moved, after that epoch, where the run keeps epochs (`models/kept_epochs.py`)
summary.json          accuracy, n_test, best_epoch, seconds per phase, path, parameters, note
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.answers import arrays_of
from models.errors import RunNotFound
from models.runs import write_atomically

SUMMARY = "summary.json"  # written last: without it a run has no results
_ARRAYS = ("index", "label", "probability", "val_index", "val_label", "val_probability")
_NOISY = ("noisy_index", "noisy_label", "noisy_probability")  # runs from before there was label noise lack them


class RunFolder(Protocol):
    """What is needed of `runs.Run`."""

    def path(self, name: str) -> Path:
        """Return the path of the file `name` in the run's folder."""
        ...


@dataclass(frozen=True, slots=True)
class WeightChange:
    """How far one layer moved in training.

    Attributes:
        name, block: The layer and its block; `part` is "backbone" or "head".
        frozen: Its weights were not trained.
        parameters: Number of weights, BatchNorm statistics included.
        max_abs_change: Largest |after - before| over its weights; exactly 0.0 where frozen.
        relative_change: ||after - before|| / ||before|| (Frobenius); for the head, against its random start.
        statistics_max_abs_change: The same largest change for BatchNorm's moving mean and variance; 0.0 if it has none.
    """

    name: str
    block: str
    part: str
    frozen: bool
    parameters: int
    max_abs_change: float
    relative_change: float
    statistics_max_abs_change: float


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A finished training run.

    Attributes:
        history: One dict per epoch (see the module's docstring); `phase` counts from 1, and rows without one are of a
            run that had only one. Training loss and accuracy are those of the labels that were learnt from, and the
            loss has the recipe's label smoothing in it.
        index, label: (N,) int64, test pictures of the data set and their classes.
        probability: (N, C) float32, the classifier's softmax for them.
        val_index, val_label, val_probability: The same for the validation pictures.
        weight_change: One row per layer with weights, from the input up.
        summary: The content of summary.json.
        noisy_index, noisy_label, noisy_probability: The training pictures whose label was replaced, the label they
            got, and what the classifier says of them; empty without label noise.
    """

    history: tuple[dict[str, float], ...]
    index: np.ndarray
    label: np.ndarray
    probability: np.ndarray
    val_index: np.ndarray
    val_label: np.ndarray
    val_probability: np.ndarray
    weight_change: tuple[WeightChange, ...]
    summary: dict[str, Any]
    noisy_index: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    noisy_label: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    noisy_probability: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))


def save_result(folder: Path, result: TrainingResult) -> None:
    """Write all files of a finished run except the classifier; the summary comes last."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: getattr(result, name) for name in (*_ARRAYS, *_NOISY)})
    write_atomically(folder / "predictions.npz", buffer.getvalue())
    changes = [asdict(change) for change in result.weight_change]
    for name, content in (("history", result.history), ("weight_change", changes), ("summary", result.summary)):
        write_atomically(folder / f"{name}.json", json.dumps(content).encode())


def load_result(run: RunFolder) -> TrainingResult:
    """Return the results in the run's folder.

    Raises:
        RunNotFound: The run has not finished, its files were cleared away, or they are damaged.
    """
    try:
        history, changes, summary = (
            json.loads(run.path(name).read_bytes()) for name in ("history.json", "weight_change.json", SUMMARY)
        )
        saved = arrays_of(run.path("predictions.npz").read_bytes())
        return TrainingResult(
            history=tuple(history),
            **{name: saved[name] for name in _ARRAYS},
            weight_change=tuple(WeightChange(**row) for row in changes),
            summary=dict(summary),
            **{name: saved[name] for name in _NOISY if name in saved},
        )
    except FileNotFoundError as error:
        raise RunNotFound("Expected a finished training run. Received one without results; train it again.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunNotFound("Expected the results of a training run. Received damaged files; train it again.") from error
