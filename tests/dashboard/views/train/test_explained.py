"""The sentences about the last layer."""

import pytest

from dashboard.views.train import explained


@pytest.mark.parametrize(
    ("classes", "words"),
    [(1, "nothing to learn"), (2, "one sigmoid of z₁ − z₂"), (3, "Two classes could take one sigmoid")],
)
def test_what_other_tasks_would_take(classes, words):
    assert words in explained.other_tasks(classes)
