"""Sentences about trainings that several pages show."""

import pytest

from dashboard.widgets.runs import clearness, mistakes, points
from models.intervals import Estimate
from models.training.spec import TrainingSpec


def test_each_mistake_made_on_purpose_has_a_sentence_and_an_honest_recipe_none():
    assert mistakes(TrainingSpec()) == []
    scaled, leaked = mistakes(TrainingSpec(preprocessing="scaled twice", leaked=0.5))
    assert "divided by 255" in scaled and "50% of the test pictures" in leaked
    (noisy,) = mistakes(TrainingSpec(label_noise=0.25))
    assert noisy.startswith("25% of its training pictures")


@pytest.mark.parametrize(
    ("difference", "words", "clear"),
    [
        (Estimate(0.123, 0.05, 0.2, 300), "+12.3 points (95% interval +5.0 to +20.0)", True),
        (Estimate(-0.2, -0.3, -0.1, 300), "−20.0 points (95% interval −30.0 to −10.0)", True),
        (Estimate(0.01, -0.02, 0.04, 300), "+1.0 points (95% interval −2.0 to +4.0)", False),
    ],
)
def test_a_difference_is_written_in_points_with_its_interval(difference, words, clear):
    assert points(difference) == words
    assert clearness(difference) == ("a clear difference" if clear else "no clear difference")
