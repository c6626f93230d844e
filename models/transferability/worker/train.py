"""One network of the transferability experiment: built, its layers copied or frozen, trained and measured."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from models.transferability.experiment import Architecture, Cell, Schedule

WARMUP_SHARE = 0.1
MOMENTUM = 0.9
EVALUATION_BATCH = 500


@dataclass(frozen=True, slots=True)
class Task:
    """Pictures (N, H, W, C) uint8 and classes (N,) counted from 0: one set to learn from, one to measure on."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    validation_images: NDArray[np.uint8]
    validation_labels: NDArray[np.int64]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1


class Chain:
    """A network as a list of its weight layers, each with what belongs to it (BatchNorm, ReLU, pooling)."""

    def __init__(self, architecture: Architecture, classes: int, seed: int) -> None:
        """Build it with random weights; the same seed gives the same."""
        self.blocks: list[list[layers.Layer]] = []

        def block(layer: type, *arguments: object, last: bool = False, **options: object) -> list[layers.Layer]:
            number = len(self.blocks) + 1
            initializer = keras.initializers.HeNormal(seed=seed * 100 + number)
            weighted = layer(*arguments, use_bias=last, kernel_initializer=initializer, **options)
            self.blocks.append(
                [weighted] if last else [weighted, layers.BatchNormalization(momentum=0.95), layers.ReLU()]
            )
            return self.blocks[-1]

        for filters, kernel, stride, pooled in architecture.convolutions:
            added = block(layers.Conv2D, filters, kernel, strides=stride, padding="same")
            if pooled:
                added.append(layers.MaxPooling2D(2))
        added.append(layers.Flatten())
        for width in architecture.dense:
            block(layers.Dense, width)
        block(layers.Dense, classes, last=True)
        shape = (None, architecture.height, architecture.width, architecture.channels)
        for layer in self.layers():
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def layers(self, first: int = 0, last: int | None = None) -> list[layers.Layer]:
        """Return all layers of the blocks first..last-1, in order."""
        return [layer for block in self.blocks[first:last] for layer in block]

    def copy(self, other: Chain, n: int) -> None:
        """Take over the weights of the first `n` blocks of another chain."""
        for mine, theirs in zip(self.layers(0, n), other.layers(0, n), strict=True):
            mine.set_weights(theirs.get_weights())

    def weights(self) -> list[NDArray[np.float32]]:
        """Return every weight, in order."""
        return [weight for layer in self.layers() for weight in layer.get_weights()]

    def set_weights(self, weights: Sequence[NDArray[np.float32]]) -> None:
        """Set what `weights` returned."""
        remaining = list(weights)
        for layer in self.layers():
            count = len(layer.weights)
            layer.set_weights(remaining[:count])
            del remaining[:count]


