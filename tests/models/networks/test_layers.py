"""The list of layers a visitor may look into agrees with what Keras builds."""

import numpy as np
import pytest

from models.errors import InputError
from models.networks import layers
from models.storage import runs
from models.training import recipes
from models.training.spec import HeadSpec, TrainingSpec


def run_with(head, **changes):
    spec = TrainingSpec(head=head, **changes).to_json()
    return "run:" + runs.create("training", spec, owner="somebody", title="A run").id


HEADS = [
    HeadSpec(),
    HeadSpec(pooling="max", widths=(7,)),
    HeadSpec(pooling="average+max", widths=(9, 5), batch_norm=True, dropout=0.3),
    HeadSpec(pooling="flatten", batch_norm=True),
]


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.pooling)
def test_names_and_shapes_are_those_of_the_classifier(head):
    from models.backbones.worker import build
    from models.training.worker import classifier as training_classifier

    classifier = training_classifier.attach(build.build("frame8", side=64, weights="random"), head, 5, seed=0)
    listed = {choice.name: choice.shape for choice in layers.layers(run_with(head))}
    built = {layer.name: layer.output.shape[1:] for layer in classifier.layers}
    assert set(built) - set(listed) <= {"image", "rescale"} | {name for name in built if name.endswith("_dropout")}
    for name, shape in listed.items():
        assert built[name] == (shape if len(built[name]) == 3 else shape[2:])


def test_what_a_layer_sees_comes_from_the_table_and_the_head_sees_everything():
    first = layers.layer("backbone:frame8:64", "conv1")
    assert (first.shape, first.receptive_field, first.jump) == ((32, 32, 48), 7, 2)
    last = layers.layer(run_with(HeadSpec()), "head_output")
    assert (last.shape, last.receptive_field, last.block) == ((1, 1, 5), None, "head")
    assert last.window(0, 0) is None


def test_the_window_of_a_value_is_the_pixels_under_its_kernel():
    first = layers.layer("backbone:frame8:64", "conv1")  # 7 x 7, stride 2, two zeros in front
    assert first.window(0, 0) == (-2, -2, 4, 4)
    assert first.window(3, 5) == (4, 8, 10, 14)


def test_the_first_layer_shown_has_maps_one_can_read():
    assert layers.interesting("backbone:frame8:64").name == "conv3_relu"
    assert layers.interesting("backbone:vgg19:115").name == "block4_conv4"
    for network in ("backbone:mobilenetv2:96", "backbone:resnet50v2:96", "backbone:efficientnetb0:224:random"):
        assert min(layers.interesting(network).shape[:2]) >= 6


def test_the_estimated_time_grows_with_passes_and_pixels():
    one = layers.seconds("backbone:frame8:64", 1)
    assert layers.seconds("backbone:frame8:64", 100) == pytest.approx(100 * one)
    assert layers.seconds("backbone:frame8:128", 1) > 2 * one
    assert layers.side("backbone:frame8:128:random") == 128


def test_a_run_is_judged_on_pictures_that_it_has_not_learnt_from():
    spec = TrainingSpec(dataset="digits", split_seed=3, shots=5)
    run = "run:" + runs.create("training", spec.to_json(), owner="somebody", title="A run").id
    test, learnt = layers.test_pictures(run, "digits"), recipes.split_of(spec)
    assert test.dtype == np.int64 and len(test) == len(set(test)) == 359
    assert not set(test) & (set(learnt.train) | set(learnt.validation))
    few = layers.split(run, "digits", 5)
    assert (few.train.tolist(), few.test.tolist()) == (learnt.train.tolist(), test.tolist())
    bare, example = (layers.test_pictures(name, "galaxies") for name in ("backbone:frame8:64", "run:example"))
    assert bare.tolist() == example.tolist() != layers.test_pictures(run, "galaxies").tolist()


def test_malformed_names_are_refused():
    for wrong in ("frame8", "backbone:frame8:big", "backbone:frame8:64:weird"):
        with pytest.raises(InputError, match="Expected a network such as"):
            layers.layers(wrong)
    with pytest.raises(InputError, match="Received 'conv99'"):
        layers.layer("backbone:frame8:64", "conv99")


@pytest.mark.parametrize("network", ["backbone:vgg16:224:top", "backbone:frame8:96:top", "backbone:none:64:top"])
def test_the_classifier_of_a_pretraining_that_is_not_here_is_refused(network):
    with pytest.raises(InputError):
        layers.side(network)


def test_the_classifier_of_a_pretraining_has_the_layers_of_its_backbone():
    assert layers.layers("backbone:frame8:64:top") == layers.layers("backbone:frame8:64")
    assert layers.side("backbone:lite0:224:top") == 224
