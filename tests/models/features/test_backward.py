"""Signals sent back to the pixels, on hand-weighted networks whose answers are known, and on pictures never square."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from models.backbones.worker import build
from models.errors import InputError
from models.features.worker import backward
from models.networks.worker import opened
from models.pictures import images

HEIGHT, WIDTH = 6, 9


def network_of(model):
    _, height, width, _ = model.input_shape
    return opened.Network("by hand", model, None, height, width)


def built(*stack, size=(HEIGHT, WIDTH)):
    x = inputs = keras.Input((*size, 3), name="image")
    for layer in stack:
        x = layer(x)
    return network_of(keras.Model(inputs, x))


def by_hand(layer, *weights):
    """A layer with these weights: called once, so that it has its variables."""

    def call(x):
        y = layer(x)
        layer.set_weights([np.asarray(weight, np.float32) for weight in weights])
        return y

    return call


def pictures(n=1, size=(HEIGHT, WIDTH), seed=0):
    return np.random.default_rng(seed).uniform(1, 255, (n, *size, 3)).astype(np.float32)


@pytest.mark.parametrize("rule", backward.RULES)
def test_of_one_linear_layer_comes_back_the_kernel_at_its_place(rule):
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3, 2))
    network = built(by_hand(layers.Conv2D(2, 3, use_bias=False, name="conv"), kernel))
    found = backward.project(network, "conv", pictures(2), [[0, 0, 1], [3, 4, 0]], rule)
    expected = np.zeros((2, HEIGHT, WIDTH, 3))
    expected[0, 0:3, 0:3] = kernel[..., 1]
    expected[1, 3:6, 4:7] = kernel[..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("rule", backward.RULES)
def test_max_pooling_returns_the_signal_to_where_the_largest_value_was(rule):
    network = built(
        by_hand(layers.Conv2D(1, 1, use_bias=False, name="conv"), np.array([[[[1.0], [0], [0]]]])),
        layers.MaxPooling2D(3, name="pool"),
    )
    picture = np.ones((1, HEIGHT, WIDTH, 3))
    picture[0, 4, 7, 0] = 5.0
    found = backward.project(network, "pool", picture, [[1, 2, 0]], rule)
    assert found[0, 4, 7].tolist() == [1, 0, 0]
    assert np.abs(found).sum() == 1
    tied = backward.project(network, "pool", np.ones((1, HEIGHT, WIDTH, 3)), [[1, 2, 0]], rule)
    assert np.argwhere(tied[0]).tolist() == [[3, 6, 0]]  # the first of equals


def rectified(kind):
    """Two pixels' red values a, b -> (a - b, b - a) -> ReLU -> sum with weights (1, -1), read as a dense layer."""
    first = np.zeros((6, 2))
    first[0], first[3] = (1, -1), (-1, 1)
    relu = {"layer": [layers.ReLU(name="relu")], "activation": [layers.Activation("relu", name="relu")], "inside": []}
    dense = layers.Dense(2, use_bias=False, activation="relu" if kind == "inside" else None, name="first")
    last = by_hand(layers.Dense(1, use_bias=False, name="last"), [[1], [-1]])
    return built(layers.Flatten(name="flatten"), by_hand(dense, first), *relu[kind], last, size=(1, 2))


@pytest.mark.parametrize("kind", ["layer", "activation", "inside"])
def test_the_three_rules_differ_as_by_hand(kind):
    network = rectified(kind)
    # a = 1, b = 3: the second unit is open and has the weight -1, so a signal of -1 arrives there, +1 at the closed one
    picture = np.array([[[[1.0, 0, 0], [3.0, 0, 0]]]])
    expected = {"gradient": (1, -1), "deconvolution": (1, -1), "guided": (0, 0)}
    for rule, (a, b) in expected.items():
        found = backward.project(network, "last", picture, [[0, 0, 0]], rule)
        assert found[0, 0, :, 0].tolist() == [a, b], rule
    # a = 3, b = 1: the first unit is open and its signal positive; all three let it pass, and stop the second
    for rule in backward.RULES:
        found = backward.project(network, "last", picture[:, :, ::-1], [[0, 0, 0]], rule)
        assert found[0, 0, :, 0].tolist() == [1, -1], rule


