"""A backbone of a few hundred weights and pictures for it (never square), for tests of freezing and training."""

import keras
import numpy as np
from keras import layers

from models.pictures import datasets
from models.storage.progress import SILENT
from models.training.spec import HeadSpec
from models.training.worker import classifier as training_classifier
from models.training.worker.course import Material, Training, freeze_phase

HEIGHT, WIDTH, CLASSES = 12, 16, 3
BLOCKS = {"conv1": "one", "bn1": "one", "conv2": "two", "bn2": "two", "depthwise": "three", "bn3": "three"}


def _initial(seed):
    return keras.initializers.HeNormal(seed=seed)


def backbone(batch_norm=True):
    """conv1 - relu1 -+- conv2 -+- add - depthwise - relu3, each normalised by a BatchNorm that has seen data."""
    x = inputs = keras.Input((HEIGHT, WIDTH, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)

    def normalised(x, number):
        return layers.BatchNormalization(name=f"bn{number}")(x) if batch_norm else x

    x = layers.Conv2D(6, 3, 2, padding="same", use_bias=False, kernel_initializer=_initial(1), name="conv1")(x)
    x = skip = layers.ReLU(name="relu1")(normalised(x, 1))
    # No bias in front of BatchNorm: its gradient is rounding alone, which Adam would enlarge into steps.
    bias = not batch_norm
    second = layers.Conv2D(6, 3, padding="same", use_bias=bias, kernel_initializer=_initial(2), name="conv2")
    x = layers.Add(name="add")([normalised(second(x), 2), skip])
    third = layers.DepthwiseConv2D(
        3, depth_multiplier=2, use_bias=bias, depthwise_initializer=_initial(3), name="depthwise"
    )
    x = third(x)
    x = layers.ReLU(name="relu3")(normalised(x, 3))
    network = keras.Model(inputs, x, name="tiny")
    random = np.random.default_rng(5)
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, w.shape).astype("f4") for w in layer.get_weights()])
    return network


def classifier(head=None, batch_norm=True, seed=3):
    return training_classifier.attach(backbone(batch_norm), head or HeadSpec(), CLASSES, seed)


def material(n=45):
    """n pictures whose classes differ a little in colour; 3/5 to learn from, 1/5 to watch, 1/5 to test."""
    random = np.random.default_rng(7)
    labels = np.arange(n) % CLASSES
    images = random.integers(0, 200, (n, HEIGHT, WIDTH, 3)).astype(np.uint8)
    images[np.arange(n), ..., labels] += 25
    parts = np.split(np.arange(n), [n * 3 // 5, n * 4 // 5])
    return Material(images, labels.astype(np.int64), datasets.Split(*parts))


def training(spec, folder, progress=SILENT, *, batch_norm=True, pictures=None):
    """A training of the tiny network that is about to begin."""
    network = classifier(spec.head, batch_norm, spec.seed)
    return Training(spec, network, pictures or material(), folder, progress, BLOCKS)


def cut(network, phase):
    """The network frozen as a phase says, and cut below what learns."""
    freeze_phase(network, phase, BLOCKS)
    return training_classifier.split_at_frozen(network)


class Recorder:
    """A progress that keeps events and calls `hook` at every check."""

    def __init__(self, hook=lambda: None):
        self.events, self.hook = [], hook

    def event(self, **fields):
        self.events.append(fields)

    def check(self):
        self.hook()
