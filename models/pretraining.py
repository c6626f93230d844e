"""Train Frame8 on Tiny ImageNet and write the weights and the model card that the app ships.

    python -m models.pretraining DATA OUT --epochs 24      train (and resume: run it again)
    python -m models.pretraining DATA OUT --evaluate FILE  top-1 of a weight file on the validation pictures

DATA is Tiny ImageNet's published folder (`wnids.txt`, `words.txt`, `train/`, `val/`); OUT takes checkpoints, one after
every epoch. A run that was killed continues after its last finished epoch and gives what it would have given.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from models import frame8
from models.runs import write_atomically

EVALUATION_BATCH = 500


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result, apart from the pictures."""

    epochs: int = 24
    batch: int = 128
    peak_rate: float = 0.1
    warmup_epochs: float = 1.0
    momentum: float = 0.9
    weight_decay: float = 4e-3  # decoupled: each step also takes rate * weight_decay of every kernel
    label_smoothing: float = 0.1
    smallest_crop: float = 0.45  # share of the picture's area
    jitter: float = 0.2  # brightness and contrast, at most this share
    seed: int = 0
    bfloat16: bool = False  # convolutions and products in bfloat16, where the processor has it


DEFAULT = Recipe()


@dataclass(frozen=True, slots=True)
class Pictures:
    """Tiny ImageNet in memory: `images` (N, 64, 64, 3) uint8, `labels` (N,) int32, `names` of the classes."""

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]


def _decode(paths: list[Path]) -> np.ndarray:
    images = np.empty((len(paths), *frame8.INPUT_SHAPE), np.uint8)
    for i, path in enumerate(paths):
        with Image.open(path, formats=("JPEG",)) as picture:
            images[i] = np.asarray(picture.convert("RGB"))
    return images


def read_pictures(data: Path, split: str) -> Pictures:
    """Return the `train` or `val` pictures of the published folder layout, classes in the order of `wnids.txt`."""
    wnids = (data / "wnids.txt").read_text().split()
    words = dict(line.split("\t") for line in (data / "words.txt").read_text().splitlines() if "\t" in line)
    names = tuple(words.get(wnid, wnid).split(",")[0].strip() for wnid in wnids)
    number = {wnid: i for i, wnid in enumerate(wnids)}
    if split == "train":
        pairs = [(path, number[wnid]) for wnid in wnids for path in sorted((data / split / wnid / "images").iterdir())]
    else:
        rows = (line.split("\t") for line in (data / split / "val_annotations.txt").read_text().splitlines())
        pairs = [(data / split / "images" / row[0], number[row[1]]) for row in rows]
    labels = np.array([label for _, label in pairs], np.int32)
    return Pictures(_decode([path for path, _ in pairs]), labels, names)


def learning_rate(step: int, steps_per_epoch: int, recipe: Recipe) -> float:
    """Return the rate of one step: linear warm-up, then half a cosine down to 0 at the last step."""
    warmup = recipe.warmup_epochs * steps_per_epoch
    if step < warmup:
        return recipe.peak_rate * (step + 1) / warmup
    share = (step - warmup) / max(recipe.epochs * steps_per_epoch - warmup, 1)
    return float(recipe.peak_rate * 0.5 * (1 + np.cos(np.pi * min(share, 1.0))))


