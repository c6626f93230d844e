"""The view "Other methods": what maps say in words."""

import numpy as np

from dashboard.views.occlusion import methods
from models.attribution.maps import METHODS


def test_what_maps_say_in_words():
    flat = np.zeros((3, 4), np.float32)
    assert methods.scale(flat, METHODS["saliency"], "logit") == ("The same everywhere: the score answers to no place.")
    assert methods.scale(flat + np.eye(3, 4), METHODS["occlusion"], "logit") == "±1 logit."
