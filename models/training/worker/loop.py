"""The training loop: whole stretches of an epoch in one call of a compiled function.

Keras's `fit` spends about two milliseconds per step around the step; a head on ready features needs a tenth of that.
The arithmetic is Keras's own (layers, loss, optimisers), so the result is what `fit` gives for the same batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from models.backbones.worker.graphs import fold_batch_norm
from models.training.spec import COLUMNS, TrainingSpec, draws
from models.training.worker.augment import augment
from models.training.worker.classifier import CutNetwork
from models.training.worker.examples import Examples

STRETCH_SECONDS = 0.4  # a compiled call takes about so long; between two calls a cancel is noticed
FINAL_SHARE = 0.01  # of the first rate, reached by the exponential schedule
MOMENTUM = 0.9


def learning_rates(spec: TrainingSpec, epoch: int, steps: int) -> np.ndarray:
    """Return the rate of every step of `epoch` (counted from 0), float32 (steps,)."""
    share = (epoch * steps + np.arange(steps)) / (spec.epochs * steps)
    factor = {
        "constant": np.ones(steps),
        "cosine": 0.5 * (1 + np.cos(np.pi * share)),
        "exponential": FINAL_SHARE**share,
    }[spec.schedule]
    return (spec.learning_rate * factor).astype(np.float32)


def optimizer(spec: TrainingSpec) -> keras.optimizers.Optimizer:
    """Return the optimiser of the recipe; "sgd" has a momentum of 0.9."""
    make = {
        "adam": keras.optimizers.Adam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=MOMENTUM),
    }[spec.optimizer]
    return make(spec.learning_rate)


def _compiled_part(spec: TrainingSpec) -> TrainingSpec:
    """Return a spec without what is no part of the compiled step, nor of the frozen part's output."""
    seed = spec.seed if spec.weights == "random" else 0
    return replace(
        spec, seed=seed, split_seed=0, shots=None, label_noise=0.0, learning_rate=1.0, schedule="constant", epochs=1,
        patience=0, keep_epochs=False, head_rate=1.0,
    )  # fmt: skip


