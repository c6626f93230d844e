"""The formulas beside the scores, computed with counts, are the scores."""

import re

import numpy as np
import pytest
from sklearn.metrics import f1_score

from dashboard.views.evaluate.confusion import SCORES_HELP
from models.intervals import wilson
from models.training.evaluation import evaluate
from tests.dashboard.latex import value

LABEL = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
SAID = np.array([0, 0, 0, 1, 2, 1, 0, 0, 2, 0])


def test_f1_and_its_interval_are_written_as_they_are_computed():
    hits, alarms, misses = 3, 3, 2  # of class 0, counted by hand
    words = SCORES_HELP.replace("false alarms", "alarms")
    mean, share, carried = (
        re.search(pattern, words)[1] for pattern in (r"mean, (.*?\))\.", r"for J = (.*?\)),", r"by F1 = (.*?\))\.")
    )
    names = {"hits": hits, "alarms": alarms, "misses": misses}
    assert value(mean, **names) == pytest.approx(f1_score(LABEL, SAID, labels=[0], average=None)[0])
    interval = wilson(hits, hits + alarms + misses)
    assert value(share, **names) == interval.value
    f1 = evaluate(LABEL, np.eye(3)[SAID], ("a", "b", "c")).scores[0].f1
    found = [value(carried, J=number) for number in (interval.value, interval.low, interval.high)]
    assert [f1.value, f1.low, f1.high] == pytest.approx(found) and f1.n == hits + alarms + misses
