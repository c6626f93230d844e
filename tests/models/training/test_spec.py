"""Recipes as plain data: JSON and back, what this version does not have, and the name of a run."""

import json
from dataclasses import replace

import pytest

from models.errors import InputError
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec


def test_a_spec_survives_json():
    spec = TrainingSpec(
        trainable=("conv5", "conv5_bn"),
        shots=20,
        augmentation=AugmentationSpec(hue=9.0),
        head=HeadSpec("flatten", (256, 8), dropout=0.25),
    )
    assert TrainingSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert TrainingSpec.from_json({}) == TrainingSpec()
    old = {name: value for name, value in spec.to_json().items() if name not in ("preprocessing", "leaked")}
    assert TrainingSpec.from_json(old) == spec  # runs from before these could be made wrong on purpose
    assert TrainingSpec.from_json({"learning_rate": 1, "trainable": []}).learning_rate == 1.0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"nonsense": 1}, "Received .*nonsense"),
        ({"epochs": "3"}, "epochs to be of type int"),
        ({"epochs": True}, "epochs to be of type int"),
        ({"learning_rate": None}, "learning_rate to be of type float"),
        ({"trainable": "conv1"}, "trainable"),
        ({"trainable": [1]}, "trainable to be of type str"),
        ({"optimizer": "lion"}, "optimizer to be one of adam, sgd, rmsprop"),
        ({"head": {"pooling": "median"}}, "pooling to be one of"),
        ({"head": [1]}, "Received list"),
        ({"augmentation": {"flip_horizontal": 1}}, "flip_horizontal to be of type bool"),
        ({"augmentation": {"crop": 0.1}}, "Received .*crop"),
        ({"shots": 1.5}, "shots to be of type int"),
    ],
)
def test_a_malformed_spec_is_refused_with_a_reason(data, message):
    with pytest.raises(InputError, match=message):
        TrainingSpec.from_json(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"backbone": "gone"}, "a backbone among .* Received 'gone'"),
        ({"dataset": "gone"}, "a data set among .* Received 'gone'"),
        ({"side": 65}, "a side among .* pixels. Received 65"),
        ({"trainable": ["conv5", "conv99"]}, "trainable layers of frame8. Received conv99, which it does not have"),
        ({"batch_norm_except": ["stem"]}, "blocks of frame8. Received stem, which it does not have"),
    ],
)
def test_names_of_another_version_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        TrainingSpec.from_json(data)


def test_what_learns_is_what_a_gradient_changes_input_first():
    spec = TrainingSpec(trainable=("conv5_bn", "conv5", "conv4", "conv4_bn"), batch_norm_except=("conv4",))
    assert spec.learning == ("conv4", "conv4_bn", "conv5")
    assert replace(spec, batch_norm="train").learning == ("conv4", "conv5", "conv5_bn")
    assert TrainingSpec().learning == ()
    impossible = replace(spec, side=7)  # is refused where it is checked, and has a name until then
    assert impossible.learning == spec.learning and "conv4 and conv5 learn" in impossible.title


def test_a_run_is_named_after_data_backbone_and_what_learns():
    assert TrainingSpec().title == "Galaxies: Frame8 frozen" and TrainingSpec().data_summary == ""
    two = TrainingSpec(trainable=("conv5", "conv5_bn"), weights="random", shots=20)
    assert two.title == "Galaxies: Frame8 conv5 learns, random weights, 20 shots"
    three = replace(two, trainable=tuple(f"conv{n}{part}" for n in (3, 4, 5) for part in ("", "_bn")))
    assert "Frame8 conv3 to conv5 learn," in three.title
    assert "Frame8 1 layer learns," in replace(two, trainable=("conv4",)).title
    odd = replace(two, trainable=("conv4", "conv5", "conv5_bn"), batch_norm="train")
    assert "Frame8 3 layers learn," in odd.title
    assert replace(two, trainable=("conv5_bn",)).title == "Galaxies: Frame8 frozen, random weights, 20 shots"
    more = replace(
        two, weights="pretrained", head_epochs=3, label_noise=0.2, split_seed=1, leaked=0.5,
        preprocessing="scaled twice", augmentation=AugmentationSpec(hue=9.0),
    )  # fmt: skip
    assert more.data_summary == "20 shots, 20% wrong labels, split 1, scaled twice, 50% of the test leaked"
    assert more.title == f"Galaxies: Frame8 head, then conv5 learns, {more.data_summary}, augmented"
