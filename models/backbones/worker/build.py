"""Backbones as networks: each one flat functional graph that takes pictures of 0-255.

Flat, because a nested backbone hides its layers from everything that looks inside. Preprocessing is part of the graph,
as layers with fixed numbers and no weights, so that a saved classifier needs no code of ours to be loaded or used.
"""

from __future__ import annotations

import importlib
import random
import re
from functools import partial
from pathlib import Path
from typing import Any, Literal

import h5py
import keras
import tensorflow as tf
from keras import layers

from models.backbones.registry import FRAME8_WEIGHTS, BackboneSpec
from models.backbones.registry import backbone as find
from models.backbones.weights import local
from models.backbones.worker.graphs import source
from models.errors import InputError, WeightsUnavailable
from models.frame8.card import load_weights

SMALLEST_SIDE = 32
# ImageNet's mean and deviation per channel (R, G, B), in 0-255.
_MEAN = (123.675, 116.28, 103.53)
_DEVIATION = (58.395, 57.12, 57.375)
_CAFFE_MEAN = (123.68, 116.779, 103.939)


def prepare_tensorflow() -> None:
    """Set this process up for repeatable numbers: one thread, deterministic operations. Harmless when called again."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # TensorFlow has computed already: the thread counts are settled
        pass
    tf.config.experimental.enable_op_determinism()


def build(
    backbone: str,
    *,
    side: int | tuple[int, int] | None = None,
    weights: Literal["pretrained", "random"] = "pretrained",
    seed: int = 0,
    include_top: bool = False,
) -> keras.Model:
    """Return a backbone as a flat graph: input `image` float32 (N, H, W, 3) in 0-255, RGB.

    The same arguments give the same layer names and, for random weights, the same numbers, whatever was built before.

    Args:
        backbone: Id in `models.backbones.registry.BACKBONES`.
        side: Side of the pictures or (height, width), in pixels, at least 32; the backbone's default when None.
        weights: "pretrained" needs the file on this machine; "random" is as Keras initialises.
        seed: Seeds random weights and dropout.
        include_top: With the original classifier. Its pretrained weights are here for what comes with the app.

    Raises:
        InputError: Unknown backbone, side too small, or a pretrained top of a backbone that has none here.
        WeightsUnavailable: The pretrained weights are not on this machine.
    """
    spec = find(backbone)
    height, width = _size(spec, side, include_top)
    if weights not in ("pretrained", "random"):
        raise InputError(f"Expected weights to be pretrained or random. Received {weights!r}.")
    path = _weight_file(spec, include_top) if weights == "pretrained" else None
    state = random.getstate()
    random.seed(seed)  # Keras draws the seed of every initialiser and dropout from here
    try:
        network = (
            _application(spec, height, width, include_top, path)
            if ":" not in spec.builder
            else _of_this_project(spec, height, width, include_top, seed, path)
        )
    finally:
        random.setstate(state)
    return network


def _size(spec: BackboneSpec, side: int | tuple[int, int] | None, include_top: bool) -> tuple[int, int]:
    if side is None:
        side = spec.top_side if include_top else spec.default_side
    height, width = (side, side) if isinstance(side, int) else side
    if min(height, width) < SMALLEST_SIDE:
        raise InputError(
            f"Expected pictures of at least {SMALLEST_SIDE} x {SMALLEST_SIDE}. Received {height} x {width}."
        )
    if include_top and (height, width) != (spec.top_side, spec.top_side):
        raise InputError(
            f"Expected {spec.top_side} x {spec.top_side} pictures for {spec.title} with its top. "
            f"Received {height} x {width}."
        )
    return height, width


def _weight_file(spec: BackboneSpec, include_top: bool) -> Path:
    if spec.package:
        return local(spec.id)
    if spec.shipped:
        if not FRAME8_WEIGHTS.exists():
            raise WeightsUnavailable(f"The shipped weights of {spec.title} are missing from this installation.")
        return FRAME8_WEIGHTS
    if include_top:
        raise InputError(
            f"Expected {spec.title} without its top. Its pretrained top is not among the weights kept here."
        )
    return local(spec.id, partial(check_weights, spec))


def _of_this_project(
    spec: BackboneSpec, height: int, width: int, include_top: bool, seed: int, path: Path | None
) -> keras.Model:
    module, function = spec.builder.split(":")
    network = getattr(importlib.import_module(module), function)(
        include_top=include_top, input_shape=(height, width, 3), seed=seed
    )
    if path is not None:
        load_weights(network, path)
    return network


def _application(spec: BackboneSpec, height: int, width: int, include_top: bool, path: Path | None) -> keras.Model:
    x = keras.Input((height, width, 3), name="image")
    if spec.preprocessing == "tf":
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)
    elif spec.preprocessing == "caffe":
        x = layers.Rescaling(1.0, offset=[-mean for mean in _CAFFE_MEAN], name="rescale")(x)
    elif spec.preprocessing == "torch" and spec.id != "efficientnetb0":
        x = _normalisation(1.0)(x)
    make = getattr(keras.applications, spec.builder)
    network = make(input_tensor=x, include_top=include_top, weights=None, name=spec.id)
    if path is not None:
        network.load_weights(path)
    if spec.preprocessing == "caffe":
        # The published kernels expect BGR. Turned round once, here, they take RGB: the same sums, and their pictures
        # show true colours.
        first = network.get_layer("block1_conv1")
        first.set_weights([first.get_weights()[0][:, :, ::-1], *first.get_weights()[1:]])
    if spec.id in ("efficientnetb0", "mobilenetv3small"):
        network = _of_plain_layers(network)
    network = keras.Model(network.inputs[0], network.output, name=spec.id)  # Keras made a list of the one input
    _name(network)
    return network


def _normalisation(scale: float) -> layers.Layer:
    """Return a weightless layer for (x - mean) / deviation of pictures in 0-255 times `scale`."""
    return layers.Normalization(
        mean=[mean * scale for mean in _MEAN],
        variance=[(deviation * scale) ** 2 for deviation in _DEVIATION],
        name="normalise",
    )


def _of_plain_layers(network: keras.Model) -> keras.Model:
    """Return the same function of layers only, without weights for preprocessing.

    Keras builds MobileNetV3's gates with bare additions and products, which are no layers. EfficientNet's Normalization
    keeps its numbers as weights, divides by the variance where the deviation was meant, and corrects that with one more
    layer only when Keras downloads the weights itself; a copy made with `set_weights` would not even use them.
    """

    def copied(operation: Any) -> Any:
        if isinstance(operation, layers.Normalization):
            return _normalisation(1 / 255)
        return operation.__class__.from_config(operation.get_config())

    def called(operation: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(operation, layers.Layer):
            return operation(*arguments, **options)
        x, number = arguments
        offset, factor = (number, 1.0) if type(operation).__name__ == "Add" else (0.0, number)
        return layers.Rescaling(factor, offset=offset)(x)

    copy = keras.models.clone_model(network, clone_function=copied, call_function=called)
    for layer in copy.layers:
        if layer.weights:
            layer.set_weights(network.get_layer(layer.name).get_weights())
    return copy


def _name(network: keras.Model) -> None:
    """Name after their place the layers that Keras numbered by a counter of the process (`re_lu_7`)."""
    previous = ""
    for layer in network.layers:
        kind = keras.src.utils.naming.to_snake_case(type(layer).__name__)
        if re.fullmatch(rf"{kind}(_\d+)?", layer.name):
            layer.name = "rescale" if previous == "image" else f"{previous}_{kind}"
        previous = layer.name


def scaled_twice(network: keras.Model) -> keras.Model:
    """Return a copy of a flat graph with a mistake on purpose: pictures are divided by 255 before anything else.

    The layer that does it, `wrong_scale`, is in the graph, so that whoever looks into the network sees the mistake.
    """
    image = source(network.inputs[0])
    scaled: list[Any] = []

    def given(tensor: Any) -> Any:
        if source(tensor) != image:
            return tensor
        if not scaled:
            scaled.append(layers.Rescaling(1 / 255, name="wrong_scale")(tensor))
        return scaled[0]

    def called(operation: Any, *arguments: Any, **options: Any) -> Any:
        return operation(*keras.tree.map_structure(given, arguments), **options)

    copy = keras.models.clone_model(network, call_function=called)
    for layer in copy.layers:
        if layer.weights:
            layer.set_weights(network.get_layer(layer.name).get_weights())
    return keras.Model(copy.inputs[0], copy.outputs[0], name=network.name)


def check_weights(spec: BackboneSpec, file: Path) -> None:
    """Load `file` into a network, so that the shape of every tensor is compared.

    Raises:
        ValueError: It is not a weight file of this backbone.
    """
    size = spec.default_side
    make = getattr(keras.applications, spec.builder)
    try:
        h5py.File(file).close()  # half a file, or a page in its place, is known before a network is built
        make(input_shape=(size, size, 3), include_top=False, weights=None).load_weights(file)
    except Exception as error:  # damaged files fail with errors of nearly every type
        raise ValueError(f"Expected the weights of {spec.title} in {file.name}. Received another file.") from error
