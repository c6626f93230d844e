"""What a pretraining leaves and the app ships: weights, the model card, the first layer's kernels on the way.

Knows no Keras: a network comes in as an argument, and the page reads the card.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.answers import arrays_of
from models.pretraining_recipe import Recipe
from models.runs import ASSETS, write_atomically

FOLDER = ASSETS / "frame8"
WEIGHTS, CARD, KERNELS = "frame8.npz", "frame8.json", "frame8_kernels.npz"
KEPT_EPOCHS = (0, 1, 3)  # whose kernels are kept, besides the last


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
        "data": f"Tiny ImageNet: {counts[0]:,} training and {counts[1]:,} validation pictures of {len(names)} classes, "
        "64 x 64",
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
