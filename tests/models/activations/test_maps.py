"""Activation maps, channel statistics, scales and rankings: by hand, and of a real classifier against plain Keras."""

import keras
import numpy as np
import pytest

from models.activations.maps import (
    RANKINGS,
    ActivationMaps,
    NetworkScale,
    RunningStatistics,
    describe,
    rank,
    unusualness,
)
from models.activations.worker import maps
from models.backbones.worker import build
from models.errors import InputError, RunNotFound
from models.networks.worker import opened
from models.pictures import datasets, images
from models.storage import runs
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import classifier as training_classifier

DEAD = 3  # a channel of conv3 whose batch normalisation always gives -1
# Keras 3.15 reads its variables in a way NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def answer_by_hand():
    """Three channels of 2 x 3: one flat at 1, one peak of 6, one never above zero."""
    answer = np.zeros((2, 3, 3), np.float32)
    answer[..., 0] = 1
    answer[1, 2, 1] = 6
    answer[0, 0, 2] = -4
    return answer


def sample():
    """Two pictures; channel 2 stays dead, channel 1 has means 0 and 1."""
    first, second = np.zeros((2, 2, 3, 3), np.float32)
    first[..., 0] = second[..., 0] = 1
    second[0, :2, 1] = 3
    running = RunningStatistics("conv", "galaxies")
    running.add(first[None])
    running.add(second[None])
    return running.result()


def test_each_channel_has_its_numbers():
    answer = describe("conv", answer_by_hand(), 11, 4)
    np.testing.assert_allclose(answer.mean, [1, 1, -4 / 6], rtol=1e-6)
    assert answer.maximum.tolist() == [1, 6, 0]
    np.testing.assert_allclose(answer.share_active, [1, 1 / 6, 0], rtol=1e-6)
    assert (answer.receptive_field, answer.jump) == (11, 4)


def test_the_sample_is_summed_up_over_batches():
    usual = sample()
    assert usual.n_pictures == 2
    assert usual.mean.tolist() == [1, 0.5, 0]
    assert usual.deviation.tolist() == [0, 0.5, 0]
    assert usual.maximum.tolist() == [1, 3, 0]
    np.testing.assert_allclose(usual.share_active, [1, 1 / 6, 0], rtol=1e-6)
    assert usual.dead.tolist() == [False, False, True]


def test_one_value_above_zero_in_one_picture_is_not_dead():
    running = RunningStatistics("conv", "galaxies")
    quiet, spike = np.zeros((2, 4, 2, 3, 2), np.float32)
    spike[3, 1, 2, 1] = 1e-6
    quiet[..., 0] = -1
    running.add(quiet)
    running.add(spike)
    assert running.result().dead.tolist() == [True, False]


@pytest.mark.parametrize(
    ("criterion", "order"),
    [("strongest", [1, 0, 2]), ("mean", [0, 1, 2]), ("area", [0, 1, 2]), ("unusual", [1, 0, 2]), ("number", [0, 1, 2])],
)
def test_rankings_by_hand(criterion, order):
    assert rank(describe("conv", answer_by_hand(), None, None), sample(), criterion).tolist() == order


def test_unusual_counts_standard_deviations_both_ways_and_guards_channels_that_never_vary():
    assert unusualness(describe("conv", answer_by_hand(), None, None), sample()).tolist() == [0, 1, 0]
    assert unusualness(describe("conv", np.zeros((2, 3, 3), np.float32), None, None), sample()).tolist() == [0, 1, 0]


def test_unknown_rankings_are_refused():
    with pytest.raises(InputError, match=r"Expected a ranking out of strongest, .*Received 'best'"):
        rank(describe("conv", answer_by_hand(), None, None), sample(), "best")
    assert len(RANKINGS) == 6


def test_the_networks_scale_is_the_largest_quantile_of_any_layer():
    found = maps.network_scale("run:example", "galaxies")
    network = opened.load("run:example")
    chosen = maps.affordable("run:example", "galaxies", passes=2)
    call = opened.layer_function(network, found.layers)
    answers = [call(maps.pictures(network, "galaxies", chosen[i : i + 1])) for i in range(len(chosen))]
    slow = [[np.quantile(np.abs(one), 0.995) for one in layers] for layers in answers]
    np.testing.assert_allclose(found.quantile, np.max(slow, axis=0), rtol=1e-5)
    assert found.n_pictures == len(chosen) and not {"head_output", "head_average"} & set(found.layers)
    high, layer, signed = found.end("conv3_relu")
    rectified = [number for number, name in enumerate(found.layers) if not found.signed[number]]
    assert not signed and high == pytest.approx(max(found.quantile[rectified])) and layer == "pool1"
    assert found.end("conv3")[2] and found.end("conv3")[0] > found.end("conv3_bn")[0] * 0.99


def test_scales_of_rectified_and_of_signed_layers_are_apart():
    scale = NetworkScale(("a", "b", "c"), np.array([1.0, 9, 3]), np.array([False, True, False]), 5)
    assert scale.end("a") == (3.0, "c", False) and scale.end("b") == (9.0, "b", True)


