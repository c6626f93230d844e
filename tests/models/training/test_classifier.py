"""Freezing: what learns, where the frozen part ends, folding, and the proof that nothing frozen moved."""

import keras
import numpy as np
import pytest

from models.backbones.worker import build, graphs
from models.training.spec import HeadSpec
from models.training.worker import classifier, examples
from tests.models import tiny


def learning(network):
    return {layer.name for layer in network.layers if layer.trainable_variables}


@pytest.mark.parametrize(
    ("trainable", "policy", "expected"),
    [
        ((), "hold", set()),
        (("conv2",), "hold", {"conv2"}),
        (("conv2", "bn2"), "hold", {"conv2"}),
        (("conv2", "bn2"), "train", {"conv2", "bn2"}),
        (("bn2",), "train", {"bn2"}),
    ],
)
def test_the_named_layers_and_the_head_learn_and_batch_norm_obeys_the_policy(trainable, policy, expected):
    network = tiny.classifier(HeadSpec(widths=(4,), batch_norm=True))
    classifier.freeze(network, trainable, policy)
    assert learning(network) == expected | {"head_bn", "head_dense1", "head_dense1_bn", "head_output"}


def test_a_frozen_batch_norm_keeps_its_statistics_even_in_training_mode():
    network = tiny.classifier()
    classifier.freeze(network, ("conv1",), "hold")
    norm = network.get_layer("bn1")
    before = [w.copy() for w in norm.get_weights()]
    network(tiny.material().images[:8].astype("f4"), training=True)
    assert all((a == b).all() for a, b in zip(before, norm.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("trainable", "policy", "boundary"),
    [
        ((), "hold", {"head_average"}),
        (("depthwise",), "hold", {"add"}),
        (("bn3",), "train", {"depthwise"}),
        (("conv2",), "hold", {"relu1"}),  # the skip connection starts there too
        (("bn2",), "train", {"conv2", "relu1"}),  # two tensors cross
        (("conv1",), "hold", {"rescale"}),
    ],
)
def test_the_cut_lies_below_the_first_layer_that_learns(trainable, policy, boundary):
    network = tiny.classifier()
    classifier.freeze(network, trainable, policy)
    split = classifier.split_at_frozen(network)
    assert set(split.boundary) == boundary
    assert split.weighted == (trainable != ("conv1",))
    assert not split.prefix.trainable_variables
    assert len(split.tail.trainable_variables) == len(network.trainable_variables)
    pictures = tiny.material().images[:5].astype("f4")
    np.testing.assert_array_equal(split.tail(split.prefix(pictures)), network(pictures))


def test_dropout_of_the_head_is_above_the_cut():
    network = tiny.classifier(HeadSpec(dropout=0.5))
    classifier.freeze(network, (), "hold")
    split = classifier.split_at_frozen(network)
    assert split.boundary == ("head_average",) and "head_output_dropout" in [layer.name for layer in split.tail.layers]


def test_folding_changes_the_outputs_by_rounding_only_and_leaves_the_original_alone():
    network = tiny.backbone()
    before = network.get_weights()
    fast = graphs.fold_batch_norm(network)
    pictures = tiny.material().images.astype("f4")
    assert np.abs(network(pictures) - fast(pictures)).max() < 1e-5 < np.ptp(network(pictures)) / 1e3
    assert not [layer for layer in fast.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert all((a == b).all() for a, b in zip(before, network.get_weights(), strict=True))


def test_a_real_backbone_with_bare_operations_in_its_graph_is_cut_and_folded():
    backbone = build.build("mobilenetv3small", side=(48, 32), weights="random")
    random = np.random.default_rng(2)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.7, 1.3, w.shape).astype("f4") for w in layer.get_weights()])
    network = classifier.attach(backbone, HeadSpec(), 4, 0)
    classifier.freeze(network, ("conv_1",), "hold")
    split = classifier.split_at_frozen(network)
    fast = graphs.fold_batch_norm(split.prefix)
    pictures = random.integers(0, 255, (3, 48, 32, 3)).astype("f4")
    np.testing.assert_allclose(split.tail(fast(pictures)), network(pictures), atol=1e-5)
    assert not [layer for layer in fast.layers if isinstance(layer, keras.layers.BatchNormalization)]


def test_a_batch_norm_whose_input_others_read_too_is_not_folded():
    x = inputs = keras.Input((5, 7, 2), name="in")
    x = keras.layers.Conv2D(3, 1, name="conv")(x)
    norm = keras.layers.BatchNormalization(moving_variance_initializer=keras.initializers.Constant(4.0), name="bn")(x)
    network = keras.Model(inputs, keras.layers.Add(name="sum")([x, norm]))
    pictures = np.random.default_rng(0).normal(size=(4, 5, 7, 2)).astype("f4")
    fast = graphs.fold_batch_norm(network)
    assert "bn" in [layer.name for layer in fast.layers]
    np.testing.assert_allclose(fast(pictures), network(pictures), atol=1e-6)


def test_large_networks_get_small_passes_so_that_a_cancel_is_noticed():
    assert examples.pictures_per_pass(tiny.backbone()) == 32
    vgg = build.build("vgg16", side=96, weights="random")  # 2.8 billion multiplications a picture
    assert examples.pictures_per_pass(vgg) == 7 and examples.pictures_per_pass(vgg, vgg) == 3


def test_the_change_of_weights_by_hand():
    network = tiny.classifier()
    classifier.freeze(network, ("conv2", "bn2"), "train")
    before = classifier.weights_by_layer(network)
    (kernel,) = network.get_layer("conv2").get_weights()
    size = np.sqrt((kernel**2).sum())
    kernel[0, 0, 0, 0] += 3.0
    kernel[2, 1, 5, 4] -= 4.0
    network.get_layer("conv2").set_weights([kernel])
    gamma, beta, mean, variance = network.get_layer("bn2").get_weights()
    network.get_layer("bn2").set_weights([gamma, beta, mean + 2.0, variance])
    rows = {row.name: row for row in classifier.weight_change(network, before, tiny.BLOCKS)}
    conv, norm = rows["conv2"], rows["bn2"]
    assert (conv.block, conv.part, conv.frozen, conv.parameters) == ("two", "backbone", False, 324)
    assert conv.max_abs_change == pytest.approx(4.0) and conv.relative_change == pytest.approx(5.0 / size, rel=1e-5)
    assert norm.max_abs_change == 0.0 and norm.statistics_max_abs_change == pytest.approx(2.0)
    assert rows["conv1"].frozen and rows["conv1"].max_abs_change == rows["conv1"].relative_change == 0.0
    assert (rows["head_output"].part, rows["head_output"].block) == ("head", "head")
