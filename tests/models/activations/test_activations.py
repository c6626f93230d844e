"""Activation maps and channel statistics of a real classifier, against the plain Keras way."""

import keras
import numpy as np
import pytest

from models.activations.worker import maps
from models.backbones.worker import build
from models.errors import InputError, RunNotFound
from models.pictures import datasets, images
from models.storage import runs
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import classifier as training_classifier

DEAD = 3  # a channel of conv3 whose batch normalisation always gives -1
# Keras 3.15 reads its variables in a way NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


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
