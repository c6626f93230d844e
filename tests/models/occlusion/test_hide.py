"""Occlusion of a real classifier: the batched way gives what the plain way gives."""

import numpy as np
import pytest

from models.backbones.worker import build
from models.errors import InputError
from models.networks import layers
from models.networks.worker import answers, opened
from models.occlusion import occlusion
from models.occlusion.scores import OcclusionSpec, base_probabilities, map_of, probabilities
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


@pytest.mark.parametrize("network", ["backbone:frame8:64:top", "backbone:lite0:224:top"])
def test_the_classifier_of_a_pretraining_is_explained_exactly(network):
    """Whole passes of the picture with each square drawn in, on a photograph."""
    loaded = opened.load(network)
    picture, side = loaded.picture("photo:china"), loaded.height
    spec = OcclusionSpec(network, "photo:china", side // 2, side // 2, "grey", layers.interesting(network).name)
    scores = hide.hide(spec)
    assert scores.logits.shape == (2, 2, len(loaded.classes)) and scores.way == "incremental"
    fill = occlusion.filling(picture, spec.fill, spec.patch)
    hidden = np.stack([picture] * 4)
    for number, (top, left) in enumerate((top, left) for top in scores.rows for left in scores.cols):
        place = slice(top, top + spec.patch), slice(left, left + spec.patch)
        hidden[number][place] = fill[place]
    np.testing.assert_allclose(scores.logits.reshape(4, -1), opened.logits(loaded, hidden), atol=1e-4)
    np.testing.assert_allclose(scores.base_logits, opened.logits(loaded, picture[None])[0], atol=1e-4)


def test_hiding_the_top_of_a_tower_makes_a_lighthouse_of_it():
    """What README says of the photograph, with the settings that the page begins with."""
    scores = hide.hide(OcclusionSpec.first("backbone:lite0:224:top", "photo:china", 224))
    tower, lighthouse = (scores.classes.index(name) for name in ("bell tower", "lighthouse"))
    found = probabilities(scores)
    strongest = np.unravel_index(found[..., tower].argmin(), found.shape[:2])
    assert base_probabilities(scores)[tower] == pytest.approx(0.286, abs=2e-3)
    assert found[strongest][tower] == pytest.approx(0.051, abs=2e-3)
    assert found[strongest][lighthouse] == pytest.approx(0.380, abs=2e-3)
    assert found[strongest].argmax() == lighthouse
    assert scores.rows[strongest[0]] < 80  # in the upper half
