"""The view "Other methods": what maps say in words."""

from dataclasses import replace

import numpy as np

from dashboard.views.occlusion import methods
from dashboard.views.occlusion.question import AT_ONCE_S
from models.attribution.maps import METHODS, ExplanationSpec
from models.ids import NetworkId
from models.storage.runs import EXAMPLE


def test_what_maps_say_in_words():
    flat = np.zeros((3, 4), np.float32)
    assert methods.scale(flat, METHODS["saliency"], "logit") == ("The same everywhere: the score answers to no place.")
    assert methods.scale(flat + np.eye(3, 4), METHODS["occlusion"], "logit") == "±1 logit."


def test_on_a_first_visit_no_map_is_a_job_and_neither_are_the_curves():
    curves = ExplanationSpec(str(NetworkId(EXAMPLE)), "", "logit", 0)
    assert not [name for name in METHODS if replace(curves, method=name).seconds > AT_ONCE_S]
    assert curves.with_few().seconds <= 2 * AT_ONCE_S
