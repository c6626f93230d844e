"""The findings in words: every number from the runs, and no more said than they bear."""

import pytest

from dashboard.views.general.findings import finding, layers, limits, verdict
from models.transferability.curves import BOTH, DIRECTIONS, RANDOM, load, one_configuration
from models.transferability.curves import published as published_curves
from models.transferability.findings import Comparison, Difference, measured, published

OF = published_curves()
PAPER, FAR = published(OF[RANDOM], OF[RANDOM]), published(OF[BOTH], OF[RANDOM])


def seeds(*means: float, margin: float = 0.02, runs: int = 3, treatment: str = "AnB") -> Comparison:
    found = tuple(Difference(n, mean, mean, mean, runs, margin) for n, mean in enumerate(means, start=1))
    return Comparison(treatment, "baseB", found, "intervals")


def test_the_papers_findings_have_their_numbers():
    assert "No clear loss up to n = 3: −0.6 points, 8 runs. The first clear loss is at n = 4: −2.5" in finding(
        "general", PAPER, {}
    )
    assert "Lowest at n = 5: −3.2 points, 4 runs. A clear loss at n = 4 and 5" in finding("co-adaptation", PAPER, {})
    assert "Lowest at n = 7: −8.1 points" in finding("specificity", PAPER, {})
    gain = finding("gain", PAPER, {})
    assert "AnB+ differs from baseB by +1.7 points" in gain and "as long, but on B alone: +0.1 points" in gain


def test_the_loss_of_dissimilar_tasks_stands_beside_that_of_random_halves():
    assert "AnB differs from baseB by −25.0 points; with random halves by −8.3." in finding("general", FAR, PAPER)
    assert finding("co-adaptation", FAR, PAPER) == ""


def test_margins_and_seeds_stand_beside_every_difference():
    assert finding("co-adaptation", {"co-adaptation": seeds(0.0, -0.015)}, {}) == (
        "Lowest at n = 2: −1.5 ± 2.0 points, 3 seeds. No clear loss: "
        "every 95% interval, corrected for 2 layers, holds 0."
    )


def test_a_clear_difference_the_other_way_is_not_called_none():
    assert finding("co-adaptation", {"co-adaptation": seeds(0.05, 0.0)}, {}) == (
        "Lowest at n = 2: 0.0 ± 2.0 points, 3 seeds. "
        "No loss, but a clear gain at n = 1: the 95% interval, corrected for 2 layers, leaves out 0."
    )
    assert "No gain, but a clear loss at n = 1" in finding("gain", {"gain": seeds(-0.05)}, {})


def test_layer_one_may_lose_already_and_every_layer_may_be_general():
    assert finding("general", {"general": seeds(-0.05, -0.06)}, {}).startswith("The first clear loss is at n = 1: −5.0")
    assert finding("general", {"general": seeds(0.0, 0.01)}, {}).endswith(
        "n = 2: +1.0 ± 2.0 points, 3 seeds. That is as far as was measured."
    )


def test_one_seed_is_called_one_seed():
    alone = {name: seeds(-0.05, margin=float("nan"), runs=1) for name in ("general", "specificity", "gain")}
    for name in alone:
        assert "1 seed" in finding(name, alone, {}) and "scatter of seeds is not known" in finding(name, alone, {})
    assert finding("general", alone, {}).startswith("With 1 layer copied: −5.0 points, 1 seed.")
    assert verdict("general", alone["general"], PAPER["general"])[0] == "one seed: no verdict"


@pytest.mark.parametrize(
    ("name", "here", "expected"),
    [
        ("specificity", seeds(-0.05), "seen in both"),
        ("specificity", seeds(*[-0.01] * 7), "too small to see here"),
        ("specificity", seeds(*[0.05] * 7), "opposite here"),
        ("specificity", seeds(0.05, 0.05), "not measured that deep"),
        ("general", seeds(0, 0, 0, -0.05), "to the same layer"),
        ("general", seeds(0, -0.05), "to n = 1 here, 3 there"),
        ("general", seeds(*[0.05] * 7), "too small to see here"),
        ("gain", seeds(0.05), "seen in both"),
        ("gain", seeds(-0.05), "opposite here"),
        ("longer", seeds(-0.05), "clear here only"),
        ("longer", seeds(0.0), "too small to see in both"),
    ],
)
def test_agreement_with_the_paper_is_decided_by_what_is_clear(name, here, expected):
    assert verdict(name, here, PAPER[name])[0] == expected


def test_numbers_of_layers_are_listed_as_people_do():
    assert [layers(numbers) for numbers in ((4,), (4, 5), (1, 2, 7))] == ["4", "4 and 5", "1, 2 and 7"]


def test_what_few_seeds_can_show_stands_before_the_findings_with_its_numbers():
    found = measured(one_configuration(load()), RANDOM)
    learned = [each.margin for name, one in found.items() if name != "random" for each in one.differences]
    said = limits(found, [5000])
    assert said.startswith("**What 2 seeds and 5,000 test pictures a network can show:** differences of more than ")
    assert f"than {100 * min(learned):.1f} to {100 * max(learned):.1f} points" in said
    assert "There are 49 comparisons (7 pairs of treatments with up to 7 layers each)" in said
    assert sum(len(one.differences) for one in found.values()) == 49
    assert "not widened for the number of pairs" in said
    assert limits({}, []) == ""


def test_one_seed_without_others_is_said_to_show_nothing_for_certain():
    alone = {"general": seeds(-0.05, margin=float("nan"), runs=1)}
    assert limits(alone, [3600]).startswith("**What 1 seed and 3,600 test pictures a network can show:** nothing for")


def test_the_shipped_rows_claim_no_more_than_two_seeds_bear():
    """A gain of a point at n = 1 and 2 and a loss of 0.6 at n = 5 were claimed from margins of 0.4 points."""
    found = measured(one_configuration(load()), RANDOM)
    assert found["general"].losses == (6, 7) and found["general"].gains == ()
    assert "No clear loss up to n = 5: −0.6 ± 1.9 points, 2 seeds. The first clear loss is at n = 6: −3.7" in finding(
        "general", found, {}
    )
    assert found["gain"].gains == (3, 4, 5, 6, 7) and found["gain beyond longer"].gains == ()
    far = measured(one_configuration(load()), DIRECTIONS[0])
    assert far["general"].losses == (4, 5, 6, 7)
    assert limits(far, [3600]).endswith("The scatter of seeds is taken from the other tasks.")
