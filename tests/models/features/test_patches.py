"""The strongest answers of every channel: hand-made networks, the slow twin, and what may come in between."""

import keras
import numpy as np
import pytest
from keras import layers

from models.backbones.receptive_field import Field
from models.backbones.worker import build
from models.errors import Cancelled, InputError
from models.features.patches import Cut, cut_of, patch
from models.features.worker import patches
from models.networks.layers import LayerChoice, sources
from models.networks.worker import opened
from models.pictures import datasets
from models.storage.progress import SILENT
from tests.models.features.test_backward import HEIGHT, WIDTH, built, by_hand, network_of


def search(network, names, pictures, **options):
    return patches.search(network, names, len(pictures), lambda start, stop: pictures[start:stop], **options)


def dark(n):
    return np.random.default_rng(3).integers(0, 100, (n, HEIGHT, WIDTH, 3)).astype(np.uint8)


def slow(model, names, pictures, top=9):
    """Every layer's whole output, then sorted: value, picture and place, (top, channels)."""
    found = []
    for name in names:
        maps = np.asarray(keras.Model(model.input, model.get_layer(name).output)(pictures.astype(np.float32)))
        maps = maps.reshape(len(maps), -1, maps.shape[-1])
        value, place = maps.max(axis=1), maps.argmax(axis=1)
        order = np.argsort(-value, axis=0, kind="stable")[:top]
        found.append((np.take_along_axis(value, order, 0), order, np.take_along_axis(place, order, 0)))
    return [np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)]


def test_a_kernel_of_a_single_one_finds_the_brightest_pixel():
    kernel = np.zeros((3, 3, 3, 2))
    kernel[0, 2, 1, 0], kernel[1, 1, 2, 1] = 1, 1  # green, one up and one to the right; blue, in the middle
    network = built(by_hand(layers.Conv2D(2, 3, padding="same", use_bias=False, name="conv"), kernel))
    pictures = dark(12)
    pictures[7, 2, 5, 1], pictures[4, 5, 0, 1], pictures[10, 3, 8, 2] = 255, 254, 253
    found = search(network, ["conv"], pictures, top=2)
    assert (found.value[0, 0], found.picture[0, 0], found.place[0, 0]) == (255, 7, 3 * WIDTH + 4)
    assert found.value[1, 0] < 100  # what lies in the corner (5, 0) would be seen from (6, -1), which is no place
    assert (found.value[0, 1], found.picture[0, 1], found.place[0, 1]) == (253, 10, 3 * WIDTH + 8)


def test_the_cut_around_a_winner_at_the_border_has_the_pixel_where_the_kernel_has_its_one():
    kernel = np.zeros((5, 5, 3, 1))
    kernel[4, 0, 0, 0] = 1  # two down and two to the left of the middle
    convolution = layers.Conv2D(1, 5, 2, padding="same", use_bias=False, name="conv")
    network = built(by_hand(convolution, kernel), size=(7, 9))
    pictures = np.random.default_rng(3).integers(0, 100, (3, 7, 9, 3)).astype(np.uint8)
    pictures[1, 2, 6, 0] = 255
    found = search(network, ["conv"], pictures, top=1)
    row, col = divmod(int(found.place[0, 0]), 5)
    layer = LayerChoice("conv", "one", (4, 5, 1), Field(size=5, jump=2, start=0.0))
    cut = cut_of(layer, row, col, 7, 9)
    assert (row, col) == (0, 4) and cut == Cut(-2, 6, 2, 10)
    assert patch(pictures[1], cut)[4, 0, 0] == 255


@pytest.fixture(scope="module")
def network():
    """Frame8 on pictures that are not square, with a hidden layer on top."""
    model = build.build("frame8", side=(32, 48), weights="random")
    top = layers.Dense(7, name="dense")(layers.GlobalAveragePooling2D(name="pooled")(model.output))
    return network_of(keras.Model(model.input, top))


def test_one_pass_finds_what_one_pass_per_layer_finds(network):
    pictures = np.random.default_rng(0).integers(0, 256, (40, 32, 48, 3)).astype(np.uint8)
    pictures[30] = pictures[5]  # equal answers: the lower number wins
    names = [layer.name for layer in network.model.layers[2:]]
    found = search(network, names, pictures)
    value, picture, place = slow(network.model, names, pictures)
    np.testing.assert_allclose(found.value, value, rtol=1e-4, atol=1e-5)
    close = (np.abs(np.diff(value, axis=0)) < 1e-4 * np.abs(value[1:])).any(axis=0)  # rounding may swap these
    assert close.mean() < 0.5
    alive = ~close & (value[-1] > 0)
    assert alive.sum() > 500
    np.testing.assert_array_equal(found.picture[:, alive], picture[:, alive])
    np.testing.assert_array_equal(found.place[:, alive], place[:, alive])


