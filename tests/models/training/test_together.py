"""Settings that are fine alone: which pairs are refused, and which are said to have no effect."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models.errors import InputError
from models.pictures import datasets
from models.sweeps.spec import SweepSpec
from models.training.recipes import apply_preset, remarks, validate
from models.training.spec import GENTLE, AugmentationSpec, HeadSpec, TrainingSpec, draws
from models.training.together import fitting_batch, learns_from_batches
from models.training.worker.augment import augment

PLAIN = TrainingSpec()  # galaxies: 5 classes, 900 pictures to learn from
HEAD_BN = replace(PLAIN, head=HeadSpec(batch_norm=True))
FREE = replace(PLAIN, trainable=("conv5", "conv5_bn"))
FREE_BN = replace(FREE, batch_norm="train")
FEW = {"shots": 5}  # 25 pictures
GREY = {"dataset": "digits"}
COLOURFUL = AugmentationSpec(saturation=0.5, hue=30.0)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (replace(HEAD_BN, batch=1), "batch of 2 or more pictures with BatchNorm in the head.* Received 1"),
        (replace(FREE_BN, batch=1), "batch of 2 or more pictures with BatchNorm that learns in the backbone"),
        (replace(FREE, batch_norm_except=("conv5",), batch=1), "BatchNorm that learns in the backbone"),
        (replace(HEAD_BN, batch=29), r"no single picture .*\(a batch of 28 would do\). Received 900 pictures in .* 29"),
        (replace(HEAD_BN, batch=24, **FEW), r"\(a batch of 23 would do\). Received 25 pictures in batches of 24"),
        (replace(HEAD_BN, batch=4, **FEW), r"\(a batch of 5 would do\)"),  # 2 and 3 leave one over as well
        (replace(FREE_BN, batch=12, **FEW), r"BatchNorm that learns in the backbone could .* batch of 11 would do"),
        (replace(HEAD_BN, batch=26, **FEW), "at most 25 pictures, which is all the training data. Received 26"),
    ],
)
def test_a_batch_of_which_batchnorm_can_take_no_variance_is_refused(spec, sentence):
    with pytest.raises(InputError, match=sentence):
        validate(spec)


@pytest.mark.parametrize(
    "spec",
    [
        replace(PLAIN, batch=1),
        replace(PLAIN, batch=29),
        replace(FREE, batch=1),  # its BatchNorm is held
        replace(FREE_BN, batch_norm_except=("conv5",), batch=1),
        replace(PLAIN, batch_norm="train", batch=1),  # nothing is free
        replace(HEAD_BN, batch=2),
        replace(HEAD_BN, batch=25, **FEW),
        replace(HEAD_BN, batch=23, **FEW),
    ],
)
def test_without_it_any_batch_is_taken(spec):
    validate(spec)
    assert fitting_batch(spec, 25 if spec.shots else 900) == spec.batch


def test_why_one_picture_is_too_few_for_batchnorm():
    layer = keras.layers.BatchNormalization()
    out = [np.asarray(layer(np.array([row], "float32"), training=True)) for row in ([3.0, -7.0], [40.0, 0.5])]
    assert np.array_equal(out[0], out[1]) and not out[0].any()  # all pictures the same


def test_who_learns_from_batches():
    assert [learns_from_batches(spec) for spec in (PLAIN, HEAD_BN, FREE, FREE_BN)] == [False, True, False, True]
    mobile = apply_preset("last_block", replace(PLAIN, backbone="mobilenetv2", side=96))
    assert learns_from_batches(replace(mobile, batch_norm="train", head=HeadSpec()))


def test_a_sweep_over_shots_takes_a_batch_that_fits_each_of_its_values():
    sweep = SweepSpec("shots", ("5", "10"), base=replace(HEAD_BN, batch=24))
    batches = {cell.value: cell.spec.batch for cell in sweep.cells()}
    assert batches == {"5": 23, "10": 24}  # 25 pictures, 50 pictures


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"patience": 9, "epochs": 10}, "waits for 9 epochs after the best one, and training ends after 10"),
        ({"trainable": ("conv5_bn",)}, "all layers that you freed are BatchNorm, which is held"),
        ({"label_noise": 0.01, "shots": 5, "batch": 5}, "No label is wrong: 1.0% of 25 pictures is less than one"),
        (
            {"batch_norm": "train"},
            "Letting BatchNorm learn has no effect: no layer of the backbone that has one is free",
        ),
        ({"batch_norm": "train", "trainable": ("conv5",)}, "Letting BatchNorm learn has no effect"),
        (GREY | {"augmentation": AugmentationSpec(hue=30.0)}, "Augmentation of hue has no effect: these pictures are"),
        (GREY | {"augmentation": AugmentationSpec(saturation=0.5, hue=9.0)}, "Augmentation of saturation and hue has"),
        ({"leaked": 0.001}, "No test picture leaks: 0.1% of 300 pictures is less than one"),
    ],
)
def test_what_has_no_effect_is_said(change, sentence):
    spec = replace(PLAIN, **change)
    validate(spec)
    assert [sentence in found for found in remarks(spec)] == [True]


def test_why_hue_and_saturation_leave_grey_as_it_is():
    grey = np.repeat(np.random.default_rng(0).integers(0, 256, (2, 6, 4, 1)), 3, axis=-1).astype(np.float32)
    red = grey * np.array([1, 0.5, 0.5], np.float32)
    drawn = draws(COLOURFUL, seed=3, epoch=0, numbers=np.array([0, 1]))
    changed = [np.asarray(augment(COLOURFUL, pictures, drawn)) for pictures in (grey, red)]
    assert np.abs(changed[0] - grey).max() < 1e-3 < 5 < np.abs(changed[1] - red).max()
    assert [datasets.is_grey(name) for name in ("digits", "galaxies", "textures")] == [True, False, False]


def test_nothing_is_said_of_what_works():
    two = replace(apply_preset("last_block", PLAIN), patience=8, epochs=5, head_epochs=10, label_noise=0.1)
    coloured, grey = replace(PLAIN, augmentation=COLOURFUL), replace(PLAIN, augmentation=GENTLE, **GREY)
    for spec in (
        FREE_BN,
        coloured,
        grey,
        PLAIN,
        two,
        replace(PLAIN, patience=8, epochs=10, leaked=0.1),
        replace(FREE, patience=3),
    ):
        assert remarks(spec) == ()