def test_gradient_and_deconvolution_differ_where_an_open_unit_counts_against():
    """Both units open: the gradient takes both signals, the other rules the positive one only."""
    first = np.zeros((6, 2))
    first[0], first[3] = (1, 0), (0, 1)
    network = built(
        layers.Flatten(name="flatten"),
        by_hand(layers.Dense(2, use_bias=False, name="first"), first),
        layers.ReLU(name="relu"),
        by_hand(layers.Dense(1, use_bias=False, name="last"), [[2], [-3]]),
        size=(1, 2),
    )
    open_, closed = np.array([[[[1.0, 0, 0], [1.0, 0, 0]]]]), np.array([[[[-1.0, 0, 0], [1.0, 0, 0]]]])
    expected = {"gradient": ([2, -3], [0, -3]), "deconvolution": ([2, 0], [2, 0]), "guided": ([2, 0], [0, 0])}
    for rule, (when_open, when_closed) in expected.items():
        for picture, wanted in ((open_, when_open), (closed, when_closed)):
            found = backward.project(network, "last", picture, [[0, 0, 0]], rule)
            assert found[0, 0, :, 0].tolist() == wanted, rule


def test_a_relu6_is_closed_above_its_ceiling_too():
    network = built(layers.ReLU(6.0, name="relu"), size=(1, 2))
    picture = np.array([[[[3.0, 7.0, -1.0], [3, 7, -1]]]])
    through = {
        rule: [float(backward.project(network, "relu", picture, [[0, 1, c]], rule).sum()) for c in range(3)]
        for rule in backward.RULES
    }
    assert through == {"gradient": [1, 0, 0], "deconvolution": [1, 1, 1], "guided": [1, 0, 0]}


def test_a_softmax_is_read_before_it():
    weights = np.random.default_rng(2).normal(size=(6, 4)), np.zeros(4)
    network = built(
        layers.Flatten(), by_hand(layers.Dense(4, activation="softmax", name="head_output"), *weights), size=(1, 2)
    )
    found = backward.project(network, "head_output", pictures(size=(1, 2)), [[0, 0, 2]], "gradient")
    np.testing.assert_allclose(found.ravel(), weights[0][:, 2], atol=1e-6)


def slow_gradient(model, layer, picture, unit):
    part = keras.Model(model.input, model.get_layer(layer).output)
    with tf.GradientTape() as tape:
        images = tf.Variable(picture[None])
        value = part(images, training=False)[(0, *unit)]
    return tape.gradient(value, images).numpy()[0]


@pytest.mark.parametrize("backbone", ["vgg16", "mobilenetv3small"])
def test_on_a_backbones_graph(backbone):
    """The rule "gradient" is Keras's own gradient, and the forward pass is the network's own under every rule."""
    model = build.build(backbone, side=(32, 48), weights="random")
    layer = [known.name for known in model.layers if known.output.shape[1] == 4][-1]
    picture = pictures(1, (32, 48))
    channel = int(np.argmax(keras.Model(model.input, model.get_layer(layer).output)(picture)[0, 1, 2]))
    found = backward.project(network_of(model), layer, picture, [[1, 2, channel]], "gradient")[0]
    expected = slow_gradient(model, layer, picture[0], (1, 2, channel))
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    answer = np.asarray(model(picture, training=False))
    for rule in backward.RULES[1:]:
        [same] = backward.differentiable(model, [model.output], rule)(tf.constant(picture))
        np.testing.assert_allclose(same, answer, atol=1e-4 * np.abs(answer).max())


def test_nonlinearities_without_a_rule_are_named():
    gate, kinds = layers.Activation("sigmoid", name="gate"), [layers.ReLU(6.0), layers.ReLU(negative_slope=0.1)]
    network = built(layers.Conv2D(2, 3, activation="relu", name="conv"), *kinds, gate, layers.Activation("relu"))
    assert backward.rules(network.model, "conv") == (1, ())
    assert backward.rules(network.model, "gate") == (2, ("leaky relu", "sigmoid"))


def test_what_is_not_there_is_said():
    network = rectified("layer")
    with pytest.raises(InputError, match="Expected a rule"):
        backward.project(network, "last", pictures(size=(1, 2)), [[0, 0, 0]], "magic")
    with pytest.raises(InputError, match="Expected a layer"):
        backward.project(network, "conv99", pictures(size=(1, 2)), [[0, 0, 0]], "guided")
    for unit in ([0, 0, 5], [1, 0, 0], [0, -1, 0]):
        with pytest.raises(InputError, match="Expected rows"):
            backward.project(network, "last", pictures(size=(1, 2)), [unit], "guided")


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
    found = backward.backward_views("run:example", "relu", 0, "any")
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
    found = backward.backward_views("run:example", "relu", 1, "any")
    assert found.value == 0 and not found.gradient.any() and not found.guided.any()


def test_the_view_of_a_class_is_that_of_its_logit(picture):
    found = backward.backward_views("run:example", "head_output", 2, "any")
    assert (found.row, found.col, found.value) == (0, 0, 5.0)


@pytest.mark.parametrize("channel", [-1, 3])
def test_views_of_a_class_that_the_head_does_not_have_are_refused(picture, channel):
    with pytest.raises(InputError, match="from 0 to 2"):
        backward.backward_views("run:example", "head_output", channel, "any")
