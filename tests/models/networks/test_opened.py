"""Networks by name: bare backbones and trained classifiers, with scores, and only the last two kept."""

import threading
from pathlib import Path

import keras
import numpy as np
import pytest

from models.backbones.worker import build
from models.errors import InputError, RunNotFound
from models.networks.worker import opened
from models.storage import runs
from models.training.spec import HeadSpec, TrainingSpec
from tests.models import tiny

build.prepare_tensorflow()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RANDOM = "backbone:frame8:64:random"


@pytest.fixture(scope="module")
def classifier_run():
    """A run of the galaxies (five classes) that holds a tiny classifier of three, saved as a training would."""
    run = runs.create("training", TrainingSpec().to_json(), owner="o", title="t")
    tiny.classifier(HeadSpec(widths=(4,))).save(run.path("classifier.keras"))
    return run


@pytest.fixture
def pictures():
    return tiny.material(80).images


def test_logits_are_the_scores_under_the_softmax(classifier_run, pictures):
    network = opened.load(f"run:{classifier_run.id}")
    assert (network.height, network.width) == (tiny.HEIGHT, tiny.WIDTH) and network.classes[0] == "elliptical"
    probability, scores = opened.forward(network, pictures), opened.logits(network, pictures)
    assert probability.shape == scores.shape == (80, 3) and np.ptp(scores) > 0.1
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(probability, exponentials / exponentials.sum(axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(probability, network.model(pictures.astype("f4")), atol=1e-5)
    assert opened.forward(network, pictures[:0]).shape == (0, 5)


def test_any_layers_come_in_the_order_asked_for(classifier_run, pictures):
    network = opened.load(f"run:{classifier_run.id}")
    call = opened.layer_function(network, ["relu3", "conv1"])
    last, first = call(pictures[:2])
    assert first.shape == (2, 6, 8, 6) and last.shape == (2, 4, 6, 12) and (last >= 0).all() and (first < 0).any()
    for number in range(opened.most_functions(network) + 2):  # any number of functions: some are kept
        opened.layer_function(network, ["conv1"] * (number + 1))
    assert len(network.functions) == opened.most_functions(network) >= opened.KEPT_FUNCTIONS
    with pytest.raises(InputError, match="Received conv9"):
        opened.layer_function(network, ["conv1", "conv9"])


def test_weights_are_no_constants_of_the_traced_functions(classifier_run, pictures):
    network = opened.load(f"run:{classifier_run.id}")
    before, scores = opened.forward(network, pictures), opened.logits(network, pictures)
    dense = network.model.layers[-1]
    kernel, bias = dense.get_weights()
    dense.set_weights([kernel, bias + np.array([3, 0, 0], "f4")])
    try:
        assert np.abs(opened.forward(network, pictures) - before).max() > 0.1
        np.testing.assert_allclose(opened.logits(network, pictures)[:, 0], scores[:, 0] + 3, atol=1e-5)
    finally:
        dense.set_weights([kernel, bias])


def test_a_bare_backbone_has_maps_and_no_classes():
    network = opened.load(RANDOM)
    assert network.classes is None and opened.load(RANDOM) is network
    (maps,) = opened.layer_function(network, ["conv5_relu"])(np.zeros((1, 64, 64, 3), np.uint8))
    assert maps.shape == (1, 8, 8, 256)
    for function in (opened.forward, opened.logits):
        with pytest.raises(InputError, match="bare backbone"):
            function(network, np.zeros((1, 64, 64, 3), np.uint8))


def test_only_the_last_two_networks_stay(classifier_run):
    first = opened.load("backbone:frame8:96:random")
    opened.load(RANDOM)
    opened.load(f"run:{classifier_run.id}")
    assert len(opened._kept) == 2 and opened.load("backbone:frame8:96:random") is not first


@pytest.mark.parametrize(
    "network_id",
    ["", "frame8", "backbone:frame8", "backbone:frame8:big", "backbone:nope:64:random", "backbone:frame8:8:random",
     "backbone:frame8:64:pretty", "run:", "run:../../etc", "run:" + "0" * 32],
)  # fmt: skip
def test_a_network_that_is_not_there_is_refused(network_id):
    with pytest.raises((InputError, RunNotFound), match=r"Expected|not here"):
        opened.load(network_id)


def test_a_run_without_a_classifier_is_refused(tmp_path):
    run = runs.create("training", TrainingSpec().to_json(), owner="o", title="t")
    with pytest.raises(RunNotFound, match="no classifier"):
        opened.load(f"run:{run.id}")
    assert isinstance(run.path("classifier.keras"), Path)


def test_a_classifier_file_that_brings_code_is_refused():
    run = runs.create("training", TrainingSpec().to_json(), owner="o", title="t")
    inputs = keras.Input((4, 6, 3))
    keras.Sequential([inputs, keras.layers.Lambda(lambda pictures: pictures * 2)]).save(run.path("classifier.keras"))
    with pytest.raises(ValueError, match=r"safe_mode|unsafe"):
        opened.ended(run)


def test_pictures_of_another_size_are_refused(classifier_run):
    network = opened.load(f"run:{classifier_run.id}")
    with pytest.raises(InputError, match=r"\(N, 12, 16, 3\)"):
        opened.forward(network, np.zeros((1, 16, 12, 3), np.uint8))


def test_many_threads_get_their_own_answers(classifier_run, pictures):
    network = opened.load(f"run:{classifier_run.id}")
    expected, found = opened.forward(network, pictures), {}

    def ask(start):
        found[start] = opened.forward(opened.load(f"run:{classifier_run.id}"), pictures[start : start + 10])

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(np.concatenate([found[start] for start in sorted(found)]), expected, atol=1e-6)
