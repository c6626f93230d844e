"""A channel's strongest answer carried back by every rule, on a hand-weighted network and an oblong picture."""

import keras
import numpy as np
import pytest
from keras import layers

from models.errors import InputError
from models.features.worker import backward
from models.networks.worker import opened
from models.pictures import images

HEIGHT, WIDTH = 6, 9


@pytest.fixture(scope="module")
def kernel():
    return np.random.default_rng(1).normal(size=(3, 3, 3, 2)).astype(np.float32)


@pytest.fixture
def picture(monkeypatch, kernel):
    """A network of one convolution, a ReLU and a class layer is loaded, and this picture."""
    x = inputs = keras.Input((HEIGHT, WIDTH, 3), name="image")
    for layer in (
        layers.Conv2D(2, 3, name="conv"),
        layers.ReLU(name="relu"),
        layers.GlobalAveragePooling2D(name="head_average"),
        layers.Dense(3, activation="softmax", name="head_output"),
    ):
        x = layer(x)
    model = keras.Model(inputs, x)
    model.get_layer("conv").set_weights([kernel, np.array([0.0, -1e5])])
    model.get_layer("head_output").set_weights([np.array([[1.0, 0, 0], [0, 1, 0]]), np.array([0.0, 0, 5])])
    network = opened.Network("by hand", model, ("a", "b", "c"), HEIGHT, WIDTH)
    pixels = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    monkeypatch.setattr(opened, "load", lambda name: network)
    monkeypatch.setattr(images, "load_picture", lambda name: pixels)
    return pixels


def test_the_strongest_place_is_found_and_carried_back_to_its_window(picture, kernel):
    found = backward.backward_views("run:any", "relu", 0, "any")
    values = np.array(
        [[(picture[r : r + 3, c : c + 3] * kernel[..., 0]).sum() for c in range(WIDTH - 2)] for r in range(HEIGHT - 2)]
    )
    assert (found.row, found.col) == np.unravel_index(values.argmax(), values.shape)
    assert found.value == pytest.approx(values.max(), rel=1e-4)
    expected = np.zeros((HEIGHT, WIDTH, 3))
    expected[found.row : found.row + 3, found.col : found.col + 3] = kernel[..., 0]
    for rule in ("gradient", "deconvolution", "guided"):
        np.testing.assert_allclose(getattr(found, rule), expected, atol=1e-5)
    assert found.n_rectified == 1 and found.others == ()


def test_a_silent_channel_has_no_gradient(picture):
    found = backward.backward_views("run:any", "relu", 1, "any")
    assert found.value == 0 and not found.gradient.any() and not found.guided.any()


def test_a_class_is_told_by_its_logit(picture):
    found = backward.backward_views("run:any", "head_output", 2, "any")
    assert (found.row, found.col, found.value) == (0, 0, 5.0)


@pytest.mark.parametrize("channel", [-1, 3])
def test_a_class_that_the_head_does_not_have_is_refused(picture, channel):
    with pytest.raises(InputError, match="from 0 to 2"):
        backward.backward_views("run:any", "head_output", channel, "any")
