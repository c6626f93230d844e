"""What a sweep says: who is ahead by how much, and nothing that hangs on one seed."""

from dashboard.views.sweeps import words
from models.sweeps import variations
from models.sweeps.cells import Finished
from models.sweeps.spec import SweepSpec
from models.training.spec import TrainingSpec

BASE = TrainingSpec(dataset="digits")


def rows(line, value, accuracies):
    return [Finished(line, value, number, "", share, 100, 1.0, 1.0) for number, share in enumerate(accuracies)]


def said(sweep, found):
    return list(words.findings(sweep, found))


def test_who_is_ahead_is_told_with_positive_points():
    sweep = SweepSpec("shots", ("5", "20", "all"), (variations.FROZEN, variations.SCRATCH), BASE)
    found = rows("frozen", "5", [0.7, 0.71, 0.72]) + rows("scratch", "5", [0.5, 0.51, 0.53])
    found += rows("frozen", "all", [0.9, 0.91, 0.9]) + rows("scratch", "all", [0.95, 0.96, 0.955])
    found += rows("frozen", "20", [0.8, 0.9, 0.7]) + rows("scratch", "20", [0.85, 0.8, 0.75])
    first, second, third = said(sweep, found)
    assert first.startswith(
        "**Pretrained, frozen** is clearly ahead of **from scratch** with 5 per class (+19.7 points"
    )
    assert second.startswith(
        "**From scratch** is clearly ahead of **pretrained, frozen** with all pictures (+5.2 points"
    )
    assert third.startswith("No clear difference between the two with 20 per class (+0.0 points, −") or "−0.0" in third


def test_a_value_with_one_seed_so_far_is_not_judged():
    sweep = SweepSpec("depth", ("conv4", "conv5"), base=BASE)
    found = rows("base", "conv4", [0.9, 0.9]) + rows("base", "conv5", [0.5])
    assert said(sweep, found) == ["**Highest: Frozen up to conv4**, 90.0% in the mean of 2 seeds."]
    assert said(sweep, []) == []


def test_regularisers_are_held_against_none_of_the_same_seed():
    sweep = SweepSpec("regulariser", ("none", "dropout", "decay"), base=BASE)
    found = rows("base", "none", [0.5, 0.6, 0.7]) + rows("base", "dropout", [0.61, 0.7, 0.8])
    found += rows("base", "decay", [0.4, 0.5, 0.595])
    assert said(sweep, found)[0].startswith("**Helps clearly:** dropout 0.5 (+10.3 points")
    assert said(sweep, found)[1].startswith("**Harms clearly:** weight decay (−10.2 points")
