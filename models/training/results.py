"""The results of a training: the files in its run's folder, and what its learning curves show.

history.json          one row per epoch: epoch, phase, loss, accuracy, val_loss, val_accuracy, seconds, learning_rate
predictions.npz       index, label, probability of the test pictures; val_… of the validation pictures, noisy_… of the
                      training pictures whose label was replaced
weight_change.json    how far every layer's weights moved
classifier.keras      the classifier, one flat functional graph
epoch-0001.npz, …     what moved, after that epoch, where the run keeps epochs (`models/training/kept_epochs.py`)
epoch_answers.npz     what the test pictures were answered after every epoch (`models/training/epoch_answers.py`)
summary.json          accuracy, n_test, best_epoch, seconds per phase, path, parameters, note
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.errors import RunNotFound
from models.jobs.job import Task
from models.storage.files import arrays_of, write_atomically
from models.storage.runs import Run

SUMMARY = "summary.json"  # written last: without it a run has no results
_ARRAYS = ("index", "label", "probability", "val_index", "val_label", "val_probability")
_NOISY = ("noisy_index", "noisy_label", "noisy_probability")  # runs from before there was label noise lack them

FEWEST = 8  # epochs of a phase, below which no gap is looked for
_WINDOW = 5  # epochs of the running median
_SHARE, _SCATTERS, _LEAST = 0.1, 3.0, 0.02  # of the lowest validation loss; of the scatter; in nats
_NORMAL = 1.4826  # from the median of absolute values to the standard deviation, for normal scatter


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


def frozen_parameters(changes: Iterable[WeightChange]) -> int:
    """Return how many numbers the frozen layers keep: those that must be the same to the last bit."""
    return sum(row.parameters for row in changes if row.frozen)


def save_result(folder: Path, result: TrainingResult) -> None:
    """Write all files of a finished run except the classifier; the summary comes last."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: getattr(result, name) for name in (*_ARRAYS, *_NOISY)})
    write_atomically(folder / "predictions.npz", buffer.getvalue())
    changes = [asdict(change) for change in result.weight_change]
    for name, content in (("history", result.history), ("weight_change", changes), ("summary", result.summary)):
        write_atomically(folder / f"{name}.json", json.dumps(content).encode())


def load_result(run: Run) -> TrainingResult:
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


@dataclass(frozen=True, slots=True)
class Opening:
    """The gap between training and validation has opened: one loss still falls while the other rises.

    Attributes:
        epoch: After which the validation loss was lowest; from there on it rises.
        training, validation: The losses there, in nats, smoothed.
        training_end, validation_end: And at the end.
    """

    epoch: int
    training: float
    validation: float
    training_end: float
    validation_end: float


def opening(history: Sequence[Mapping[str, float]]) -> Opening | None:
    """Return where the gap opens in the last phase of a training; None where it does not, or cannot be told.

    It has opened where the running median (5 epochs) of the validation loss ends above its lowest value by a tenth of
    it, by three times the scatter of its epochs (from one to the next), and by 0.02 nats, while that of the
    training loss fell.

    Args:
        history: One mapping per epoch with `epoch`, `loss`, `val_loss` and, with two phases, `phase`; epochs from the
            first loss on that is not a number are left out.
    """
    last = [row for row in history if row.get("phase", 1) == history[-1].get("phase", 1)] if history else []
    losses = np.array([[row["loss"], row["val_loss"]] for row in last], np.float64).reshape(-1, 2)
    whole = np.isfinite(losses).all(axis=1)
    if not whole.all():
        losses = losses[: int(whole.argmin())]
    if len(losses) < FEWEST:
        return None
    training, validation = _smooth(losses[:, 0]), _smooth(losses[:, 1])
    lowest = int(validation.argmin())
    scatter = _NORMAL * float(np.median(np.abs(np.diff(losses[:, 1])))) / 2**0.5
    rise = float(validation[-1] - validation[lowest])
    if rise < max(_SHARE * validation[lowest], _SCATTERS * scatter, _LEAST) or training[-1] >= training[lowest]:
        return None
    ends = (training[lowest], validation[lowest], training[-1], validation[-1])
    return Opening(int(last[lowest]["epoch"]), *map(float, ends))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running median; at the ends of those that there are."""
    half = _WINDOW // 2
    return np.array([np.median(values[max(i - half, 0) : i + half + 1]) for i in range(len(values))])


@dataclass(frozen=True, slots=True)
class ClassifierFile:
    """A trained classifier as the bytes of its `.keras` file, uint8 (n,)."""

    data: np.ndarray


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """An archive as bytes, uint8 (n,)."""

    data: np.ndarray


CLASSIFIER_FILE: Final = Task("classifier_file", "models.networks.worker.opened:classifier_file", ClassifierFile)
TRAINING_ARCHIVE: Final = Task("training_archive", "models.training.worker.archive:training_archive", ArchiveFile)