def test_however_the_pictures_are_cut_into_batches(network, monkeypatch):
    pictures = np.random.default_rng(1).integers(0, 256, (23, 32, 48, 3)).astype(np.uint8)
    whole = search(network, ["conv1_relu", "dense"], pictures)
    monkeypatch.setattr(patches, "pictures_per_pass", lambda model: 5)
    parts = search(network, ["conv1_relu", "dense"], pictures)
    np.testing.assert_allclose(parts.value, whole.value, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(parts.picture[0], whole.picture[0])


def test_the_same_picture_wins_once_and_of_equal_places_the_first():
    network = built(by_hand(layers.Conv2D(1, 1, use_bias=False, name="conv"), np.ones((1, 1, 3, 1))))
    pictures = np.full((4, HEIGHT, WIDTH, 3), 10, np.uint8)  # constant pictures
    pictures[2, 3] = 20  # a whole row of equal places
    found = search(network, ["conv"], pictures)
    assert found.picture[:, 0].tolist() == [2, 0, 1, 3]  # no more than there are pictures
    assert found.place[:, 0].tolist() == [3 * WIDTH, 0, 0, 0]


def test_a_channel_that_gives_no_number_has_no_winners():
    network = built(by_hand(layers.Conv2D(2, 1, name="conv"), np.zeros((1, 1, 3, 2)), [np.nan, 5.0]))
    found = search(network, ["conv"], dark(3))
    assert found.picture[:, 0].tolist() == [-1, -1, -1] and np.isneginf(found.value[:, 0]).all()
    assert found.picture[:, 1].tolist() == [0, 1, 2]


def test_two_thousand_channels_of_one_by_one():
    kernel = np.random.default_rng(4).normal(size=(HEIGHT, WIDTH, 3, 2048))
    network = built(by_hand(layers.Conv2D(2048, (HEIGHT, WIDTH), use_bias=False, name="conv"), kernel))
    pictures = dark(11)
    found = search(network, ["conv"], pictures)
    expected = np.tensordot(pictures.astype(float), kernel, 3)
    np.testing.assert_array_equal(found.picture, np.argsort(-expected, axis=0)[:9])
    assert not found.place.any()


def test_it_can_be_stopped_before_every_batch(network, monkeypatch):
    class Impatient:
        asked = 0

        def event(self, **fields):
            pass

        def check(self):
            self.asked += 1
            if self.asked == 3:
                raise Cancelled

    monkeypatch.setattr(patches, "pictures_per_pass", lambda model: 2)
    with pytest.raises(Cancelled):
        search(network, ["conv1"], np.zeros((20, 32, 48, 3), np.uint8), progress=Impatient())


def test_a_layer_that_is_not_there_is_said(network):
    for names in ([], ["conv99"]):
        with pytest.raises(InputError, match="Expected layers of the network"):
            search(network, names, np.zeros((1, 32, 48, 3), np.uint8), progress=SILENT)


def test_a_run_that_froze_its_backbone_answers_in_it_as_the_backbone_does():
    pictures = np.stack([datasets.picture("galaxies", number) for number in range(12)])
    found = [search(opened.load(name), ["conv2", "conv5_relu"], pictures) for name in sources("run:example")]
    assert len(found) == 2
    for name in ("value", "picture", "place"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))


def test_the_merge_is_a_sort_of_everything_so_far():
    random = np.random.default_rng(5)
    values = random.integers(0, 30, (50, 8)).astype(np.float32)  # many ties
    running = patches.RunningTop(8)
    for start in range(0, 50, 7):
        batch = values[start : start + 7]
        entries = np.argwhere(batch > running.threshold)
        running.add(batch, entries, start + entries[:, 0])  # the place tells the picture
    order = np.argsort(-values, axis=0, kind="stable")[:9]
    np.testing.assert_array_equal(running.picture, order)
    np.testing.assert_array_equal(running.value, np.take_along_axis(values, order, 0))
    np.testing.assert_array_equal(running.place, order)
