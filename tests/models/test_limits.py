"""Where numbers end: the first and the last that are allowed, and the next on either side, which are refused."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError
from models.features.maximisation import MaximisationSpec
from models.intervals import wilson
from models.occlusion.occlusion import patch_origins
from models.pictures import datasets
from models.som.one_step import Trace
from models.som.rotation import RotationTask
from models.som.spec import SomSpec
from models.sweeps.spec import SweepSpec
from models.training import recipes
from models.training.evaluation import cell_members
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec
from models.transferability.slice import SliceSpec

TRAINING = TrainingSpec(weights="random", trainable=("conv5",), epochs=1)
TRACE = Trace(np.eye(3, dtype=np.float32), SomSpec(2, 2, "online", epochs=4))  # three samples: steps 0 to 11
ANSWERS = np.zeros(4, np.int64), np.full((4, 5), 0.2)  # of five classes


def training(name):
    return lambda value: recipes.validate(replace(TRAINING, **{name: value}))


def head(name):
    return lambda value: recipes.validate(replace(TRAINING, head=HeadSpec(**{name: value})))


def of(kind, name, **others):
    return lambda value: kind(**others, **{name: value})


def augmented(name):
    return lambda value: AugmentationSpec(**{name: value}).check()


UNIT = {"network": "backbone:frame8:64", "layer": "conv1"}
JUST = 1e-9  # beyond an end
LIMITS = {  # what is called with a number; the numbers that are refused, allowed, allowed and refused; None: no end
    "wilson": (lambda value: wilson(value, 7), -1, 0, 7, 8),
    "picture": (lambda value: datasets.label("digits", value), -1, 0, 1796, 1797),
    "shots of a split": (lambda value: datasets.split("digits", shots=value), 0, 1, 104, 105),
    "seed of a split": (lambda value: datasets.split("digits", seed=value), -1, 0, None, None),
    "training share": (lambda value: datasets.split("digits", train=value), 0.0, 0.01, 0.79, 0.8),
    "validation share": (lambda value: datasets.split("digits", validation=value), 0.0, 0.01, 0.39, 0.4),
    "class": (lambda value: cell_members(*ANSWERS, value, 0), -1, 0, 4, 5),
    "class called": (lambda value: cell_members(*ANSWERS, 0, value), -1, 0, 4, 5),
    "patch": (lambda value: patch_origins(9, value, 2), 1, 2, 9, 10),
    "stride": (lambda value: patch_origins(9, 4, value), 0, 1, 4, 5),
    "step": (TRACE.step, -1, 0, 11, 12),
    "channel": (of(MaximisationSpec, "channel", **UNIT), -1, 0, 47, 48),
    "seed of a picture": (of(MaximisationSpec, "seed", channel=0, **UNIT), -1, 0, 999, 1000),
    "seeds of a sweep": (of(SweepSpec, "seeds", choice="none"), 0, 1, 10, 11),
    "cells of a sweep": (lambda value: SweepSpec("shots", tuple(map(str, range(value))), seeds=4), 0, 1, 12, 13),
    "rows with poses": (of(RotationTask, "rows"), 0, 1, 16, 17),
    "columns with poses": (of(RotationTask, "columns"), 0, 1, 16, 17),
    "epochs with poses": (of(RotationTask, "epochs"), 0, 1, 60, 61),
    "seeds with poses": (of(RotationTask, "seeds"), 0, 1, 10, 11),
    "seeds of a slice": (of(SliceSpec, "seeds"), 0, 1, 8, 9),
    "first seed of a slice": (of(SliceSpec, "first_seed"), -1, 0, None, None),
    "epochs of a slice": (of(SliceSpec, "epochs"), 0, 1, 60, 61),
    "shots of a slice": (of(SliceSpec, "shots"), 6, 7, 87, 88),
    "rows": (of(SomSpec, "rows"), 0, 1, 200, 201),
    "columns": (of(SomSpec, "columns"), 0, 1, 200, 201),
    "epochs of a map": (of(SomSpec, "epochs"), 0, 1, 1000, 1001),
    "rate": (of(SomSpec, "rate0"), 9e-7, 1e-6, 1.0, 1 + JUST),
    "radius": (of(SomSpec, "radius0"), 9e-4, 1e-3, 300.0, 300 + 1e-6),
    "decay": (of(SomSpec, "decay"), -JUST, 0.0, 20.0, 20 + 1e-6),
    "seed of a map": (of(SomSpec, "seed"), -1, 0, 2**32 - 1, 2**32),
    "moments": (of(SomSpec, "snapshots"), 1, 2, 101, 102),
    "epochs": (training("epochs"), 0, 1, 1000, 1001),
    "epochs of the head": (training("head_epochs"), -1, 0, 1000, 1001),
    "label smoothing": (training("label_smoothing"), -JUST, 0.0, 1 - JUST, 1.0),
    "wrong labels": (training("label_noise"), -JUST, 0.0, 1.0, 1 + JUST),
    "leaked": (training("leaked"), -JUST, 0.0, 1.0, 1 + JUST),
    "patience": (training("patience"), -1, 0, None, None),
    "seed": (training("seed"), -1, 0, 2**31 - 1, 2**31),
    "seed of its split": (training("split_seed"), -1, 0, 2**31 - 1, 2**31),
    "batch": (training("batch"), 0, 1, 900, 901),
    "shots": (training("shots"), 0, 7, 180, 181),  # 32 pictures make a batch of five classes
    "learning rate": (training("learning_rate"), 0.0, 1e-12, None, None),
    "hidden units": (lambda value: head("widths")((value,)), 0, 1, 4096, 4097),
    "hidden layers": (lambda value: head("widths")((3,) * value), None, 0, 4, 5),
    "dropout": (head("dropout"), -JUST, 0.0, 1 - JUST, 1.0),
    "weight decay": (head("weight_decay"), -JUST, 0.0, None, None),
    "max-norm": (head("max_norm"), -JUST, 0.0, None, None),
    "rotation": (augmented("rotation"), -JUST, 0.0, 180.0, 180 + 1e-6),
    "shift": (augmented("shift"), -JUST, 0.0, 0.5, 0.5 + JUST),
    "zoom": (augmented("zoom"), -JUST, 0.0, 0.5, 0.5 + JUST),
    "brightness": (augmented("brightness"), -JUST, 0.0, 0.5, 0.5 + JUST),
    "contrast": (augmented("contrast"), -JUST, 0.0, 0.9, 0.9 + JUST),
    "saturation": (augmented("saturation"), -JUST, 0.0, 1.0, 1 + JUST),
    "hue": (augmented("hue"), -JUST, 0.0, 180.0, 180 + 1e-6),
    "cutout": (augmented("cutout"), -JUST, 0.0, 0.8, 0.8 + JUST),
}


@pytest.mark.parametrize(("call", "below", "least", "most", "above"), LIMITS.values(), ids=LIMITS)
def test_both_ends_are_allowed_and_nothing_beyond_them(call, below, least, most, above):
    for value in (least, most):
        if value is not None:
            call(value)
    for value in (below, above):
        if value is not None:
            with pytest.raises(InputError, match="Expected"):
                call(value)
