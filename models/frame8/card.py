"""The model card of Frame8: the recipe of its pretraining, how it went, and the files that are shipped with it.

A recipe is everything that decides the result apart from the pictures. What a pretraining leaves are the weights, the
card and the first layer's kernels on the way.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import InputError
from models.storage.files import ASSETS, arrays_of, write_atomically
from models.wording import grouped

FOLDER = ASSETS / "frame8"
WEIGHTS, CARD, KERNELS = "frame8.npz", "frame8.json", "frame8_kernels.npz"
KEPT_EPOCHS = (0, 1, 3)  # whose kernels are kept, besides the last
Plans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is pretrained.

    Attributes:
        epochs: Passes over the training pictures.
        batch: Pictures in a step; what does not fill a batch is left out of the epoch.
        peak_rate, warmup_epochs: The learning rate rises to the peak along a line, then falls along a cosine to 0.
        momentum: Nesterov's.
        weight_decay: Decoupled: each step also takes rate * weight_decay of every kernel.
        label_smoothing: Share of the target spread over all classes.
        smallest_crop: Of the picture's area.
        jitter: Brightness and contrast change by at most this share.
        seed: Decides weights, order and crops.
        bfloat16: Convolutions and products in bfloat16, where the processor has it.
        averaging: Decay of the moving average of all weights, per step; it is what is measured and saved. 0 is off.
        plans: (up to this epoch, epochs until the cosine is at 0), one after the other, the last up to `epochs`;
            () is one plan of all epochs. A training that was shortened on its way has several.
    """

    epochs: int = 24
    batch: int = 128
    peak_rate: float = 0.1
    warmup_epochs: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 4e-3
    label_smoothing: float = 0.1
    smallest_crop: float = 0.45
    jitter: float = 0.2
    seed: int = 0
    bfloat16: bool = False
    averaging: float = 0.0
    plans: Plans = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            InputError: A number outside its range, or plans that do not follow one another up to the last epoch.
        """
        if self.epochs < 1 or self.batch < 1:
            raise InputError(f"Expected at least 1 epoch and 1 picture. Received {self.epochs} and {self.batch}.")
        if not 0 <= self.averaging < 1:
            raise InputError(f"Expected an averaging decay from 0 to below 1. Received {self.averaging}.")
        ends = [0, *(end for end, _ in self.plans)]
        if self.plans and (
            any(later <= earlier for earlier, later in pairwise(ends))
            or any(length < end for end, length in self.plans)
            or ends[-1] != self.epochs
        ):
            raise InputError(
                "Expected plans such as 8:26,10:18,15:15 that rise to the last epoch, each as long as it lasts. "
                f"Received {','.join(f'{end}:{length}' for end, length in self.plans)} and {self.epochs} epochs."
            )

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `asdict` and JSON made into `saved`.

        Raises:
            InputError, KeyError, TypeError, ValueError: It is none.
        """
        return cls(**{**saved, "plans": tuple((end, length) for end, length in saved["plans"])})

    def length(self, epoch: int) -> int:
        """Return how many epochs the cosine takes that epoch number `epoch` (from 0) follows."""
        return next((length for end, length in self.plans if epoch < end), self.epochs)

    def continues(self, saved: Mapping[str, Any], epochs_done: int) -> bool:
        """Return whether `epochs_done` epochs of the saved recipe (as `asdict` and JSON give it) are also this one's.

        True for another number of epochs or another plan, as long as the rates so far are the same.
        """
        other = Recipe.from_json(saved)
        same = replace(self, epochs=other.epochs, plans=other.plans) == other
        return same and all(self.length(epoch) == other.length(epoch) for epoch in range(epochs_done))


DEFAULT = Recipe()


def parse_plans(text: str) -> Plans:
    """Return `8:26,10:18,15:15` as ((8, 26), (10, 18), (15, 15)).

    Raises:
        InputError: Another form.
    """
    if not re.fullmatch(r"\d{1,4}:\d{1,4}(,\d{1,4}:\d{1,4})*", text):
        raise InputError(f"Expected plans such as 8:26,10:18,15:15. Received {text[:60]!r}.")
    pairs = (part.split(":") for part in text.split(","))
    return tuple((int(end), int(length)) for end, length in pairs)