class Loop:
    """A network in training on `examples`, with its optimiser."""

    def __init__(self, spec: TrainingSpec, split: CutNetwork, examples: Examples) -> None:
        self.spec, self.split, self.examples = spec, split, examples
        self.labels = tf.Variable(examples.labels, trainable=False)
        self.optimizer = optimizer(spec)
        self.variables = split.tail.trainable_variables
        self.optimizer.build(self.variables)
        self._new_optimizer = [variable.numpy() for variable in self.optimizer.variables]
        self.dropouts = [layer for layer in split.tail.layers if isinstance(layer, layers.Dropout)]
        self.augmented = examples.pictures is not None and spec.augmentation.on
        self._fast_prefix = fold_batch_norm(split.prefix) if split.weighted and self._runs_prefix else split.prefix
        self._step_seconds = 0.0
        numbers, rates = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)
        drawn = tf.TensorSpec([None, len(COLUMNS)], tf.float32)
        sums = (tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32))
        signature = [numbers, drawn, rates, *sums]
        self._train = tf.function(self._train_steps, input_signature=signature, autograph=False)
        self._predict = tf.function(self._probabilities, input_signature=[numbers], autograph=False)

    def serves(self, spec: TrainingSpec) -> bool:
        """Return whether `begin` may make this the loop of another training of the same network and pictures."""
        return _compiled_part(spec) == _compiled_part(self.spec)

    def begin(self, spec: TrainingSpec, labels: np.ndarray) -> None:
        """Start anew, with what is compiled and computed already: for a spec that this loop serves.

        Args:
            spec: Of one phase.
            labels: int64 (N,), of all examples.
        """
        self.spec = spec
        self.labels.assign(labels)
        for variable, new in zip(self.optimizer.variables, self._new_optimizer, strict=True):
            variable.assign(new)

    @property
    def moving(self) -> list[Any]:
        """Return every variable that training changes: trained weights, then BatchNorm statistics that move."""
        statistics = [
            variable
            for layer in self.split.tail.layers
            if isinstance(layer, layers.BatchNormalization) and layer.trainable
            for variable in layer.non_trainable_variables
        ]
        return [*self.variables, *statistics]

    @property
    def _runs_prefix(self) -> bool:
        return self.augmented or not self.examples.cached

    def _inputs(self, rows: Any) -> list[Any]:
        gathered = [tf.gather(tensor, rows) for tensor in self.examples.inputs]
        return gathered if self.examples.cached else self._through_prefix(tf.cast(gathered[0], tf.float32))

    def _through_prefix(self, pictures: Any) -> list[Any]:
        return list(keras.tree.flatten(self._fast_prefix(pictures, training=False)))

    def training_pictures(self, rows: Any, drawn: Any) -> Any:
        """Return the augmented pictures that a step learns from, float32 (n, H, W, 3)."""
        pictures = tf.cast(tf.gather(self.examples.pictures, rows), tf.float32)
        return augment(self.spec.augmentation, pictures, drawn)

    def drawn(self, epoch: int, rows: np.ndarray) -> np.ndarray:
        """Return how the pictures of `rows` change in `epoch` (see `models.training.spec.draws`); 0 if they do not."""
        if not self.augmented:
            return np.zeros((len(rows), len(COLUMNS)), np.float32)
        return draws(self.spec.augmentation, self.spec.seed, epoch, self.examples.numbers[rows])

    def _probabilities(self, rows: Any) -> Any:
        return self.split.tail(self._inputs(rows), training=False)

    def _losses(self, labels: Any, probabilities: Any) -> Any:
        """Return the cross-entropy of every picture, against smoothed targets if the recipe says so."""
        if not self.spec.label_smoothing:
            return keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        targets = tf.one_hot(labels, probabilities.shape[-1])
        return keras.losses.categorical_crossentropy(targets, probabilities, label_smoothing=self.spec.label_smoothing)

    def _gradient_step(self, rows: Any, drawn: Any) -> tuple[Any, Any]:
        """Take one step on the pictures `rows`; return the summed cross-entropy and the number of right answers."""
        labels = tf.gather(self.labels, rows)
        inputs = self._through_prefix(self.training_pictures(rows, drawn)) if self.augmented else self._inputs(rows)
        with tf.GradientTape() as tape:
            probabilities = self.split.tail(inputs, training=True)
            losses = self._losses(labels, probabilities)
            objective = tf.add_n([tf.reduce_mean(losses), *self.split.tail.losses])
        self.optimizer.apply(tape.gradient(objective, self.variables), self.variables)
        right = tf.argmax(probabilities, axis=1, output_type=labels.dtype) == labels
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    def _train_steps(self, rows: Any, drawn: Any, rates: Any, loss: Any, right: Any) -> tuple[Any, Any]:
        """Take one step per rate on consecutive batches of `rows`; return the sums, continued from `loss` and `right`.

        Continued, not added afterwards: the rounding must not hang on where a stretch ended.
        """
        batch = self.spec.batch

        def step(number: Any, loss: Any, right: Any) -> tuple[Any, Any, Any]:
            self.optimizer.learning_rate.assign(rates[number])
            part = slice(number * batch, (number + 1) * batch)
            more_loss, more_right = self._gradient_step(rows[part], drawn[part])
            return number + 1, loss + more_loss, right + more_right

        start = (tf.constant(0), loss, right)
        _, loss, right = tf.while_loop(lambda number, *_: number < tf.size(rates), step, start, parallel_iterations=1)
        return loss, right

    def epoch(self, number: int, rows: np.ndarray, check: Callable[[], None]) -> dict[str, float]:
        """Train on every row of `rows` once, in the order of (seed, number); return loss, accuracy and last rate.

        Args:
            number: Of the epoch in its phase, from 0.
            rows: int (N,) into the examples.
            check: Called at least about twice a second; may raise to stop.
        """
        self._reset_dropout(number)
        order = np.random.default_rng([self.spec.seed, number]).permutation(rows).astype(np.int32)
        steps = -(-len(order) // self.spec.batch)
        rates = learning_rates(self.spec, number, steps)
        loss, right, done = tf.constant(0.0), tf.constant(0), 0
        while done < steps:
            check()
            end = min(done + self._stretch(), steps)
            started = time.perf_counter()
            part = order[done * self.spec.batch : end * self.spec.batch]
            drawn = tf.constant(self.drawn(number, part))
            loss, right = self._train(tf.constant(part), drawn, tf.constant(rates[done:end]), loss, right)
            finite = np.isfinite(float(loss))  # also waits for the result
            self._step_seconds = (time.perf_counter() - started) / (end - done)
            done = end
            if not finite:
                break
        return {
            "loss": float(loss) / len(order),
            "accuracy": int(right) / len(order),
            "learning_rate": float(rates[-1]),
        }

    def _stretch(self) -> int:
        """Return the number of steps for one call: a few at first, since their time is not known yet."""
        return max(1, int(STRETCH_SECONDS / self._step_seconds)) if self._step_seconds else 2

    def _reset_dropout(self, number: int) -> None:
        """Seed dropout by (seed, epoch, layer): Keras's files do not hold the state of its generators."""
        for position, layer in enumerate(self.dropouts):
            first = np.random.default_rng([self.spec.seed, number, position]).integers(2**31)
            layer.seed_generator.state.assign(np.array([first, 0], np.uint32))

    def predict(self, rows: np.ndarray, chunk: int, check: Callable[[], None]) -> np.ndarray:
        """Return the probabilities of `rows` in inference mode, float32 (N, C), `chunk` pictures at a time."""
        parts = []
        for start in range(0, len(rows), chunk):
            check()
            parts.append(self._predict(tf.constant(rows[start : start + chunk].astype(np.int32))).numpy())
        return np.concatenate(parts)
