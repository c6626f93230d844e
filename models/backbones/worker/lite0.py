"""EfficientNet-Lite0 as one flat graph of plain layers: EfficientNet without gates, and with ReLU6 (Google, 2020)."""

from __future__ import annotations

import keras
from keras import layers

from models.backbones.lite0 import blocks

N_CLASSES = 1000
_MIDDLE, _SCALE = 127.0, 128.0  # pictures become (x - 127) / 128


def build(*, include_top: bool = False, input_shape: tuple[int, int, int], seed: int = 0) -> keras.Model:  # noqa: ARG001
    """Return the network with random weights.

    Args:
        include_top: With its classifier: the mean of every channel and a softmax over ImageNet's 1,000 classes. Without
            it the output is `top_relu`, (N, H/32, W/32, 1280).
        input_shape: (height, width, 3); pictures are float32 in 0-255, scaled inside the network.
        seed: Not needed: Keras draws the seeds of all kernels from the process, which `build.build` has seeded.
    """
    x = inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / _SCALE, offset=-_MIDDLE / _SCALE, name="rescale")(x)
    x = _convolution(x, "stem_", 32, kernel=3, stride=2)
    for block, kernel, stride, expansion, channels in blocks():
        x = _block(x, block, kernel, stride, expansion, channels)
    x = _convolution(x, "top_", 1280)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(N_CLASSES, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x, name="lite0")


def _block(
    x: keras.KerasTensor, name: str, kernel: int, stride: int, expansion: int, channels: int
) -> keras.KerasTensor:
    """Return `x` expanded, filtered channel by channel and projected; added to `x` where the shape is the same."""
    before, y = x.shape[-1], x
    if expansion > 1:
        y = _convolution(y, f"{name}_expand_", before * expansion)
    y = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_dw_conv")(y)
    y = _relu(_norm(y, f"{name}_dw_"), f"{name}_dw_")
    y = _norm(layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")(y), f"{name}_project_")
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and before == channels else y


def _convolution(x: keras.KerasTensor, name: str, filters: int, kernel: int = 1, stride: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}conv")(x)
    return _relu(_norm(x, name), name)


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}bn")(x)


def _relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.ReLU(6.0, name=f"{name}relu")(x)