def learning_rate(step: int, steps_per_epoch: int, recipe: Recipe) -> float:
    """Return the rate of one step: linear warm-up, then half a cosine down to 0 at the last step of the plan."""
    warmup = recipe.warmup_epochs * steps_per_epoch
    if step < warmup:
        return recipe.peak_rate * (step + 1) / warmup
    length = recipe.length(step // steps_per_epoch)
    share = (step - warmup) / max(length * steps_per_epoch - warmup, 1)
    return float(recipe.peak_rate * 0.5 * (1 + np.cos(np.pi * min(share, 1.0))))


@dataclass(frozen=True, slots=True)
class Card:
    """What the model card says.

    Attributes:
        classes: Names of the outputs, in their order.
        recipe: As the script was run.
        history: Per epoch: `loss` on the training pictures, `top_1` on the validation pictures (0 to 1), `seconds`.
        hours: Of training.
        machine: What it was trained on.
    """

    classes: tuple[str, ...]
    recipe: Recipe
    history: tuple[Mapping[str, float], ...]
    hours: float
    machine: str


@dataclass(frozen=True, slots=True)
class KernelStages:
    """`kernels` (stages, height, width, 3, n) float32 of the first layer after `epochs` (stages,) epochs."""

    epochs: tuple[int, ...]
    kernels: np.ndarray


def save_weights(network: Any, path: Path) -> None:
    """Write every weight, by its path in the network, as float16."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{v.path: v.numpy().astype(np.float16) for v in network.weights})
    write_atomically(path, buffer.getvalue())


def load_weights(network: Any, path: Path) -> None:
    """Set every weight of `network` from the file, which may hold more.

    Raises:
        ValueError: It is no weight file, or a weight of the network is missing from it, or has another shape there.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError(f"Expected a weight file (.npz) at {path}. Received none, or a damaged one.")
    with np.load(path, allow_pickle=False) as saved:
        for variable in network.weights:
            if variable.path not in saved:
                raise ValueError(f"Expected {variable.path} in {path.name}. Received none.")
            values, shape = saved[variable.path], tuple(variable.shape)
            if values.shape != shape:
                raise ValueError(f"Expected {variable.path} of shape {shape} in {path.name}. Received {values.shape}.")
            variable.assign(values.astype(np.float32))


def write(
    out: Path,
    network: Any,
    recipe: Recipe,
    names: Sequence[str],
    counts: tuple[int, int],
    history: Sequence[Mapping[str, float]],
    kernels: Sequence[np.ndarray],
) -> None:
    """Write weights, card and kernels of a network after `len(history)` epochs.

    Args:
        out: The folder.
        network: Its weights are written as they are.
        recipe, names: Of the training, and of its classes.
        counts: Training and validation pictures.
        history: One row per epoch.
        kernels: The first layer's before training and after every epoch.
    """
    save_weights(network, out / WEIGHTS)
    card = {
        "network": "frame8",
        "parameters": network.count_params(),
        "data": f"Tiny ImageNet: {grouped(counts[0])} training and {grouped(counts[1])} validation pictures of "
        f"{len(names)} classes, 64 x 64",
        "recipe": asdict(recipe),
        "epochs_done": len(history),
        "top_1_validation": history[-1]["top_1"],
        "hours": sum(row["seconds"] for row in history) / 3600,
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "sha256": hashlib.sha256((out / WEIGHTS).read_bytes()).hexdigest(),  # of the weight file
        "history": list(history),
        "classes": list(names),
    }
    write_atomically(out / CARD, json.dumps(card, indent=1).encode())
    kept = sorted({*KEPT_EPOCHS, len(history)} & set(range(len(kernels))))
    buffer = io.BytesIO()
    stages = np.stack([kernels[epoch] for epoch in kept]).astype(np.float16)
    np.savez_compressed(buffer, epochs=np.array(kept), kernels=stages)
    write_atomically(out / KERNELS, buffer.getvalue())


def read(folder: Path = FOLDER) -> Card:
    """Return the card in `folder`.

    Raises:
        OSError, ValueError: It is missing or damaged.
    """
    card = json.loads((folder / CARD).read_bytes())
    recipe = Recipe.from_json(card["recipe"])
    return Card(tuple(card["classes"]), recipe, tuple(card["history"]), card["hours"], card["machine"])


def read_kernels(folder: Path = FOLDER) -> KernelStages:
    """Return the first layer's kernels on the way.

    Raises:
        OSError, ValueError: They are missing or damaged.
    """
    saved = arrays_of((folder / KERNELS).read_bytes())
    return KernelStages(tuple(saved["epochs"].tolist()), saved["kernels"].astype(np.float32))