def test_selectivity_is_d_prime_over_the_classes():
    usual = RunningStatistics("layer", "digits")
    means = np.array([[0, 5, 2], [2, 5, 2], [4, 5, 2], [6, 5, 2]], np.float32)  # pictures x channels
    usual.add(np.broadcast_to(means[:, None, None], (4, 2, 3, 3)))
    found = usual.selectivity(np.array([0, 0, 1, 1]), ("low", "high", "absent"))
    np.testing.assert_allclose(found.value, [[-4, 0, 0], [4, 0, 0], [0, 0, 0]])
    assert found.best.tolist() == [1, 0, 0] and found.pictures.tolist() == [2, 2, 0]
    answer: ActivationMaps = describe("layer", np.zeros((2, 3, 3), np.float32), None, None)
    assert rank(answer, usual.result(), "selective", found).tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="Expected a ranking"):
        rank(answer, usual.result(), "selective")


def test_selectivity_of_a_real_layer_comes_from_the_sample():
    found = maps.class_selectivity("run:example", "conv5_relu", "galaxies")
    labels = datasets.labels("galaxies")[maps.sample("galaxies")]
    assert found.pictures.sum() == maps.SAMPLE and found.value.shape == (5, 256)
    network = opened.load("run:example")
    pictures = maps.pictures(network, "galaxies", maps.sample("galaxies"))
    means = opened.layer_function(network, ("conv5_relu",))(pictures)[0].mean((1, 2), dtype=np.float64)
    one, rest = means[labels == 2], means[labels != 2]
    expected = (one.mean(0) - rest.mean(0)) / np.sqrt((one.var(0) + rest.var(0)) / 2)
    np.testing.assert_allclose(found.value[2], expected, rtol=1e-2, atol=1e-3)


@pytest.fixture(scope="module")
def classifier():
    """A random classifier in a finished run: (model, network id)."""
    model = training_classifier.attach(
        build.build("frame8", side=64, weights="random"), HeadSpec(widths=(6,)), 5, seed=0
    )
    norm = model.get_layer("conv3_bn")
    gamma, beta, mean, variance = norm.get_weights()
    gamma[DEAD], beta[DEAD] = 0, -1
    norm.set_weights([gamma, beta, mean, variance])
    run = runs.create("training", TrainingSpec(head=HeadSpec(widths=(6,))).to_json(), owner="somebody", title="A run")
    model.save(run.path("classifier.keras"))
    return model, f"run:{run.id}"


def plainly(model, layer, pictures):
    return np.array(keras.Model(model.input, model.get_layer(layer).output)(pictures.astype(np.float32)))


def test_maps_are_what_keras_gives_for_that_picture(classifier):
    model, network = classifier
    answer = maps.activation_maps(network, "conv3_relu", "sample:galaxies:7")
    expected = plainly(model, "conv3_relu", datasets.picture("galaxies", 7)[None])[0]
    np.testing.assert_allclose(answer.maps, expected, atol=1e-4)
    np.testing.assert_allclose(answer.maximum, expected.max((0, 1)), atol=1e-4)
    assert answer.maps.shape == (16, 16, 192)
    assert (answer.receptive_field, answer.jump) == (35, 4)


def test_an_upload_of_another_shape_is_resized_once(classifier):
    model, network = classifier
    picture = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    answer = maps.activation_maps(network, "conv1_relu", images.store_upload(picture, "somebody"))
    np.testing.assert_allclose(
        answer.maps, plainly(model, "conv1_relu", images.resize(picture, 64, 64)[None])[0], atol=1e-4
    )


def test_units_of_the_head_are_channels_of_one_by_one(classifier):
    _, network = classifier
    answer = maps.activation_maps(network, "head_output", "sample:galaxies:7")
    assert answer.maps.shape == (1, 1, 5)
    assert answer.maps.sum() == pytest.approx(1)
    assert answer.receptive_field is None


def test_statistics_go_over_a_fixed_sample_of_training_pictures(classifier):
    model, network = classifier
    chosen = maps.sample("galaxies")
    assert len(chosen) == maps.SAMPLE
    assert set(chosen) <= set(datasets.split("galaxies").train)
    assert len(set(datasets.labels("galaxies")[chosen])) == 5
    usual = maps.channel_statistics(network, "conv3_relu", "galaxies")
    pictures = np.stack([datasets.picture("galaxies", int(index)) for index in chosen])
    expected = plainly(model, "conv3_relu", pictures)
    np.testing.assert_allclose(usual.mean, expected.mean((0, 1, 2)), atol=1e-4)
    np.testing.assert_allclose(usual.deviation, expected.mean((1, 2)).std(0), atol=1e-4)
    np.testing.assert_array_equal(usual.dead, expected.max((0, 1, 2)) <= 0)
    assert usual.dead[DEAD]
    assert not usual.dead.all()


def test_what_is_not_there_is_said(classifier):
    _, network = classifier
    with pytest.raises(InputError, match="Expected a layer of the network"):
        maps.activation_maps(network, "conv99", "sample:galaxies:7")
    unfinished = runs.create("training", TrainingSpec().to_json(), owner="somebody", title="Not yet")
    with pytest.raises(RunNotFound):
        maps.activation_maps(f"run:{unfinished.id}", "conv1", "sample:galaxies:7")
