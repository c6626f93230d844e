"""The view of random weights: which methods fail to change, in words and in a table."""

import numpy as np

from dashboard.views.occlusion.trust_random import rows, verdict
from models.attribution.randomised import RandomisedResult


def test_the_verdict_names_what_fails_to_change():
    rank = np.ones((2, 3, 2), np.float32)
    rank[0, 1:] = [[0.9, 0.7], [np.nan, np.nan]]
    rank[1, 1:] = 0.1
    strips = np.zeros((2, 3, 2, 2), np.float16)
    names = ("as trained", "head", "conv1"), ("guided", "saliency")
    result = RandomisedResult("n", "sample:galaxies:7", *names, strips, rank, rank, np.full((2, 2), 0.3, np.float32), 1)
    assert verdict(result) == (
        "**Guided backpropagation fails to change**: it keeps 0.80 when the head is random, and more than 0.5 down to "
        "head. With the head random the others keep Saliency 0.10."
    )
    table = rows(result)
    assert table[0]["conv1"] == "flat maps" and table[2]["two different pictures"] == "0.30" and len(table) == 4
    rank[0, 1] = 0
    assert verdict(result).startswith("**Every method's maps change** when the head becomes random.")
