"""Frame8: the small backbone this project trained itself and ships.

Five convolutional and three dense layers, as in the eight-layer network of Yosinski et al.
(How transferable are features in deep neural networks?, NeurIPS 2014), scaled down to 64 x 64 pictures.
"""

from __future__ import annotations

import keras
from keras import layers

N_CLASSES = 200
INPUT_SHAPE = (64, 64, 3)
# (filters, kernel, stride, pooled afterwards) of conv1..conv5
CONVOLUTIONS = ((48, 7, 2, True), (128, 5, 1, False), (192, 3, 1, True), (256, 3, 1, False), (256, 3, 1, False))
DENSE_WIDTH = 640


def _weighted(x: keras.KerasTensor, layer: layers.Layer, name: str) -> keras.KerasTensor:
    """Return `x` after `layer`, batch normalisation and a ReLU, named `<name>_bn` and `<name>_relu`."""
    x = layer(x)
    x = layers.BatchNormalization(momentum=0.95, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def build(
    *,
    include_top: bool = False,
    input_shape: tuple[int, int, int] = INPUT_SHAPE,
    n_classes: int = N_CLASSES,
    seed: int = 0,
) -> keras.Model:
    """Return Frame8 as one flat functional graph with random weights.

    Args:
        include_top: With the three dense layers `fc6`, `fc7`, `fc8` (softmax over `n_classes`); they need
            64 x 64 pictures. Without them the output is `conv5_relu`, (N, H/8, W/8, 256).
        input_shape: (height, width, 3); pictures are float32 in 0-255, scaled inside the network.
        n_classes: Width of `fc8`.
        seed: Seeds every kernel; the same seed gives the same weights.
    """
    x = inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)
    for number, (filters, kernel, stride, pooled) in enumerate(CONVOLUTIONS, start=1):
        name = f"conv{number}"
        convolution = layers.Conv2D(
            filters,
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=seed * 100 + number),
            name=name,
        )
        x = _weighted(x, convolution, name)
        if pooled:
            x = layers.MaxPooling2D(3, 2, padding="same", name=f"pool{number}")(x)
    if include_top:
        x = _top(x, n_classes, seed)
    return keras.Model(inputs, x, name="frame8" if include_top else "frame8_notop")


def _top(x: keras.KerasTensor, n_classes: int, seed: int) -> keras.KerasTensor:
    """Return the probabilities of the classes: three dense layers behind the last convolution."""
    x = layers.AveragePooling2D(4, name="pool5")(x)
    x = layers.Flatten(name="flatten")(x)
    for number in (6, 7):
        dense = layers.Dense(
            DENSE_WIDTH,
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=seed * 100 + number),
            name=f"fc{number}",
        )
        x = _weighted(x, dense, f"fc{number}")
    return layers.Dense(
        n_classes,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed * 100 + 8),
        name="fc8",
    )(x)
