"""Networks that answer to what is hidden, squares, and pictures with squares in them: shared by tests of occlusion."""

import keras
import numpy as np
from keras import layers

from models.backbones.worker import build
from models.occlusion import occlusion
from models.occlusion.plan import Placed
from models.training.spec import HeadSpec
from models.training.worker import classifier as training_classifier

CLASSES = 5


def picture(height, width, seed=3):
    """uint8 (height, width, 3): waves and noise."""
    random = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:height, 0:width] / 40
    waves = np.stack([np.sin(7 * rows + 3 * cols), np.cos(5 * cols - 2 * rows), np.sin(11 * rows * cols)], axis=-1)
    return np.clip(128 + 60 * waves + 20 * random.normal(size=waves.shape), 0, 255).astype(np.uint8)


def responding(network):
    """The classifier with its weights scaled so that hiding a part moves its logits.

    Random networks hardly do: the logits of MobileNetV2 vary by 3e-7 between places, and any engine would be exact.
    """
    _, height, width, _ = network.input_shape
    random = np.random.default_rng(1)
    pictures = np.stack([picture(height, width, seed) for seed in range(4)]).astype(np.float32)
    pictures[2:] = random.integers(0, 256, pictures[2:].shape)
    pictures[:2, : height // 2, : width // 2] = 128
    norms = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    for layer in network.layers:
        if not norms and isinstance(layer, layers.Conv2D):
            fan_in = np.prod(layer.kernel.shape[:3])
            layer.kernel.assign(random.normal(0, np.sqrt(2 / fan_in), layer.kernel.shape))
    for layer in norms:
        layer.gamma.assign(random.uniform(0.8, 1.2, layer.gamma.shape))
        layer.beta.assign(random.normal(0, 0.2, layer.beta.shape))
        layer.momentum = 0.0
    if norms:
        network(pictures, training=True)
    dense = network.layers[-1]
    image = picture(height, width)
    squares = corners(height, width, height // 3, height // 3)
    hidden = patched(image, np.full_like(image, 128), squares)[::3].astype(np.float32)
    features = np.array(keras.Model(network.input, dense.input)(hidden, training=False))
    kernel = np.array(dense.kernel)
    dense.kernel.assign(kernel * 0.5 / (features @ kernel).std(axis=0))
    return network


def classifier(backbone, height, width, head=None):
    built = build.build(backbone, side=(height, width), weights="random")
    return responding(training_classifier.attach(built, head or HeadSpec(), CLASSES, 0))


def corners(height, width, patch, stride):
    """All squares of a grid."""
    return Placed.grid(*(occlusion.patch_origins(size, patch, stride) for size in (height, width)), patch)


def shown(hidden, squares):
    """What the squares show, uint8 (n, patch, patch, 3)."""
    patch, places = squares.patch, zip(squares.rows, squares.cols, strict=True)
    return np.stack([hidden[row : row + patch, col : col + patch] for row, col in places])


def patched(image, hidden, squares):
    """The pictures with one square each, uint8 (n, H, W, 3)."""
    pictures = np.repeat(image[None], len(squares.rows), axis=0)
    for one, square, row, col in zip(pictures, shown(hidden, squares), squares.rows, squares.cols, strict=True):
        one[row : row + squares.patch, col : col + squares.patch] = square
    return pictures