def augment(images: tf.Tensor, seed: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """Return (N, H, W, 3) float32 crops, half of them mirrored, with brightness and contrast changed.

    `seed` (2,) int32 decides everything: the same seed gives the same crops.
    """
    n, side = tf.shape(images)[0], images.shape[1]
    uniform = tf.random.stateless_uniform([6, n], seed)
    size = tf.sqrt(recipe.smallest_crop + (1 - recipe.smallest_crop) * uniform[0])
    top, left = uniform[1] * (1 - size), uniform[2] * (1 - size)
    right = left + size
    mirrored = uniform[3] < 0.5  # crop_and_resize mirrors a box whose left edge lies right of its right edge
    boxes = tf.stack([top, tf.where(mirrored, right, left), top + size, tf.where(mirrored, left, right)], axis=1)
    crops = tf.image.crop_and_resize(tf.cast(images, tf.float32), boxes, tf.range(n), (side, side))
    brightness = 255 * recipe.jitter * (uniform[4] - 0.5)
    contrast = 1 + 2 * recipe.jitter * (uniform[5] - 0.5)
    crops = (crops - 127.5) * contrast[:, None, None, None] + 127.5 + brightness[:, None, None, None]
    return tf.clip_by_value(crops, 0, 255)


def top_1(network: keras.Model, pictures: Pictures) -> float:
    """Return the share of pictures whose most probable class is the right one."""
    forward = tf.function(lambda x: tf.argmax(network(tf.cast(x, tf.float32), training=False), axis=1))
    right = 0
    for start in range(0, len(pictures.labels), EVALUATION_BATCH):
        stop = start + EVALUATION_BATCH
        right += int((forward(tf.constant(pictures.images[start:stop])).numpy() == pictures.labels[start:stop]).sum())
    return right / len(pictures.labels)


class Training:
    """A network in training, its optimiser and its history; saved whole after every epoch."""

    def __init__(self, out: Path, recipe: Recipe, n_classes: int) -> None:
        self.out, self.recipe = out, recipe
        self.network = frame8.build(include_top=True, n_classes=n_classes, seed=recipe.seed)
        self.optimizer = keras.optimizers.SGD(
            recipe.peak_rate, momentum=recipe.momentum, nesterov=True, weight_decay=recipe.weight_decay
        )
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self.optimizer.build(self.network.trainable_variables)
        self.history: list[dict[str, float]] = []
        self.kernels = [self.network.get_layer("conv1").kernel.numpy()]
        self.loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
        self.step = tf.function(self._step)

    def _step(self, images: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            probabilities = self.network(augment(images, seed, self.recipe), training=True)
            loss = self.loss(tf.one_hot(labels, probabilities.shape[-1]), probabilities)
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def epoch(self, pictures: Pictures) -> float:
        """Train one epoch and return its mean loss; everything random hangs on (seed, epoch, step)."""
        number, batch = len(self.history), self.recipe.batch
        order = np.random.default_rng([self.recipe.seed, number]).permutation(len(pictures.labels))
        steps = len(order) // batch
        losses = []
        for i in range(steps):
            self.optimizer.learning_rate.assign(learning_rate(number * steps + i, steps, self.recipe))
            chosen = np.sort(order[i * batch : (i + 1) * batch])
            seed = tf.constant([self.recipe.seed * 1000 + number, i])
            losses.append(self.step(tf.constant(pictures.images[chosen]), tf.constant(pictures.labels[chosen]), seed))
        return float(np.mean([loss.numpy() for loss in losses]))

    def _variables(self) -> list[Any]:
        return [*self.network.variables, *self.optimizer.variables]

    def save(self) -> None:
        """Write everything a resumed run needs, in one file that is replaced in one step."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            history=np.array(json.dumps(self.history)),
            kernels=np.stack(self.kernels),
            **{f"v{i}": variable.numpy() for i, variable in enumerate(self._variables())},
        )
        write_atomically(self.out / "checkpoint.npz", buffer.getvalue())

    def resume(self) -> None:
        """Load the last finished epoch, if there is one."""
        path = self.out / "checkpoint.npz"
        if not path.exists():
            return
        with np.load(path, allow_pickle=False) as saved:
            for i, variable in enumerate(self._variables()):
                variable.assign(saved[f"v{i}"])
            self.history = json.loads(str(saved["history"]))
            self.kernels = list(saved["kernels"])


def save_weights(network: keras.Model, path: Path) -> None:
    """Write every weight, by its path in the network, as float16."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{v.path: v.numpy().astype(np.float16) for v in network.weights})
    write_atomically(path, buffer.getvalue())


def load_weights(network: keras.Model, path: Path) -> None:
    """Set every weight of `network` that the file names.

    Raises:
        ValueError: A weight of the network is missing from the file, or has another shape there.
    """
    with np.load(path, allow_pickle=False) as saved:
        for variable in network.weights:
            if variable.path not in saved or saved[variable.path].shape != tuple(variable.shape):
                raise ValueError(f"Expected {variable.path} of shape {tuple(variable.shape)} in {path.name}.")
            variable.assign(saved[variable.path].astype(np.float32))


def train(data: Path, out: Path, recipe: Recipe) -> Path:
    """Train to the end of `recipe`, resuming what is there; return the path of the weight file."""
    out.mkdir(parents=True, exist_ok=True)
    pictures, validation = read_pictures(data, "train"), read_pictures(data, "val")
    training = Training(out, recipe, len(pictures.names))
    training.resume()
    while len(training.history) < recipe.epochs:
        started = time.perf_counter()
        loss = training.epoch(pictures)
        row = {"loss": loss, "top_1": top_1(training.network, validation), "seconds": time.perf_counter() - started}
        training.history.append(row)
        training.kernels.append(training.network.get_layer("conv1").kernel.numpy())
        training.save()
        save_weights(training.network, out / "frame8.npz")
        write_card(out, recipe, training, pictures.names)
        print(f"epoch {len(training.history)}/{recipe.epochs}", json.dumps(row), flush=True)
    return out / "frame8.npz"


def write_card(out: Path, recipe: Recipe, training: Training, names: tuple[str, ...]) -> None:
    """Write `frame8.json` (recipe, history, class names) and the first-layer kernels along the way."""
    history = training.history
    card = {
        "network": "frame8",
        "parameters": training.network.count_params(),
        "data": "Tiny ImageNet: 100,000 training and 10,000 validation pictures of 200 classes, 64 x 64",
        "recipe": asdict(recipe),
        "epochs_done": len(history),
        "top_1_validation": history[-1]["top_1"],
        "hours": sum(row["seconds"] for row in history) / 3600,
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "history": history,
        "classes": list(names),
    }
    write_atomically(out / "frame8.json", json.dumps(card, indent=1).encode())
    kept = sorted({0, 1, 3, len(history)} & set(range(len(training.kernels))))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, epochs=np.array(kept), kernels=np.stack([training.kernels[k] for k in kept]).astype(np.float16)
    )
    write_atomically(out / "frame8_kernels.npz", buffer.getvalue())


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train or evaluate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=DEFAULT.epochs)
    parser.add_argument("--seed", type=int, default=DEFAULT.seed)
    parser.add_argument("--batch", type=int, default=DEFAULT.batch)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate", type=Path)
    options = parser.parse_args(arguments)
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if options.evaluate:
        validation = read_pictures(options.data, "val")
        network = frame8.build(include_top=True, n_classes=len(validation.names))
        load_weights(network, options.evaluate)
        print(json.dumps({"top_1": top_1(network, validation), "pictures": len(validation.labels)}))
        return
    if options.bfloat16:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    recipe = Recipe(epochs=options.epochs, seed=options.seed, batch=options.batch, bfloat16=options.bfloat16)
    train(options.data, options.out, recipe)


if __name__ == "__main__":
    main()
