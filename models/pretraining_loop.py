"""How Frame8 is pretrained: crops, steps, the average of the weights, checkpoints. Imports Keras: scripts only."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models import frame8
from models.answers import arrays_of
from models.errors import InputError
from models.pretraining_recipe import Recipe, learning_rate
from models.runs import write_atomically
from models.tiny_imagenet import Pictures

CHECKPOINT = "checkpoint.npz"


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
        self.network = frame8.build(include_top=True, n_classes=n_classes, seed=recipe.seed)
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
