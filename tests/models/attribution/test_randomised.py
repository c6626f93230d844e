"""Weights made random from the top down: on a copy, repeatable, and every method followed."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from models.attribution.maps import TESTED
from models.attribution.randomised import (
    MOST_LEVELS,
    PICTURES,
    RANDOMISED,
    Level,
    RandomisedResult,
    RandomisedSpec,
    levels,
)
from models.attribution.worker import randomised
from models.errors import Cancelled
from models.networks.layers import LayerChoice
from models.networks.worker import opened
from models.pictures import datasets, images
from models.storage import files, runs
from models.training import recipes
from models.training.spec import TrainingSpec
from tests.models import tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
PARTS = (
    Level("head", ("head_average", "head_output")),
    Level("three", ("depthwise", "bn3", "relu3")),
    Level("rest", ("add", "conv2", "bn2", "conv1", "bn1")),
)


@pytest.fixture(scope="module")
def network():
    return opened.Network("shared", tiny.classifier(), ("a", "b", "c"), tiny.HEIGHT, tiny.WIDTH)


def digest(network):
    return hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in network.model.get_weights())).hexdigest()


def test_only_the_copy_becomes_random_and_layer_by_layer(network):
    before, copy = digest(network), randomised.copy_of(network)
    assert digest(copy) == before
    randomised.randomise(copy.model, PARTS[0].layers, np.random.default_rng(1))
    changed = {
        layer.name
        for layer in network.model.layers
        if any(
            (np.asarray(a) != np.asarray(b)).any()
            for a, b in zip(layer.weights, copy.model.get_layer(layer.name).weights, strict=True)
        )
    }
    assert changed == {"head_output"} and digest(network) == before
    randomised.randomise(copy.model, PARTS[1].layers, np.random.default_rng(1))
    gamma, beta, average, variance = copy.model.get_layer("bn3").get_weights()
    assert (gamma == 1).all() and (beta == 0).all() and (average == 0).all() and (variance == 1).all()
    kernel = copy.model.get_layer("depthwise").get_weights()[0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / 9), rel=0.25)  # 3 x 3 values go into each


@pytest.fixture(scope="module")
def followed(network):
    random = np.random.default_rng(4)
    pictures = [random.integers(0, 256, (tiny.HEIGHT, tiny.WIDTH, 3), np.uint8) for _ in range(2)]
    before = digest(network)
    found = randomised.follow(network, PARTS, pictures, [0, 2], seed=5)
    assert digest(network) == before
    return pictures, found


def test_every_method_is_followed_through_every_level(network, followed):
    _, (methods, strips, alike, unrelated) = followed
    assert methods == tuple(TESTED) and methods[-1] == "guided"
    assert strips.shape == (len(TESTED), 4, tiny.HEIGHT, tiny.WIDTH) and np.abs(strips).max() == 1
    assert alike.shape == (2, len(TESTED), 4, 2) and unrelated.shape == (len(TESTED), 2)
    flat = np.abs(strips[:, 0]).max(axis=(1, 2)) == 0
    np.testing.assert_allclose(alike[:, ~flat, 0, 0], 1, atol=1e-6)  # as trained: the maps themselves
    assert np.nanmin(alike[0, :, 3]) < 0.9


def test_the_random_weights_hang_on_the_seed_alone(network, followed):
    pictures, (_, strips, alike, _) = followed
    again = randomised.follow(network, PARTS[:1], pictures[:1], [0], seed=5)
    np.testing.assert_array_equal(again[1], strips[:, :2])
    np.testing.assert_array_equal(again[2], alike[:, :, :2, :1])


def test_a_cancel_in_the_middle_leaves_the_shared_network_as_it_was(network):
    class Impatient:
        told = 0

        def event(self, **_):
            self.told += 1
            if self.told == 3:
                raise Cancelled

        def check(self):
            pass

    before = digest(network)
    with pytest.raises(Cancelled):
        picture = np.zeros((tiny.HEIGHT, tiny.WIDTH, 3), np.uint8)
        randomised.follow(network, PARTS, [picture], [0], seed=1, progress=Impatient())
    assert digest(network) == before


def test_blocks_become_levels_from_the_head_down_and_many_are_joined():
    def layers(*blocks):
        return tuple(LayerChoice(f"{block}-{n}", block, (4, 4, 2)) for block in blocks for n in (0, 1))

    few = levels(layers("conv1", "conv2", "head"))
    assert [level.title for level in few] == ["head", "conv2", "conv1"]
    assert few[1].layers == ("conv2-1", "conv2-0")
    many = levels(layers(*(f"b{n}" for n in range(30)), "head"))
    assert len(many) <= MOST_LEVELS and many[-1].title == "b0" and many[0].title == "head"
    assert sum(len(level.layers) for level in many) == 62
    blocks = [f"b{n}" for n in range(8)]
    assert len(levels(layers(*blocks[1:], "head"))) == 8  # as many as there may be
    nine = levels(layers(*blocks, "head"))
    assert [level.title for level in nine] == ["head", "b6", "b4", "b2", "b0"]
    assert nine[1].layers == ("b7-1", "b7-0", "b6-1", "b6-0")


def of_split(seed, owner="somebody"):
    """The id of a run of Frame8 on the digits, whose data were divided with this seed."""
    spec = TrainingSpec(dataset="digits", split_seed=seed)
    return spec, f"run:{runs.create('training', spec.to_json(), owner=owner, title='A run').id}"


def test_the_pictures_beside_are_test_pictures_of_the_runs_own_split():
    training, network = of_split(3)
    own = recipes.split_of(training)
    asked = RandomisedSpec(network, f"sample:digits:{own.test[0]}", 1)
    others = [int(picture.rpartition(":")[2]) for picture in asked.others]
    assert len(others) == PICTURES - 1 and asked.picture not in asked.others
    assert set(others) <= set(own.test) and not set(others) & (set(own.train) | set(own.validation))
    assert others[-1] in own.test[-60:] and sorted(others) == others
    elsewhere = RandomisedSpec(network, "upload:" + "0" * 32, 1).others
    assert len(elsewhere) == PICTURES - 1 and elsewhere[0] == f"sample:digits:{own.test[0]}"


def test_the_chosen_picture_and_those_beside_it_are_followed(network, monkeypatch):
    _, asked_of = of_split(3)
    spec, seen = RandomisedSpec(asked_of, "sample:digits:7", 2), {}

    def follow(network, parts, pictures, classes, seed, progress):
        seen.update(pictures=pictures, classes=classes)
        return ("x",), np.zeros((1, 1, 2, 2), np.float16), np.zeros((2, 1, 1, 8), np.float32), np.zeros((1, 8), "f4")

    monkeypatch.setattr(opened, "load", lambda _: network)
    monkeypatch.setattr(randomised, "follow", follow)
    found = randomised.measure(spec)
    wanted = [datasets.picture("digits", int(p.rpartition(":")[2])) for p in (spec.picture, *spec.others)]
    resized = [images.resize(picture, tiny.HEIGHT, tiny.WIDTH) for picture in wanted]
    np.testing.assert_array_equal(seen["pictures"], resized)
    assert found.others == spec.others and seen["classes"][0] == 2
    assert seen["classes"][1:] == opened.forward(network, np.stack(resized[1:])).argmax(axis=1).tolist()


def test_a_result_beside_the_test_pictures_of_another_split_is_not_shown():
    old = result(np.zeros((1, 1, 2)))
    for seed, kept in ((0, True), (3, False)):
        spec = RandomisedSpec(of_split(seed)[1], "sample:digits:7", 2)
        run = runs.create("randomised", spec.to_json(), owner="somebody", title="From an earlier version")
        files.write_atomically(RANDOMISED.path(run), files.pack(old))
        assert (RANDOMISED.load(run) is not None) == kept
        files.write_atomically(RANDOMISED.path(run), files.pack(replace(old, others=spec.others)))
        assert RANDOMISED.load(run) is not None


def result(rank):
    rank = np.array(rank, np.float32)
    m, n, p = rank.shape
    strips = np.zeros((m, n, 2, 3), np.float16)
    return RandomisedResult("n", "p", ("a", "b"), ("x", "y"), strips, rank, rank, np.zeros((m, p), np.float32), 1)


def test_a_method_that_keeps_its_rank_fails_to_change():
    found = result([[[1, 1, 1], [0.9, 0.7, 0.8]], [[1, 1, 1], [0.1, np.nan, -0.3]]])
    assert found.unchanged() == ("x",) and (found.stays("x"), found.stays("y")) == (1, 0)
    assert found.similarity("y", 1).n == 2 and found.similarity("y", 1).value == pytest.approx(-0.1)
    assert found.similarity("x", 1, "structure").value == pytest.approx(0.8)
    flat = result([[[1, 1], [np.nan, np.nan]], [[1, 1], [0, 0]]])
    assert flat.unchanged() == ()
