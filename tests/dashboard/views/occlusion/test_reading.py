"""What an occlusion map says in words, and which operations it took."""

import numpy as np

from dashboard.views.occlusion.reading import (
    disagree,
    explanation,
    lowest,
    resolve,
    summary,
    title_of_class,
)
from models.networks.answers import Prediction
from models.occlusion.occlusion import occlusion_map
from models.occlusion.scores import map_of
from tests.dashboard.views.occlusion.hidden import CLASSES, HEIGHT, WIDTH, scores

SAID = Prediction(np.array([0.05, 0.9, 0.05], np.float32), np.array([0, 3, 0], np.float32), CLASSES, HEIGHT, WIDTH)


def test_where_the_score_is_lowest_is_said_in_pixels():
    image = np.full((6, 9, 3), 255, np.uint8)
    result = occlusion_map(lambda batch: batch[:, 4, 7, 0] / 255, image, patch=3, stride=3)
    assert lowest(result, "logit") == (
        "The logit of the untouched picture is 1. It is lowest, 0.502, with rows 3–5 and columns 6–8 hidden."
    )


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
    assert disagree([("Grey", one), ("Noise", one)], "logit", 0.01).startswith("The fills agree")
    words = disagree([("Grey", one), ("Noise", other)], "logit", 0.01)
    assert words.startswith("The fills disagree most at row 0, col 9: the logit falls by 3 with grey and by −5 with ")
    assert disagree([("Grey", one), ("Noise", other)], "logit", 8.1).startswith("No square changes this answer")
    assert disagree([("Grey", one), ("Noise", other)], "logit", 5).startswith("The fills disagree most")


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
