"""Examples, which the epochs of a training read: the frozen part's output, computed once, or the pictures."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.backbones.worker.graphs import fold_batch_norm
from models.jobs.machine import MB
from models.storage.progress import Progress
from models.training.costs.estimate import CACHE_LIMIT_MB
from models.training.costs.layers import chunk
from models.training.worker.classifier import CutNetwork

KNOWN_MB = 32  # of outputs that stay for the next training in this process, the last used last
_known: OrderedDict[bytes, list[np.ndarray]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Examples:
    """What the loop reads: the boundary activations of every picture, or the pictures themselves.

    Attributes:
        inputs: One tensor (N, …) per boundary tensor, or one uint8 (N, H, W, 3).
        labels: int64 (N,).
        cached: `inputs` are boundary activations; else the frozen prefix runs in every step.
        pictures: uint8 (N, H, W, 3) from which every epoch makes the ones it learns from; None without augmentation.
            What is only looked at (validation, test) is read from `inputs` all the same.
        numbers: int64 (N,), the places of the pictures in the data set: they decide how each is augmented.
    """

    inputs: list[Any]
    labels: Any
    cached: bool
    pictures: Any = None
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))


def prepare_examples(
    parts: CutNetwork,
    pictures: np.ndarray,
    labels: np.ndarray,
    progress: Progress,
    *,
    augmented: np.ndarray | None = None,
) -> Examples:
    """Return what the epochs read: boundary activations computed once, or, where that does not pay or fit, pictures.

    Args:
        parts: The network, cut at the frozen boundary.
        pictures, labels: uint8 (N, H, W, 3) and int64 (N,).
        progress: Hears how far the frozen part is.
        augmented: The numbers of the pictures if they are to be augmented, else None.
    """
    target = tf.constant(labels)
    cached = parts.weighted and fits(parts, len(pictures))
    kept = None if cached and augmented is None else tf.constant(pictures)
    inputs = _activations(parts.prefix, pictures, progress) if cached else [kept]
    if augmented is None:
        return Examples(inputs, target, cached)
    return Examples(inputs, target, cached, kept, augmented)


def ready_examples(parts: CutNetwork, features: np.ndarray, labels: np.ndarray) -> Examples:
    """Return what the epochs of a head read where the frozen part's output is known already.

    Args:
        parts: The network, cut where the head begins.
        features, labels: float32 (N, C) and int64 (N,).
    """
    expected = [tuple(tensor.shape[1:]) for tensor in parts.prefix.outputs]
    if expected != [features.shape[1:]]:
        raise ValueError(f"Expected features of shape {expected}. Received {features.shape[1:]}.")
    return Examples([tf.constant(features)], tf.constant(labels), cached=True)


def fits(parts: CutNetwork, pictures: int) -> bool:
    """Return whether the boundary activations of so many pictures are small enough to be kept."""
    values = sum(int(np.prod(tensor.shape[1:])) for tensor in parts.prefix.outputs)
    return pictures * values * 4 / MB <= CACHE_LIMIT_MB


def _activations(prefix: keras.Model, pictures: np.ndarray, progress: Progress) -> list[Any]:
    """Return the outputs of the frozen prefix for all pictures, one float32 tensor (N, …) each.

    Those of a training before in this process are taken where network, weights and pictures are the same to the bit.
    """
    key = _digest(prefix, pictures)
    if key not in _known:
        found = _computed(prefix, pictures, progress)
        if sum(array.nbytes for array in found) > KNOWN_MB / 2 * MB:
            return [tf.convert_to_tensor(array) for array in found]
        _known[key] = found
    _known.move_to_end(key)
    while sum(array.nbytes for arrays in _known.values() for array in arrays) > KNOWN_MB * MB:
        _known.popitem(last=False)
    progress.event(share=progress_until(prefix), note="The frozen part is computed")
    return [tf.convert_to_tensor(array) for array in _known[key]]


def forget() -> None:
    """Let the next training compute its frozen part, for those who measure that."""
    _known.clear()


def _digest(prefix: keras.Model, pictures: np.ndarray) -> bytes:
    """Return what the outputs of a network for some pictures hang on; a few hundredths of a second."""
    layers = {name: value for name, value in prefix.get_config().items() if name != "name"}
    found = hashlib.blake2b(json.dumps(layers, sort_keys=True, default=str).encode())
    for array in (*(variable.numpy() for variable in prefix.weights), pictures):
        found.update(f"{array.shape} {array.dtype}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.digest()


def _computed(prefix: keras.Model, pictures: np.ndarray, progress: Progress) -> list[np.ndarray]:
    fast = fold_batch_norm(prefix)
    shape = tf.TensorSpec([None, *pictures.shape[1:]], tf.uint8)
    run = tf.function(
        lambda batch: list(keras.tree.flatten(fast(tf.cast(batch, tf.float32), training=False))),
        input_signature=[shape],
        autograph=False,
    )
    kept = [np.empty((len(pictures), *tensor.shape[1:]), np.float32) for tensor in prefix.outputs]
    started = reported = time.perf_counter()
    chunk = pictures_per_pass(prefix)
    for start in range(0, len(pictures), chunk):
        progress.check()
        for array, tensor in zip(kept, run(tf.constant(pictures[start : start + chunk])), strict=True):
            array[start : start + chunk] = tensor.numpy()
        done = min(start + chunk, len(pictures)) / len(pictures)
        if (now := time.perf_counter()) - reported > 0.5 or start == 0:
            reported, left = now, (now - started) * (1 - done) / done
            progress.event(
                share=progress_until(prefix) * done, note="Computing the frozen part once", seconds_left=left
            )
    return kept


def progress_until(prefix: keras.Model) -> float:
    """Return how far the progress bar gets with the frozen part: most of the work if only features leave it."""
    return 0.75 if all(len(tensor.shape) == 2 for tensor in prefix.outputs) else 0.15


def pictures_per_pass(*networks: keras.Model) -> int:
    """Return how many pictures make a forward pass of well under a second, so that a cancel is noticed; 1 to 32."""
    return chunk(sum(map(macs, networks)))


def macs(network: keras.Model) -> int:
    """Return the multiply-accumulates of one picture in convolutions and dense layers."""
    return sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in network.layers
        if getattr(layer, "kernel", None) is not None
    )
