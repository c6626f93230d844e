"""Units of hand-weighted networks climbed, and the films of it: cancelled, killed, dead, overflowing."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

from models.errors import Cancelled, InputError
from models.features.maximisation import FRAMES, MAXIMISATION, MaximisationSpec, canonical
from models.features.worker import maximisation, ship
from models.features.worker.maximisation import make, maximise, objective
from models.networks.worker import opened
from models.storage.runs import Run

HEIGHT, WIDTH = 6, 9
SPEC = MaximisationSpec("backbone:frame8:64", "conv1_relu", 0, steps=64, turn=0.0)


def by_hand(layer, *weights):
    """A layer with these weights: called once, so that it has its variables."""

    def call(x):
        y = layer(x)
        layer.set_weights([np.asarray(weight, np.float32) for weight in weights])
        return y

    return call


def built(*stack, classes=None):
    x = inputs = keras.Input((HEIGHT, WIDTH, 3), name="image")
    for layer in stack:
        x = layer(x)
    return opened.Network("by hand", keras.Model(inputs, x), classes, HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def kernel():
    return np.random.default_rng(1).normal(size=(3, 3, 3, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def network(kernel):
    """A convolution with biases that keep its second channel silent, a ReLU, a dense layer with ReLU and a softmax."""
    chance = np.random.default_rng(2)
    return built(
        by_hand(layers.Conv2D(2, 3, padding="same", name="conv"), kernel, [0.0, -1e5]),
        layers.ReLU(name="relu"),
        layers.Flatten(name="flat"),
        by_hand(layers.Dense(3, activation="relu", name="dense"), chance.normal(size=(108, 3)), [-1e6, 0.0, 0.0]),
        by_hand(
            layers.Dense(4, activation="softmax", name="head_output"), chance.normal(size=(3, 4)) / 1e3, np.ones(4)
        ),
        classes=("a", "b", "c", "d"),
    )


def test_a_dense_layer_has_no_centre():
    assert MaximisationSpec("run:example", "head_output", 1).place == "everywhere"
    with pytest.raises(InputError, match=r"everywhere for head_output, whose units have one value. Received 'centre'"):
        MaximisationSpec("run:example", "head_output", 1, place="centre")
    with pytest.raises(InputError, match=r"a place among everywhere, centre. Received 'corner'"):
        dataclasses.replace(SPEC, place="corner")


@pytest.fixture
def tiny(monkeypatch, network):
    """Jobs load the hand-weighted network, whatever their spec names."""
    monkeypatch.setattr(opened, "load", lambda name: network)
    monkeypatch.setattr(
        maximisation, "objective", lambda net, layer, channel, place: objective(net, "relu", channel, place)
    )
    return network


def picture(seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)


@pytest.mark.parametrize("channel", [0, 1])
def test_the_unit_in_the_centre_is_its_kernel_there_also_while_it_is_silent(network, kernel, channel):
    value, gradient = objective(network, "relu", channel, "centre")(picture())
    expected = np.zeros((HEIGHT, WIDTH, 3))
    expected[2:5, 3:6] = kernel[..., channel]
    np.testing.assert_allclose(gradient, expected, atol=1e-6)
    bias = -1e5 if channel else 0.0
    assert value == pytest.approx((expected * picture()).sum() + bias, rel=1e-5)


def test_everywhere_a_position_counts_a_tenth_where_it_is_silent(network, kernel):
    """The gradient is, per position, the kernel at its place, times 1 or 0.1."""
    [maps] = opened.layer_function(network, ("conv",))(picture()[None])
    _, gradient = objective(network, "relu", 0, "everywhere")(picture())
    expected = np.zeros((HEIGHT + 2, WIDTH + 2, 3))
    for row, col in np.ndindex(HEIGHT, WIDTH):
        expected[row : row + 3, col : col + 3] += kernel[..., 0] * (1.0 if maps[0, row, col, 0] > 0 else 0.1)
    np.testing.assert_allclose(gradient, expected[1:-1, 1:-1] / (HEIGHT * WIDTH), atol=1e-6)


def test_everywhere_is_the_mean_of_what_the_relu_lets_through(network):
    [maps] = opened.layer_function(network, ("relu",))(picture()[None])
    climbed = objective(network, "relu", 0, "everywhere")
    value, gradient = climbed(picture())
    assert value == pytest.approx(maps[0, ..., 0].mean(), rel=1e-5)
    step = gradient / np.abs(gradient).max()
    assert climbed(picture() + step)[0] > value > climbed(picture() - step)[0]


def test_a_silent_unit_is_climbed_by_a_tenth_of_its_mean_before_the_relu(network, kernel):
    value, gradient = objective(network, "relu", 1, "everywhere")(picture())
    assert value == 0
    np.testing.assert_allclose(gradient[2, 4], 0.1 * kernel[..., 1].sum(axis=(0, 1)) / (HEIGHT * WIDTH), rtol=1e-4)


def test_a_dense_unit_is_its_value_before_the_relu_and_a_class_its_logit(network):
    value, gradient = objective(network, "dense", 0, "everywhere")(picture())
    assert value < 0 and np.abs(gradient).max() > 0
    logits = opened.logits(network, picture()[None])[0]
    for number in range(4):
        assert objective(network, "head_output", number, "centre")(picture())[0] == pytest.approx(
            logits[number], rel=1e-5
        )


@pytest.mark.parametrize("layer, channel", [("head_output", 4), ("relu", 2), ("relu", -1), ("relu9", 0)])
def test_a_class_that_the_head_does_not_have_is_refused(network, layer, channel):
    with pytest.raises(InputError, match="Expected a layer of the network and one of its channels"):
        objective(network, layer, channel, "everywhere")


def test_a_film_rises_and_tells_what_the_unit_answers_to_each_frame(tiny):
    film = maximise(SPEC)
    assert film.end == "done" and film.total == 64 and film.steps[0] == 0 and film.steps[-1] == 64
    assert len(film.steps) == FRAMES + 1 and (np.diff(film.steps) > 0).all()
    assert film.values[-1] > 2 * film.values[0] > 0
    for frame in (0, 7, -1):
        shown = film.picture(frame)
        assert shown.shape == (HEIGHT, WIDTH, 3)
        assert objective(tiny, "relu", 0, "everywhere")(shown)[0] == film.values[frame]


def test_switches_off_the_unit_answers_more_strongly(tiny):
    assert maximise(SPEC.bare).values[-1] > maximise(SPEC).values[-1]


class Stop:
    """Cancels at the check with this number."""

    def __init__(self, at):
        self.at, self.checks, self.shares = at, 0, []

    def event(self, **fields):
        self.shares.append(fields["share"])

    def check(self):
        self.checks += 1
        if self.checks >= self.at:
            raise Cancelled


def test_cancelled_in_the_middle_it_keeps_the_frames_so_far_and_begins_anew(tiny, tmp_path):
    stop, run = Stop(at=20), Run("", tmp_path)
    with pytest.raises(Cancelled):
        make(SPEC, stop, tmp_path)
    partial, before = MAXIMISATION.load(run), MAXIMISATION.version(run)
    assert partial.end == "" and 2 < len(partial.steps) < 20 and stop.shares == sorted(stop.shares)
    make(SPEC, Stop(at=10**6), tmp_path)
    film, again = MAXIMISATION.load(run), maximise(SPEC)
    assert film.end == "done" and MAXIMISATION.version(run) != before > 0
    for name in ("steps", "values", "data", "sizes"):
        np.testing.assert_array_equal(getattr(film, name), getattr(again, name))
    np.testing.assert_array_equal(film.data[: len(partial.data)], partial.data)


def test_a_dead_unit_keeps_its_grey_start_and_says_so(monkeypatch):
    dead = built(by_hand(layers.Conv2D(1, 3, name="conv"), np.zeros((3, 3, 3, 1)), [-1.0]), layers.ReLU(name="relu"))
    monkeypatch.setattr(opened, "load", lambda name: dead)
    monkeypatch.setattr(maximisation, "objective", lambda *_: objective(dead, "relu", 0, "everywhere"))
    film = maximise(SPEC)
    assert film.end == "flat" and film.steps.tolist() == [0] and film.values.tolist() == [0]


def test_numbers_that_overflow_end_the_film_or_refuse_it(monkeypatch, tiny):
    def bursting(picture):
        value = float(np.abs(picture - 127.5).mean())
        return (np.inf if value > 9 else value), np.sign(picture - 127.5)

    monkeypatch.setattr(maximisation, "objective", lambda *_: bursting)
    film = maximise(SPEC.bare)
    assert film.end == "overflow" and np.isfinite(film.values).all()
    monkeypatch.setattr(maximisation, "objective", lambda *_: lambda picture: (np.nan, picture))
    with pytest.raises(InputError, match="overflow"):
        maximise(SPEC)


def test_a_spec_survives_json_and_refuses_what_is_not_offered():
    spec = dataclasses.replace(SPEC, jitter=3.0, place="centre", seed=7)
    assert MaximisationSpec.from_json(spec.to_json()) == spec
    assert spec.bare.unit == spec.unit and SPEC.unit != spec.unit and MaximisationSpec(*spec.unit).unit == spec.unit
    assert set(spec.bare.strengths.values()) == {0.0} and spec.bare.seed == 7
    for bad in ({"channel": 48}, {"layer": "conv9"}, {"steps": 65}, {"seed": -1}, {"jitter": 99.0}, {"place": "left"}):
        with pytest.raises(InputError):
            MaximisationSpec.from_json(SPEC.to_json() | bad)


def test_a_run_that_froze_a_layer_shares_what_is_known_of_the_backbone():
    assert canonical("run:example", "conv3_relu") == "backbone:frame8:64"
    assert canonical("run:example", "head_output") == "run:example"
    assert canonical("backbone:vgg16:96", "block1_conv1") == "backbone:vgg16:96"


def test_a_damaged_film_is_none(tmp_path):
    run = Run("", tmp_path)
    assert MAXIMISATION.load(run) is None and MAXIMISATION.version(run) == 0
    MAXIMISATION.path(run).write_bytes(b"PK\x03\x04 torn")
    assert MAXIMISATION.load(run) is None


def test_units_of_the_sheet_are_evenly_spaced_and_there():
    units = ship.units()
    assert len(units) == len(set(units)) >= 60
    for unit in units:
        MaximisationSpec(*unit)
