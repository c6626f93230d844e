"""The shipped backbone: its weights belong to its card, and give the logits they gave."""

import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from models.backbones.tables import table
from models.backbones.worker import build
from models.errors import InputError
from models.frame8 import card as frame8_card
from models.frame8 import classes as frame8_classes
from models.frame8.card import learning_rate
from models.networks.worker import answers, opened

TOP = "backbone:frame8:64:top"
EXPECTED = Path(__file__).with_name("frame8_logits.json")


def fixed_picture():
    """A picture that no random generator and no codec made: waves of three colours, (64, 64, 3)."""
    row, col = np.mgrid[0:64, 0:64] / 64
    waves = [np.sin(9 * row + 4 * col), np.cos(14 * row * col), np.sin(25 * (row - 0.5) ** 2 - 11 * col)]
    return np.rint(127.5 + 127.5 * np.stack(waves, axis=2)).astype(np.uint8)


def test_weights_and_card_belong_together():
    card = json.loads((frame8_card.FOLDER / "frame8.json").read_text())
    weights = (frame8_card.FOLDER / "frame8.npz").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == card["sha256"]
    assert len(weights) < 6e6 and card["parameters"] < 3e6
    assert card["epochs_done"] == len(card["history"]) == card["recipe"]["epochs"]
    assert card["top_1_validation"] == card["history"][-1]["top_1"]
    assert len(set(card["classes"])) == 200


def test_the_script_can_follow_the_rates_of_the_card():
    recipe = frame8_card.read().recipe
    assert recipe.plans == ((8, 26), (10, 18), (15, 15)) and recipe.averaging == 0
    rates = [learning_rate(epoch * 781, 781, recipe) for epoch in range(recipe.epochs)]
    falls = -np.diff(rates[1:])
    assert (falls > 0).all() and set(np.argsort(-falls)[:2] + 2) == {8, 10}  # the two changes of plan stand out


def test_shapes():
    network = opened.load(TOP)
    assert network.model.input_shape == (None, 64, 64, 3) and network.model.output_shape == (None, 200)
    assert (network.height, network.width) == (64, 64) and network.classes[199] == "African elephant"
    weighted = [layer.name for layer in network.model.layers if getattr(layer, "kernel", None) is not None]
    assert weighted == ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    assert network.model.count_params() == sum(row.parameters for row in table("frame8", 64, include_top=True).layers)
    bare = build.build("frame8", side=(64, 96))
    assert bare.output_shape == (None, 8, 12, 256)


def test_a_fixed_picture_gives_the_logits_it_gave():
    expected = json.loads(EXPECTED.read_text())
    logits = opened.logits(opened.load(TOP), fixed_picture()[None])[0]
    assert np.ptp(expected) > 5
    np.testing.assert_allclose(logits, expected, atol=1e-3)


def test_its_own_classes_answer_for_any_picture():
    said = answers.predict(TOP, "sample:galaxies:955")
    assert said.probabilities.shape == (200,) and said.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert said.classes[int(said.probabilities.argmax())] == "spider web"
    with pytest.raises(InputError, match="Expected VGG16 without its top"):
        opened.load("backbone:vgg16:224:top")
    with pytest.raises(InputError, match="Expected 64 x 64 pictures"):
        opened.load("backbone:frame8:96:top")


def test_the_answers_for_a_data_set_are_those_for_its_pictures():
    every = answers.answers(TOP, "digits")
    assert every.dataset == "digits" and every.index.shape == every.answer.shape == every.probability.shape == (359,)
    said = answers.predict(TOP, f"sample:digits:{every.index[7]}")
    assert int(said.probabilities.argmax()) == every.answer[7]
    assert said.probabilities.max() == pytest.approx(every.probability[7], abs=1e-5)
    with pytest.raises(InputError, match="bare backbone"):
        answers.answers("backbone:frame8:64:random", "digits")


def test_every_class_is_in_one_group():
    grouped = [name for names in frame8_classes.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(frame8_card.read().classes)


def test_groups_sum_their_classes():
    classes = ("goose", "lemon", "tractor", "albatross", "limousine")
    found = frame8_classes.coarse(np.array([0.22, 0.1, 0.27, 0.24, 0.17]), classes)
    assert list(found) == ["bird", "vehicle", "food or drink"]  # 0.46, 0.44, 0.1
    assert found["vehicle"] == [("tractor", 0.27), ("limousine", 0.17)]
    assert found["bird"] == [("albatross", 0.24), ("goose", 0.22)]


def test_weights_of_another_network_are_refused(tmp_path):
    inputs = keras.Input((4,), name="in")
    network = keras.Model(inputs, keras.layers.Dense(2, name="fc8")(inputs))
    with pytest.raises(ValueError, match=r"fc8/kernel of shape \(4, 2\).* Received \(640, 200\)"):
        frame8_card.load_weights(network, frame8_card.FOLDER / "frame8.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(ValueError, match="a weight file"):
        frame8_card.load_weights(network, tmp_path / "torn.npz")
