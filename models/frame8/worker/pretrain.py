"""The pretraining of Frame8 on Tiny ImageNet, which writes the weights and the model card that the app ships.

    python -m models.frame8.worker.pretrain DATA OUT --epochs 24      train (and resume: run it again)
    python -m models.frame8.worker.pretrain DATA OUT --evaluate FILE  top-1 of a weight file on the validation pictures

DATA is Tiny ImageNet's published folder (`wnids.txt`, `words.txt`, `train/`, `val/`); OUT takes checkpoints, one after
every epoch. A run that was killed continues after its last finished epoch and gives what it would have given.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.errors import InputError
from models.frame8 import card
from models.frame8.card import DEFAULT, Recipe, learning_rate, parse_plans
from models.frame8.tiny_imagenet import Pictures, read_pictures
from models.frame8.worker import network as frame8_network
from models.storage.files import arrays_of, write_atomically

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
CHECKPOINT = "checkpoint.npz"
EVALUATION_BATCH = 500


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


class Average:
    """An exponential moving average of variables.

    At step t (from 1) it keeps min(decay, (1 + t) / (10 + t)) of itself, so that the first weights, which are far off,
    are soon forgotten.
    """

    def __init__(self, variables: list[Any], decay: float) -> None:
        self._pairs = [(tf.Variable(v.value, trainable=False), v) for v in variables]
        self._decay, self._steps = decay, tf.Variable(0.0, trainable=False)

    @property
    def variables(self) -> list[Any]:
        """Return everything a resumed run needs."""
        return [self._steps, *(mean for mean, _ in self._pairs)]

    def update(self) -> None:
        """Take in the variables as they are after one more step."""
        step = self._steps.assign_add(1.0)
        share = 1 - tf.minimum(self._decay, (1 + step) / (10 + step))
        for mean, variable in self._pairs:
            mean.assign_sub(share * (mean - variable.value))

    def assign(self) -> None:
        """Give the variables their averages."""
        for mean, variable in self._pairs:
            variable.assign(mean)


class Training:
    """A network in training, its optimiser and its history; saved whole after every epoch."""

    def __init__(self, out: Path, recipe: Recipe, n_classes: int) -> None:
        self.out, self.recipe = out, recipe
        self.network = frame8_network.build(include_top=True, n_classes=n_classes, seed=recipe.seed)
        self.optimizer = keras.optimizers.SGD(
            recipe.peak_rate, momentum=recipe.momentum, nesterov=True, weight_decay=recipe.weight_decay
        )
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self.optimizer.build(self.network.trainable_variables)
        self.average = Average(self.network.weights, recipe.averaging) if recipe.averaging else None
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
        if self.average:
            self.average.update()
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

    @contextmanager
    def as_saved(self) -> Iterator[keras.Model]:
        """Lend the network with the weights that are measured and saved: averaged if so asked, and as float16."""
        kept = self.network.get_weights()
        if self.average:
            self.average.assign()
        self.network.set_weights([w.astype(np.float16).astype(np.float32) for w in self.network.get_weights()])
        try:
            yield self.network
        finally:
            self.network.set_weights(kept)

    def _variables(self) -> list[Any]:
        averages = self.average.variables if self.average else []
        return [*self.network.variables, *self.optimizer.variables, *averages]

    def save(self) -> None:
        """Write everything a resumed run needs, in one file that is replaced in one step."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            recipe=np.array(json.dumps(asdict(self.recipe))),
            history=np.array(json.dumps(self.history)),
            kernels=np.stack(self.kernels),
            **{f"v{i}": variable.numpy() for i, variable in enumerate(self._variables())},
        )
        write_atomically(self.out / CHECKPOINT, buffer.getvalue())

    def resume(self) -> None:
        """Load the last finished epoch, if there is one.

        Raises:
            InputError: The checkpoint cannot be read, or another recipe or other classes made it.
        """
        path = self.out / CHECKPOINT
        if not path.exists():
            return
        remedy = f"Remove {path}, or choose another folder OUT."
        try:
            saved = arrays_of(path.read_bytes())
            recipe, history = (json.loads(str(saved[name])) for name in ("recipe", "history"))
            if not self.recipe.continues(recipe, len(history)):
                raise InputError(f"Expected the recipe that {path} was made with. Received another. {remedy}")
            for i, variable in enumerate(self._variables()):
                variable.assign(saved[f"v{i}"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"Expected a checkpoint of this script and these classes. {remedy}") from error
        self.history, self.kernels = history, list(saved["kernels"])


def top_1(network: keras.Model, pictures: Pictures) -> float:
    """Return the share of pictures whose most probable class is the right one."""
    forward = tf.function(lambda x: tf.argmax(network(tf.cast(x, tf.float32), training=False), axis=1))
    right = 0
    for start in range(0, len(pictures.labels), EVALUATION_BATCH):
        stop = start + EVALUATION_BATCH
        right += int((forward(tf.constant(pictures.images[start:stop])).numpy() == pictures.labels[start:stop]).sum())
    return right / len(pictures.labels)


def train(data: Path, out: Path, recipe: Recipe) -> None:
    """Train to the end of `recipe`, resuming what is there; write weights, card and kernels after every epoch."""
    pictures, validation = read_pictures(data, "train"), read_pictures(data, "val")
    if len(pictures.labels) < recipe.batch:
        raise InputError(f"Expected at least {recipe.batch} training pictures. Received {len(pictures.labels)}.")
    out.mkdir(parents=True, exist_ok=True)
    training = Training(out, recipe, len(pictures.names))
    training.resume()
    counts = len(pictures.labels), len(validation.labels)
    while len(training.history) < recipe.epochs:
        started = time.perf_counter()
        row = {"loss": training.epoch(pictures)}
        with training.as_saved() as network:
            row |= {"top_1": top_1(network, validation), "seconds": time.perf_counter() - started}
            training.history.append(row)
            training.kernels.append(network.get_layer("conv1").kernel.numpy())
            card.write(out, network, recipe, pictures.names, counts, training.history, training.kernels)
        training.save()
        print(f"epoch {len(training.history)}/{recipe.epochs}", json.dumps(row), flush=True)


def evaluate(data: Path, file: Path) -> None:
    """Print the top-1 of a weight file on the validation pictures."""
    validation = read_pictures(data, "val")
    network = frame8_network.build(include_top=True, n_classes=len(validation.names))
    try:
        card.load_weights(network, file)
    except ValueError as error:
        raise InputError(str(error)) from error
    print(json.dumps({"top_1": top_1(network, validation), "pictures": len(validation.labels)}))


def _prepare(threads: int, bfloat16: bool) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # TensorFlow has computed already: the thread counts are settled
        pass
    if bfloat16:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train or evaluate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, help=f"{DEFAULT.epochs}, or the last of --plan")
    parser.add_argument("--plan", default="", help="cosines one after the other, up to epoch:length,… as 8:26,15:15")
    parser.add_argument("--averaging", type=float, default=DEFAULT.averaging, help="moving average of the weights")
    parser.add_argument("--seed", type=int, default=DEFAULT.seed)
    parser.add_argument("--batch", type=int, default=DEFAULT.batch)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate", type=Path)
    options = parser.parse_args(arguments)
    _prepare(options.threads, options.bfloat16)
    try:
        if options.evaluate:
            evaluate(options.data, options.evaluate)
            return
        plans = parse_plans(options.plan) if options.plan else ()
        epochs = options.epochs or (plans[-1][0] if plans else DEFAULT.epochs)
        given = {name: getattr(options, name) for name in ("averaging", "seed", "batch", "bfloat16")}
        train(options.data, options.out, Recipe(epochs=epochs, plans=plans, **given))
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
