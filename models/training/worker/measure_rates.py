"""The measurement of this machine's rates (see `models.training.costs.rates`), in about a second.

On one thread and with deterministic operations, as trainings run, and in seconds of the processor: what else the
machine is busy with then counts little. Every figure is the best of a few, because all that disturbs makes slower.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from models.backbones.worker import build
from models.jobs.machine import FLOAT, Warmth
from models.training.costs import rates
from models.training.costs.layers import CHUNK
from models.training.costs.rates import Rates

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_TIMES = 4
_MAPS = (24, 24, 144)  # as in the middle of MobileNetV2: too large for the nearer caches
_SIDE, _CHANNELS = 16, 128  # of the dense convolution
_WEIGHTS = 2**20
_TRACED_BLOCKS = 4


def once() -> None:
    """Measure and keep the rates of this machine, unless that has been done or is not wanted."""
    if rates.allowed() and not rates.current().measured:
        with suppress(OSError):  # a disk that is full or read-only must not keep a worker from its jobs
            rates.write(measure())


def measure() -> Rates:
    """Return the rates of one thread; measured with what `prepare_tensorflow` sets."""
    build.prepare_tensorflow()
    moved = 2 * FLOAT * CHUNK * float(np.prod(_MAPS))
    macs = CHUNK * float(_SIDE * _SIDE * 9 * _CHANNELS * _CHANNELS)
    dense = _forward(layers.Conv2D(_CHANNELS, 3, padding="same", name="dense"), (_SIDE, _SIDE, _CHANNELS))
    depthwise = _forward(layers.DepthwiseConv2D(3, padding="same", name="depthwise"), _MAPS)
    relu = _forward(layers.ReLU(name="relu"), _MAPS)
    return Rates(
        dense=macs / _seconds(dense),
        depthwise=moved / _seconds(depthwise),
        moved=moved / _seconds(relu),
        norm=moved / _seconds(_norm_in_training()),
        updated=_WEIGHTS / _seconds(_update()),
        traced=2 * _TRACED_BLOCKS / _tracing(),
        measured=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _seconds(run: Callable[[], Any]) -> float:
    """Return the processor's seconds of a call, the best of some after a first one."""
    run()
    best = float("inf")
    for _ in range(_TIMES):
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
    return max(best, 1e-6)


def _random(shape: tuple[int, ...]) -> Any:
    return tf.constant(np.random.default_rng(0).standard_normal((CHUNK, *shape), np.float32))


def _forward(layer: Any, shape: tuple[int, ...]) -> Callable[[], Any]:
    """Return a compiled forward pass through one layer; its result has been waited for."""
    values = _random(shape)
    layer.build(values.shape)
    run = tf.function(lambda x: layer(x), autograph=False)
    return lambda: run(values)[0, 0, 0, 0].numpy()


def _norm_in_training() -> Callable[[], Any]:
    layer, values = layers.BatchNormalization(name="norm"), _random(_MAPS)
    layer.build(values.shape)

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.nn.relu(layer(x, training=True)))
        return tape.gradient(total, [x, *layer.trainable_variables])

    run = tf.function(step, autograph=False)
    return lambda: run(values)[0][0, 0, 0, 0].numpy()


def _update() -> Callable[[], Any]:
    optimizer, weights = keras.optimizers.Adam(), keras.Variable(np.zeros(_WEIGHTS, np.float32), name="weights")
    optimizer.build([weights])
    gradient = tf.ones(_WEIGHTS)
    run = tf.function(lambda g: optimizer.apply([g], [weights]), autograph=False)

    def step() -> Any:
        run(gradient)
        return optimizer.iterations.numpy()

    return step


def _tracing() -> float:
    """Return the seconds that tracing a training step of `_TRACED_BLOCKS` convolutions and BatchNorms takes."""
    x = inputs = keras.Input((8, 8, 4), name="maps")
    for number in range(_TRACED_BLOCKS):
        x = layers.Conv2D(4, 3, padding="same", use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"norm{number}")(x)
    network = keras.Model(inputs, x)
    optimizer = keras.optimizers.Adam()
    optimizer.build(network.trainable_variables)

    def step(x: Any) -> None:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(network(x, training=True))
        optimizer.apply(tape.gradient(total, network.trainable_variables), network.trainable_variables)

    spec = tf.TensorSpec([None, 8, 8, 4])
    best = float("inf")
    for _ in range(2):
        started = time.process_time()
        tf.function(step, autograph=False).get_concrete_function(spec)
        best = min(best, time.process_time() - started)
    return max(best, 1e-6)


def warm(resource: str = "interactive") -> Warmth:
    """Load TensorFlow and Keras, so that the first click does not wait for them; for jobs, measure the machine once."""
    build.prepare_tensorflow()
    if resource == "jobs":
        once()
    return Warmth(os.getpid())
