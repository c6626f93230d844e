"""What stands out from the scatter of runs, and what does not."""

import math

import numpy as np
import pytest
from scipy import stats

from models.transferability.curves import BOTH, DIRECTIONS, RANDOM, Point
from models.transferability.curves import published as published_curves
from models.transferability.experiment import Row
from models.transferability.findings import Comparison, Difference, measured, published


def rows(split: str, *seeds: dict[tuple[str, int], float]) -> tuple[Row, ...]:
    return tuple(
        Row(treatment, n, split, seed, 6, accuracy, 100, 5000, 60.0, "d" * 12)
        for seed, accuracies in enumerate(seeds)
        for (treatment, n), accuracy in accuracies.items()
    )


def differences(*values: tuple[float, float]) -> Comparison:
    """A comparison with the given (mean, margin) at n = 1, 2, …"""
    found = tuple(Difference(n, mean, mean, mean, 3, margin) for n, (mean, margin) in enumerate(values, start=1))
    return Comparison("AnB", "baseB", found, "intervals")


THREE = (
    {("baseB", 0): 0.50, ("AnB", 1): 0.49, ("AnB", 2): 0.40},
    {("baseB", 0): 0.60, ("AnB", 1): 0.61, ("AnB", 2): 0.48},
    {("baseB", 0): 0.40, ("AnB", 1): 0.40, ("AnB", 2): 0.29},
)


def margin(scatter: float, freedom: float, known: float, share: float) -> float:
    """Half an interval by hand: variances added, Welch and Satterthwaite's degrees of freedom, Student's quantile."""
    total = scatter + known
    return float(stats.t.ppf(share, total**2 / (scatter**2 / freedom))) * math.sqrt(total)


def test_margins_hold_the_scatter_of_seeds_and_the_sampling_of_pictures_at_all_layers_at_once():
    """Differences -.01 .01 0 and -.10 -.12 -.11: both scatter with variance .0001; 4 degrees of freedom in two layers
    that share a base are 4 / 1.25. Means .5 against .5 and .39 against .5; 5,000 pictures, half of them in common."""
    found = measured(rows(RANDOM, *THREE), RANDOM)["general"]
    assert [each.mean for each in found.differences] == pytest.approx([0.0, -0.11])
    for each, sampling in zip(found.differences, (0.25 + 0.25, 0.39 * 0.61 + 0.25), strict=True):
        by_hand = margin(0.0001 / 3, 3.2, 0.5 * sampling / 5000, 1 - 0.025 / 2)
        assert each.margin == pytest.approx(by_hand, rel=1e-9)
    assert found.losses == (2,) and found.gains == () and found.no_loss_up_to == 1
    assert (found.differences[1].low, found.differences[1].high) == pytest.approx((-0.12, -0.10))


def test_one_seed_of_another_split_borrows_the_spread():
    both = rows(RANDOM, *THREE) + rows(DIRECTIONS[0], THREE[0])
    found = measured(both, DIRECTIONS[0])["general"]
    by_hand = margin(0.0001, 3.2, (0.4 * 0.6 + 0.25) / 5000, 1 - 0.025 / 2)  # all pictures in common
    assert found.differences[1].margin == pytest.approx(by_hand, rel=1e-9)
    assert found.losses == (2,)


def test_the_mean_of_two_directions_scatters_less():
    both = rows(RANDOM, *THREE) + rows(DIRECTIONS[0], THREE[0]) + rows(DIRECTIONS[1], THREE[0])
    found = measured(both, BOTH)["general"]
    by_hand = margin(0.0001 / 2, 3.2, (0.4 * 0.6 + 0.25) / 5000 / 2, 1 - 0.025 / 2)
    assert found.differences[1].margin == pytest.approx(by_hand, rel=1e-9)


def test_the_mean_of_two_directions_that_ran_twice_has_its_own_scatter():
    """Differences -.01 .01 one way, .03 -.01 the other: means .01 and 0, of variance .00005 and 1 degree of freedom."""
    one = ({("baseB", 0): 0.5, ("AnB", 1): 0.49}, {("baseB", 0): 0.6, ("AnB", 1): 0.61})
    other = ({("baseB", 0): 0.5, ("AnB", 1): 0.53}, {("baseB", 0): 0.6, ("AnB", 1): 0.59})
    found = measured(rows(DIRECTIONS[0], *one) + rows(DIRECTIONS[1], *other), BOTH)["general"]
    sampling = (3 * 0.55 * 0.45 + 0.56 * 0.44) / 4 / 5000
    [difference] = found.differences
    assert (difference.mean, difference.runs) == (pytest.approx(0.005), 2)
    assert difference.margin == pytest.approx(margin(0.00005 / 2, 1, sampling, 1 - 0.025), rel=1e-9)


def test_margins_of_seeds_that_hardly_scatter_are_as_wide_as_the_pictures_make_them():
    """Two seeds give the same difference by luck; on 5,000 pictures at 35 % chance alone moves it by a point."""
    lucky = ({("baseB", 0): 0.35, ("AnB", 1): 0.355}, {("baseB", 0): 0.36, ("AnB", 1): 0.3651})
    found = measured(rows(RANDOM, *lucky), RANDOM)["general"]
    assert found.differences[0].margin > 0.012 and not found.losses and not found.gains


