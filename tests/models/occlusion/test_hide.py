"""Occlusion of a real classifier: the batched way gives what the plain way gives."""

import numpy as np
import pytest

from models.backbones.worker import build
from models.errors import InputError
from models.networks.worker import answers
from models.occlusion import occlusion
from models.occlusion.scores import OcclusionSpec, map_of
from models.occlusion.worker import hide
from models.pictures import datasets
from models.storage import runs
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import classifier as training_classifier

ASKED = {"patch": 24, "stride": 20, "fill": "mean", "class_index": 2}
# Keras 3.15 reads its variables in a way NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def classifier():
    """A random classifier whose answers really vary, in a finished run: (model, network id)."""
    model = training_classifier.attach(build.build("frame8", side=64, weights="random"), HeadSpec(), 5, seed=0)
    last = model.get_layer("head_output")
    last.set_weights([last.get_weights()[0] * 1.5, last.get_weights()[1]])
    run = runs.create("training", TrainingSpec().to_json(), owner="somebody", title="A run")
    model.save(run.path("classifier.keras"))
    return model, f"run:{run.id}"


def one_by_one(model, picture):
    return np.array(model(picture[None].astype(np.float32), training=False))[0]


def occlude(network, picture, *, score, class_index, **square):
    return map_of(hide.hide(OcclusionSpec(network, picture, **square)), class_index, score)


def test_prediction_and_logits_belong_together(classifier):
    model, network = classifier
    said = answers.predict(network, "sample:galaxies:7")
    np.testing.assert_allclose(said.probabilities, one_by_one(model, datasets.picture("galaxies", 7)), atol=1e-5)
    exponential = np.exp(said.logits - said.logits.max())
    np.testing.assert_allclose(said.probabilities, exponential / exponential.sum(), atol=1e-5)
    assert said.classes == datasets.DATASETS["galaxies"].classes
    assert (said.height, said.width) == (64, 64)


def test_the_map_equals_hiding_one_patch_after_the_other(classifier):
    model, network = classifier
    result = occlude(network, "sample:galaxies:7", score="probability", **ASKED)
    picture = datasets.picture("galaxies", 7)
    hidden = occlusion.filling(picture, "mean", 24)
    slow = np.empty_like(result.occluded)
    for i, row in enumerate(result.rows):
        for j, col in enumerate(result.cols):
            patched = picture.copy()
            patched[row : row + 24, col : col + 24] = hidden[row : row + 24, col : col + 24]
            slow[i, j] = one_by_one(model, patched)[2]
    assert slow.std() > 2e-3
    np.testing.assert_allclose(result.occluded, slow, atol=1e-5)
    assert result.base_score == pytest.approx(one_by_one(model, picture)[2], abs=1e-5)


def test_logits_are_another_score_of_the_same_picture(classifier):
    _, network = classifier
    result = occlude(network, "sample:galaxies:7", score="logit", **ASKED)
    assert result.base_score == pytest.approx(answers.predict(network, "sample:galaxies:7").logits[2], abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": "entropy"}, "Expected the score to be one of probability, logit"),
        ({"class_index": 5}, "Expected a class number from 0 to 4. Received 5"),
        ({"patch": 65}, "Expected 1 <= stride <= patch <= side"),
        ({"fill": "black"}, "Expected the fill"),
    ],
)
def test_values_outside_are_refused(classifier, changes, message):
    _, network = classifier
    with pytest.raises(InputError, match=message):
        occlude(network, "sample:galaxies:7", **{"score": "logit", **ASKED, **changes})


def test_a_bare_backbone_has_no_classes_to_explain():
    with pytest.raises(InputError, match="Received a bare backbone"):
        occlude("backbone:frame8:64:random", "sample:galaxies:7", score="logit", **ASKED)
