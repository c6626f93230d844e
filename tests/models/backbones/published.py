"""Weight files as Keras publishes them, made here: true names, shapes and sizes, other numbers."""

import importlib
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

from models.backbones.registry import BACKBONES

MODULES = {  # of `keras.applications`, in which the preprocessing of every backbone stands
    "mobilenetv2": "mobilenet_v2",
    "mobilenetv3small": "mobilenet_v3",
    "efficientnetb0": "efficientnet",
    "resnet50v2": "resnet_v2",
    "densenet121": "densenet",
    "vgg16": "vgg16",
    "vgg19": "vgg19",
}
IMAGENET_MEAN, IMAGENET_DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def publish(backbone: str, path: Path) -> keras.Model:
    """Write a weight file as Keras publishes them and return the network it came from, for pictures of 64 x 96."""
    keras.utils.set_random_seed(1)
    network = getattr(keras.applications, BACKBONES[backbone].builder)(
        weights=None, include_top=False, input_shape=(64, 96, 3)
    )
    generator = np.random.default_rng(0)
    for variable in network.weights:
        if variable.path.endswith(("moving_mean", "beta", "bias")):
            variable.assign(generator.normal(0, 0.1, variable.shape))
        elif variable.path.endswith("moving_variance"):
            variable.assign(generator.uniform(0.5, 1.5, variable.shape))
    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization):  # with the deviation, as Keras's own download ends up with
            layer.set_weights([IMAGENET_MEAN, IMAGENET_DEVIATION**2, np.array(1)])
            layer.finalize_state()
    with h5py.File(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of numpy, about Keras's own writer
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    return network


def answers(network: keras.Model, backbone: str, pictures: np.ndarray) -> np.ndarray:
    """What the network of a published file answers to pictures of 0-255, after Keras's own preprocessing."""
    module = importlib.import_module(f"keras.applications.{MODULES[backbone]}")
    return np.asarray(network(module.preprocess_input(pictures.copy()), training=False))