def scaled(images: tf.Tensor) -> tf.Tensor:
    """Return pictures 0..255 as float32 in -1..1."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def apply(chain: Sequence[layers.Layer], x: tf.Tensor, *, training: bool) -> tf.Tensor:
    """Return what some layers, one after the other, give for `x`."""
    for layer in chain:
        x = layer(x, training=training) if isinstance(layer, layers.BatchNormalization) else layer(x)
    return x


def _batches(count: int) -> list[slice]:
    return [slice(start, min(start + EVALUATION_BATCH, count)) for start in range(0, count, EVALUATION_BATCH)]


def frozen_outputs(chain: Chain, n: int, images: NDArray[np.uint8], mirror: bool) -> NDArray[np.float16]:
    """Return what the first `n` blocks give for every picture, and with `mirror` for every mirrored picture.

    Returns:
        float16 (N, 1 or 2, ...): computed once, since the blocks are frozen.
    """
    prefix = chain.layers(0, n)
    forward = tf.function(lambda x: tf.cast(apply(prefix, scaled(x), training=False), tf.float16))
    variants = [images, images[:, :, ::-1]] if mirror else [images]
    parts = [[forward(tf.constant(images[part])).numpy() for part in _batches(len(images))] for images in variants]
    return np.stack([np.concatenate(part) for part in parts], axis=1)


def calibrate(chain: Chain, n: int, images: NDArray[np.uint8]) -> None:
    """Set the BatchNorm statistics of the first `n` blocks from pictures, block by block; the weights stay.

    Random filters get the statistics a network would have: what fails then is the filters, not the scale.
    """
    x = scaled(tf.constant(images))
    for layer in chain.layers(0, n):
        if isinstance(layer, layers.BatchNormalization):
            mean, variance = tf.nn.moments(x, list(range(x.shape.rank - 1)))
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)
        x = apply([layer], x, training=False)


def learning_rate(step: int, steps: int, schedule: Schedule) -> float:
    """Return the rate of one step: linear warm-up, then half a cosine down to 0 at the last step."""
    warmup = WARMUP_SHARE * steps
    if step < warmup:
        return schedule.peak_rate * (step + 1) / (warmup + 1)
    return float(schedule.peak_rate * 0.5 * (1 + np.cos(np.pi * (step - warmup) / (steps - warmup))))


def accuracy(chain: Chain, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    """Return the share of pictures whose most probable class is the right one."""
    everything = chain.layers()
    forward = tf.function(lambda x: tf.argmax(apply(everything, scaled(x), training=False), axis=1))
    found = np.concatenate([forward(tf.constant(images[part])).numpy() for part in _batches(len(images))])
    return float((found == labels).mean())


def seed_of(cell: Cell) -> int:
    """Return the seed of a cell; networks of one split and seed that start anew must not start alike."""
    return zlib.crc32(f"{cell.treatment} {cell.n} {cell.split} {cell.seed}".encode()) % 1_000_000


def train(
    cell: Cell,
    task: Task,
    architecture: Architecture,
    schedule: Schedule,
    base: Chain | None = None,
    check: Callable[[], None] = lambda: None,
) -> Chain:
    """Return the trained network of one cell.

    Args:
        cell: Which network.
        task: What it learns: B, or A for baseA.
        base: The network its first layers are copied from, where the cell has a source.
        check: Called after every step; it may raise to stop the training.
    """
    chain = Chain(architecture, task.classes, seed_of(cell))
    if base is not None:
        chain.copy(base, cell.n)
    frozen = cell.n if cell.frozen else 0
    if cell.treatment == "RnB":
        chosen = np.random.default_rng(cell.seed).permutation(len(task.images))[:1000]
        calibrate(chain, cell.n, task.images[chosen])
    inputs = frozen_outputs(chain, frozen, task.images, schedule.mirror) if frozen else task.images
    fit(chain.layers(frozen), inputs, task.labels, schedule, seed_of(cell), check)
    return chain


def fit(
    tail: list[layers.Layer],
    inputs: NDArray[np.uint8] | NDArray[np.float16],
    labels: NDArray[np.int64],
    schedule: Schedule,
    seed: int,
    check: Callable[[], None],
) -> None:
    """Train `tail` on pictures uint8 (N, H, W, C), or on float16 outputs (N, variants, ...) of the layers below."""
    ready = inputs.dtype == np.float16
    variables = [variable for layer in tail for variable in layer.trainable_variables]
    optimizer = keras.optimizers.SGD(
        schedule.peak_rate, momentum=MOMENTUM, nesterov=True, weight_decay=schedule.weight_decay
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    optimizer.build(variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def one_step(x: tf.Tensor, y: tf.Tensor) -> None:
        x = tf.cast(x, tf.float32) if ready else scaled(x)
        with tf.GradientTape() as tape:
            loss = loss_of(y, apply(tail, x, training=True))
        optimizer.apply(tape.gradient(loss, variables), variables)

    step = tf.function(one_step)
    per_epoch = len(labels) // schedule.batch
    total = per_epoch * schedule.epochs
    for epoch in range(schedule.epochs):
        rng = np.random.default_rng([seed, epoch])
        order, mirrored = rng.permutation(len(labels)), rng.random(len(labels)) < (0.5 if schedule.mirror else 0)
        for i in range(per_epoch):
            chosen = np.sort(order[i * schedule.batch : (i + 1) * schedule.batch])
            x = _batch(inputs, chosen, mirrored[chosen], ready)
            optimizer.learning_rate.assign(learning_rate(epoch * per_epoch + i, total, schedule))
            step(tf.constant(x), tf.constant(labels[chosen]))
            check()


def _batch(inputs: np.ndarray, chosen: np.ndarray, mirrored: np.ndarray, ready: bool) -> np.ndarray:
    """Return the chosen inputs, some mirrored: of outputs the second variant, of pictures the columns turned."""
    if ready:
        return np.asarray(inputs[chosen, mirrored.astype(int)])
    x: np.ndarray = inputs[chosen]
    x[mirrored] = x[mirrored, :, ::-1]
    return x