def simulated(generator, *, seeds=2, layers=7, pictures=5000, drift=0.003, shared=0.5):
    """Rows of an experiment in which nothing differs: base and layers are right on 35 % of all pictures there are.

    A network is right on a picture where a number of the two lies below 0.35, moved by the seed; of the test pictures
    `shared` are the same for every seed, and the others are drawn anew.
    """
    networks = [("baseB", 0), *(("AnB", n) for n in range(1, layers + 1))]
    kept = generator.random((len(networks), round(shared * pictures)))
    found = []
    for _ in range(seeds):
        fresh = generator.random((len(networks), pictures - kept.shape[1]))
        level = 0.35 + drift * generator.standard_normal((len(networks), 1))
        right = (np.concatenate([kept, fresh], axis=1) < level).mean(axis=1)
        found.append(dict(zip(networks, map(float, right), strict=True)))
    return rows(RANDOM, *found)


@pytest.mark.parametrize("layers", [1, 7])
@pytest.mark.parametrize("seeds", [2, 4])
def test_where_nothing_differs_all_margins_of_a_comparison_hold_19_times_in_20(layers, seeds):
    generator = np.random.default_rng([layers, seeds])
    held = []
    for _ in range(1000):
        found = measured(simulated(generator, seeds=seeds, layers=layers), RANDOM)["general"]
        held.append(not any(each.clear for each in found.differences))
    assert 0.93 <= np.mean(held) <= 0.97


def test_one_seed_alone_decides_nothing():
    found = measured(rows(RANDOM, THREE[0]), RANDOM)["general"]
    assert not found.decidable and found.losses == () and math.isnan(found.differences[1].margin)
    assert found.lowest.mean == pytest.approx(-0.10)


def test_what_was_not_measured_is_not_compared():
    assert measured((), RANDOM) == {}
    assert measured(rows(RANDOM, {("AnB", 1): 0.5}), RANDOM) == {}
    assert set(measured(rows(RANDOM, {("AnB", 1): 0.5, ("BnB", 1): 0.5, ("BnB", 2): 0.5}), RANDOM)) == {"specificity"}


def test_layers_are_general_up_to_the_first_clear_loss():
    assert differences((0.01, 0.02), (-0.01, 0.02), (-0.05, 0.02), (-0.01, 0.02)).no_loss_up_to == 2
    assert differences((-0.05, 0.02), (0.0, 0.02)).no_loss_up_to == 0
    assert differences((0.05, 0.02), (0.0, 0.02)).no_loss_up_to == 2
    assert differences((0.05, 0.02), (0.0, 0.02)).gains == (1,)


def test_a_difference_as_large_as_its_margin_is_not_clear():
    assert differences((-0.02, 0.02)).losses == ()


def test_the_published_curves_say_what_the_paper_says():
    """Within the ranges of the runs, so a little less than the paper's text: its drop at n = 3 lies inside them."""
    of = published_curves()
    found = published(of[RANDOM], of[RANDOM])
    assert found["general"].no_loss_up_to == 3
    assert found["co-adaptation"].losses == (4, 5) and found["co-adaptation"].lowest.n == 5
    assert found["co-adaptation"].lowest.mean == pytest.approx(0.594 - 0.625, abs=0.001)
    assert found["specificity"].losses == (5, 6, 7) and found["specificity"].lowest.n == 7
    assert found["specificity"].lowest.mean == pytest.approx(0.543 - 0.623, abs=0.001)
    assert found["gain"].average == pytest.approx(0.0168, abs=0.0005)  # the paper's table 2: 1.6 points
    assert found["gain"].highest.n == 7 and 7 in found["gain"].gains and found["longer"].losses == ()


def test_the_gap_grows_faster_between_dissimilar_tasks_and_still_beats_random_filters():
    of = published_curves()
    near, far = published(of[RANDOM], of[RANDOM]), published(of[BOTH], of[RANDOM])
    assert near["general"].deepest.mean == pytest.approx(-0.08, abs=0.005)
    assert far["general"].deepest.mean == pytest.approx(-0.25, abs=0.005)
    assert far["general"].no_loss_up_to == 2 and far["general"].basis == "single runs"
    assert all(far["random"].differences[i].mean < far["general"].differences[i].mean for i in range(7))
    assert far["random"].differences[0].mean == pytest.approx(0.49166 - 0.57631)  # against all 1,000 classes
    assert "co-adaptation" not in far


def test_ranges_that_meet_are_not_clear_and_those_that_do_not_are():
    base = (Point(0, 0.5, 0.48, 0.52, 3),)
    line = (Point(1, 0.53, 0.515, 0.55, 2), Point(2, 0.54, 0.525, 0.56, 2), Point(3, 0.45, 0.43, 0.475, 2))
    found = published({"baseB": base, "AnB": line}, {})["general"]
    assert found.gains == (2,) and found.losses == (3,)


def test_single_runs_are_clear_beyond_the_widest_range_of_others():
    curves = {"baseB": (Point(0, 0.5, 0.5, 0.5, 1),), "AnB": (Point(1, 0.47, 0.47, 0.47, 1),)}
    assert published(curves, {"AnB": (Point(1, 0.5, 0.49, 0.51, 4),)})["general"].losses == (1,)
    assert published(curves, {"AnB": (Point(1, 0.5, 0.48, 0.52, 4),)})["general"].losses == ()
    assert not published(curves, {})["general"].decidable
