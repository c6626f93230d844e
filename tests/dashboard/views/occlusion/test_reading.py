"""What an occlusion map says in words, and which operations it took."""

import numpy as np
import pytest

from dashboard.views.occlusion.reading import (
    disagree,
    evidence,
    explanation,
    resolve,
    strongest,
    summary,
    title_of_class,
)
from models.networks.answers import Prediction
from models.occlusion.occlusion import occlusion_map
from models.occlusion.scores import map_of
from tests.dashboard.views.occlusion.hidden import CLASSES, HEIGHT, WIDTH, scores

SAID = Prediction(np.array([0.05, 0.9, 0.05], np.float32), np.array([0, 3, 0], np.float32), CLASSES, HEIGHT, WIDTH)


def test_what_the_map_says_in_words():
    image = np.full((6, 9, 3), 255, np.uint8)
    result = occlusion_map(lambda batch: batch[:, 4, 7, 0] / 255, image, patch=3, stride=3)
    mask = np.zeros((6, 9), bool)
    mask[3:, 6:8] = True
    assert strongest(result, "logit") == "Score 1; lowest, 0.502, with rows 3–5 and columns 6–8 hidden."
    assert (
        evidence(result, mask)
        == "**66.7% of the evidence** (falls of the score) lies in the object, which covers 11.1%."
    )
    flat = occlusion_map(lambda batch: np.zeros(len(batch)), image, patch=3, stride=3)
    assert evidence(flat, mask) == "Nothing that was hidden lowered the score."
    assert strongest(flat, "logit") == "Score 0; no square changes it by more than 0.000001."


@pytest.mark.parametrize(("change", "said"), [(0.0009, "0.001"), (0.00009, "0.0001"), (4e-7, "0.000001")])
def test_a_score_that_hardly_moves_is_said_to_and_the_logit_advised(change, said):
    image = np.full((4, 4, 3), 255, np.uint8)
    score = lambda batch: 1 - change * (batch[:, 0, 0, 0] < 255)  # noqa: E731
    result = occlusion_map(score, image, patch=2, stride=2)
    assert strongest(result, "probability").startswith(f"Score 1; no square changes it by more than {said}. Try the ")


def test_roles_become_classes_each_once():
    made = scores()
    assert resolve((-1, -2, -3, 1), SAID, 0, made) == [1, 0, 2]  # edge-on wins where the first row is hidden
    assert resolve((-1, -2), SAID, 1, made) == [1]
    assert resolve((-2, 2), SAID, None, made) == [2]
    made.base_logits[:], made.logits[0, :, 2] = 0, 0.5  # now the predicted class rises most, which is no news
    assert resolve((-3,), SAID, None, made) == [2]
    assert title_of_class(1, SAID, 1) == "spiral 90.0%, predicted, true"
    assert title_of_class(0, SAID, 1) == "ring 5.0%"


def test_fills_that_disagree_are_named_and_equal_ones_are_said_to_agree():
    one, other = map_of(scores(), 1, "logit"), map_of(scores(), 2, "logit")
    assert disagree([("Grey", one), ("Noise", one)], "logit").startswith("The fills agree")
    words = disagree([("Grey", one), ("Noise", other)], "logit")
    assert words.startswith("They disagree most at row 0, col 9: the logit falls by 3 with grey and by −5 with noise.")


def test_operations_are_told_with_their_reason():
    made = scores()
    assert summary(made) == "1 million of 4 million operations per position: 75.0% saved"
    words = explanation(made)
    assert "A square of 3 × 3 px can change 32.5% of the maps of `conv1`" in words
    assert "100.0% of `conv2`" in words
    full = scores(way="full", reason="Full passes: this network has a layer of an unknown kind.", macs_done=4e6)
    assert summary(full) == "4 million of 4 million operations per position: nothing saved"
    assert explanation(full) == "Full passes: this network has a layer of an unknown kind."
    assert explanation(scores(way="full", macs_done=4e6)) == "Every position was a full forward pass."
