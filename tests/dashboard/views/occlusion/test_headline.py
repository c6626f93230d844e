"""The sentence over each picture, with numbers known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.occlusion import headline
from tests.dashboard.views.occlusion.hidden import HEIGHT, WIDTH, scores

RING, SPIRAL, EDGE_ON = range(3)
MASK = np.zeros((HEIGHT, WIDTH), bool)
MASK[:, :5] = True  # 35 of 77 pixels


def made(logits, base):
    """One row of squares that do not overlap: three rows of nine columns, two classes' logits at each."""
    grid = np.array(logits, np.float32)[None]
    return replace(
        scores(rows=np.array([0]), cols=np.array([0, 3, 6]), height=3, width=9, classes=("ring", "spiral")),
        logits=grid,
        base_logits=np.array(base, np.float32),
    )


def test_with_a_mask_it_says_how_much_of_the_evidence_lies_on_the_object():
    found = made([(1, 4), (4, 4), (4, 4)], (4, 4))  # only the left square lowers the ring's logit, by 3
    half = np.zeros((3, 9), bool)
    half[:, 1:3] = True  # 6 of the 9 pixels of the left square, and of 27
    said = headline.of_map(found, 0, "logit", half, "galaxy")
    assert said.text == "67% of the evidence lies on the galaxy, which covers 22% of the picture."
    assert said.square is None


def test_without_a_mask_it_says_what_the_strongest_square_does():
    even = float(np.log(24))  # 24 : 1 is 96%
    found = made([(0, 0), (even, 0), (0, even)], (30, 0))
    said = headline.of_map(found, 0, "probability", None)
    assert said.text == "Probability of ring: 100%. With this square hidden: 4%."
    assert said.square == (0, 6, 3)
    found = made([(19, 0), (17, 0), (18, 0)], (20, 0))
    assert headline.of_map(found, 0, "logit", None).text == (
        "Score of ring before softmax: 20. With this square hidden: 17. Its probability stays 100%."
    )
    assert headline.of_map(found, 0, "logit", None).square == (0, 3, 3)


def test_a_score_that_only_rises_has_no_evidence_but_a_square_all_the_same():
    found = made([(0, 0), (0, 0), (float(np.log(3)), 0)], (0, 0))
    said = headline.of_map(found, 0, "probability", np.ones((3, 9), bool))
    assert said.text == "Probability of ring: 50%. With this square hidden: 75%." and said.square == (0, 6, 3)


@pytest.mark.parametrize(("fall", "nothing"), [(0.0999, True), (0.1001, False), (5, False), (0, True)])
def test_below_the_floor_it_says_that_no_square_changes_the_answer(fall, nothing):
    found = made([(10 - fall, 0), (10, 0), (10, 0)], (10, 0))  # the logits span 10: the floor is 0.1
    said = headline.of_map(found, 0, "logit", np.ones((3, 9), bool))
    assert (said.text == "No square changes this answer.") is nothing
    assert bool(said.advice) is nothing


def test_a_saturated_probability_is_sent_to_the_score_before_softmax():
    found = made([(15, 0), (18, 0), (18, 0)], (20, 0))  # the logit falls by 5, the probability by 3e-7
    said = headline.of_map(found, 0, "probability", None)
    assert said.text == "No square changes this answer." and "score before softmax" in said.advice
    assert headline.of_map(found, 0, "logit", None).text.startswith("Score of ring before softmax: 20.")


def test_methods_are_compared_by_what_lies_on_the_object():
    inside, outside, half = MASK.astype(float), (~MASK).astype(float), np.zeros((HEIGHT, WIDTH))
    half[0, :2] = half[0, 9:] = 1
    maps = {"Occlusion": inside, "Saliency": outside, "Grad-CAM": half}
    assert headline.of_methods(maps, MASK, None, "galaxy") == (
        "Occlusion puts 100% of its evidence on the galaxy, which covers 45% of the picture; Saliency puts 0% there."
    )
    assert headline.of_methods({"Occlusion": inside}, MASK, None) == (
        "Occlusion: 100% of the evidence lies on the object, which covers 45% of the picture."
    )
    assert headline.of_methods({"Occlusion": -inside}, MASK, None) == ""


def test_without_a_mask_methods_are_held_against_the_strongest_square():
    left, right = np.zeros((2, HEIGHT, WIDTH))
    left[1, 1], right[1, 9] = 1, 1
    maps = {"Occlusion": left, "Saliency": right, "Grad-CAM": left, "flat": np.zeros((HEIGHT, WIDTH))}
    assert headline.of_methods(maps, None, (0, 0, 3)) == (
        "The strongest place of 2 of 3 maps lies in the square that costs most when it is hidden."
    )
    assert headline.of_methods(maps, None, None) == ""


@pytest.mark.parametrize(
    ("better", "said"),
    [
        (["Occlusion"], "On this picture only Occlusion knows more than chance."),
        (["Occlusion", "Saliency"], "On this picture Occlusion and Saliency know more than chance."),
        ([], "On this picture no method knows more than chance."),
        (["a", "b", "c"], "On this picture every method knows more than chance."),
    ],
)
def test_the_verdict_on_a_picture_names_who_beats_chance(better, said):
    assert headline.of_curves(better, 3, "On this picture") == said


def test_the_mask_of_a_galaxy_is_of_the_galaxy():
    assert headline.thing_of("sample:galaxies:571") == "galaxy"
    assert headline.thing_of("upload:" + "0" * 32) == headline.thing_of("sample:digits:1") == "object"
