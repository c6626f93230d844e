"""What a sweep says: who is ahead by how much, and nothing that hangs on one seed."""

from dataclasses import replace

from dashboard.views.sweeps import words
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.spec import SweepSpec
from models.training.spec import TrainingSpec

BASE = TrainingSpec(dataset="galaxies")


def rows(line, value, accuracies, train=1.0, fall=float("nan")):
    return [Finished(line, value, number, "", share, 100, train, 1.0, fall) for number, share in enumerate(accuracies)]


def said(sweep, found):
    return list(words.findings(sweep, found))


def test_who_is_ahead_is_told_with_positive_points():
    sweep = SweepSpec("shots", ("5", "20", "all"), (variations.FROZEN, variations.SCRATCH), BASE)
    found = rows("frozen", "5", [0.7, 0.71, 0.72]) + rows("scratch", "5", [0.5, 0.51, 0.53])
    found += rows("frozen", "all", [0.9, 0.91, 0.9]) + rows("scratch", "all", [0.95, 0.96, 0.955])
    found += rows("frozen", "20", [0.8, 0.9, 0.7]) + rows("scratch", "20", [0.85, 0.8, 0.75])
    headline, first, second, third, count = said(sweep, found)
    assert headline == (
        "**Was pretraining needed?** With 180 pictures a class, no: 95.5% from scratch, 90.3% with the pretrained "
        "backbone frozen. With 5, yes: 51.3% from scratch, 71.0% with the pretrained backbone frozen."
    )
    assert count == (
        "These are 3 comparisons of 95% each: where nothing differs, one of them would still look clear in up to 15 "
        "of 100 such sweeps."
    )
    assert first.startswith(
        "**Pretrained, frozen** is clearly ahead of **from scratch** with 5 per class (+19.7 points"
    )
    assert second.startswith(
        "**From scratch** is clearly ahead of **pretrained, frozen** with all pictures (+5.2 points"
    )
    assert third.startswith("No clear difference between the two with 20 per class (0.0 points, −")


def test_a_value_with_one_seed_so_far_is_not_judged():
    sweep = SweepSpec("depth", ("conv4", "conv5"), base=BASE)
    found = rows("base", "conv4", [0.9, 0.9]) + rows("base", "conv5", [0.5])
    assert said(sweep, found) == ["**Highest: Frozen up to conv4**, 90.0% on average over 2 seeds."]
    assert said(sweep, []) == []


def test_regularisers_are_held_against_none_of_the_same_seed():
    sweep = SweepSpec("regulariser", ("none", "dropout", "decay"), base=BASE)
    found = rows("base", "none", [0.5, 0.6, 0.7]) + rows("base", "dropout", [0.61, 0.7, 0.8])
    found += rows("base", "decay", [0.4, 0.5, 0.595])
    assert said(sweep, found)[0].startswith("**Helps clearly:** dropout 0.5 (+10.3 points")
    assert said(sweep, found)[1].startswith("**Harms clearly:** weight decay (−10.2 points")
    assert said(sweep, found)[2].startswith(
        "These are 2 comparisons with the training without regularisers. The intervals are widened for that "
        "(Bonferroni)"
    )


def test_seven_looks_at_the_shipped_regularisers_find_nothing_clear():
    """Max-norm was called a help (+1.0 points, +0.2 to +1.8) as if it had been the only one looked at."""
    sweep, found = results.shipped("regulariser")
    text = " ".join(said(sweep, found))
    assert "clearly" not in text and "max-norm 1 (+1.0 points, −0.5 to +2.5)" in text
    assert "These are 7 comparisons with the training without regularisers" in text


def test_a_value_that_was_not_trained_to_its_end_is_not_called_lower():
    sweep = SweepSpec("depth", ("conv4", "conv5"), base=BASE)
    found = rows("base", "conv4", [0.9, 0.89, 0.91], 1.0, 0.01)
    early = rows("base", "conv5", [0.75, 0.74, 0.76], 0.86, 0.3)
    assert said(sweep, found + early)[1].startswith(
        "Not judged, because they were trained for too few epochs: frozen up to conv5 (−15.0 points"
    )
    shares, warning = words.trained_to_the_end(sweep, found + early)
    assert shares == "Of their own training pictures they get 86.0% to 100.0% right, on average over seeds."
    assert warning.startswith("**Not trained to the end:** frozen up to conv5 (0.30 nats).")
    done = rows("base", "conv5", [0.75, 0.74, 0.76], 1.0, 0.02)
    assert said(sweep, found + done)[1].startswith("Clearly lower: frozen up to conv5 (−15.0 points")
    _, flat = words.trained_to_the_end(sweep, found + done)
    assert flat == ("They were trained long enough: in the second half the validation loss fell by 0.02 nats at most.")
    assert len(list(words.trained_to_the_end(sweep, rows("base", "conv5", [0.5])))) == 1  # nothing is known of its loss


def test_no_shipped_depth_is_called_lower_and_what_is_said_of_their_ends_is_theirs():
    """The head alone was called 14.9 points lower, after 60 steps."""
    sweep, found = results.shipped("depth")
    first, level, _ = said(sweep, found)
    assert first == "**Highest: Frozen up to conv3**, 89.2% on average over 3 seeds."
    assert "frozen up to conv5 (−0.9 points, −3.7 to +1.9)" in level and level.startswith("Too close to call: ")
    brief = list(words.findings(sweep, found, brief=True))
    assert brief[0] == first and len(brief) == 2
    assert "frozen up to conv5 (−0.9 points)" in brief[1] and " to " not in brief[1].replace("up to", "").replace(
        "close to", ""
    )
    shares, flat, kept = words.trained_to_the_end(sweep, found)
    assert "99.7% to 100.0% right" in shares and "fell by 0.05 nats at most" in flat
    assert kept.startswith("**In 10 of 15 trainings fine-tuning did not help:**")


def test_trainings_that_fine_tuning_did_not_help_are_counted():
    """Frozen whole there is no fine-tuning, so those are not among them."""
    sweep = SweepSpec("depth", ("conv4", "conv5"), base=replace(BASE, head_epochs=3))
    found = rows("base", "conv5", [0.88, 0.89]) + rows("base", "conv4", [0.91, 0.92])[1:]
    found += [replace(row, head_kept=True) for row in rows("base", "conv4", [0.88])]
    assert list(words.trained_to_the_end(sweep, found))[-1].startswith(
        "**In 1 of 2 trainings fine-tuning did not help:** none of its epochs did better on the validation pictures"
    )


def test_the_highest_of_several_is_held_against_them_as_one_of_all_pairs():
    sweep = SweepSpec("depth", ("conv3", "conv4", "conv5"), base=BASE)
    found = rows("base", "conv3", [0.8, 0.82]) + rows("base", "conv4", [0.9, 0.89]) + rows("base", "conv5", [0.85, 0.8])
    assert said(sweep, found)[-1].startswith("These are 3 pairs, because the highest was picked from the same numbers")


def test_both_phases_of_a_recipe_are_said():
    base = replace(BASE, head_epochs=60, head_rate=3e-3, epochs=20, learning_rate=1e-4)
    assert words.schedule(base) == (
        "first the head alone, 60 epochs, Adam at 0.003, then everything that is not frozen, 20 epochs at 0.0001 "
        "(with everything frozen, all 80 epochs for the head, at 0.003)"
    )
    assert words.schedule(replace(BASE, epochs=15, learning_rate=1e-3)) == "15 epochs, Adam at 0.001"
