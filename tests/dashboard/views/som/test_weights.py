"""Weights and samples as what they are."""

import numpy as np
import pytest

from dashboard.views.som import weights
from dashboard.views.som.weights import in_words
from models.som.data import SomTask
from models.som.lattice import Lattice


def test_vectors_in_words():
    assert in_words(np.array([0.5, -1.25])) == "(0.50, −1.25)" and in_words(np.zeros(64)) == "64 values"


@pytest.mark.parametrize("source", ["colours", "digits"])
def test_colours_and_pixels_are_clipped_to_what_can_be_shown(source):
    depth = SomTask(source).origin.size()[1]
    codebook = np.stack([np.zeros(depth), np.ones(depth), np.full(depth, 1.5)]).reshape(1, 3, depth)
    picture = np.asarray(weights.figure(SomTask(source), Lattice(1, 3), codebook, height=200).data[0].z)
    assert picture[0, 0].max() in (0, 255) and picture[..., :3].max() == 255 and picture.dtype == np.uint8


def test_features_have_no_picture_of_their_own():
    task = SomTask("features", network="backbone:frame8:64", layer="pool1", dataset="digits")
    assert weights.figure(task, Lattice(1, 2), np.zeros((1, 2, 8)), height=200) is None
