"""Numbers per channel, rankings and dead channels, checked by hand on maps that are not square."""

import numpy as np
import pytest

from models.activations.maps import RANKINGS, RunningStatistics, describe, rank, unusualness
from models.errors import InputError


def maps():
    """Three channels of 2 x 3: one flat at 1, one peak of 6, one never above zero."""
    answer = np.zeros((2, 3, 3), np.float32)
    answer[..., 0] = 1
    answer[1, 2, 1] = 6
    answer[0, 0, 2] = -4
    return answer


def sample():
    """Two pictures; channel 2 stays dead, channel 1 has means 0 and 1."""
    first, second = np.zeros((2, 2, 3, 3), np.float32)
    first[..., 0] = second[..., 0] = 1
    second[0, :2, 1] = 3
    running = RunningStatistics("conv", "galaxies")
    running.add(first[None])
    running.add(second[None])
    return running.result()


def test_each_channel_has_its_numbers():
    answer = describe("conv", maps(), 11, 4)
    np.testing.assert_allclose(answer.mean, [1, 1, -4 / 6], rtol=1e-6)
    assert answer.maximum.tolist() == [1, 6, 0]
    np.testing.assert_allclose(answer.share_active, [1, 1 / 6, 0], rtol=1e-6)
    assert (answer.receptive_field, answer.jump) == (11, 4)


def test_the_sample_is_summed_up_over_batches():
    usual = sample()
    assert usual.n_pictures == 2
    assert usual.mean.tolist() == [1, 0.5, 0]
    assert usual.deviation.tolist() == [0, 0.5, 0]
    assert usual.maximum.tolist() == [1, 3, 0]
    np.testing.assert_allclose(usual.share_active, [1, 1 / 6, 0], rtol=1e-6)
    assert usual.dead.tolist() == [False, False, True]


def test_one_value_above_zero_in_one_picture_is_not_dead():
    running = RunningStatistics("conv", "galaxies")
    quiet, spike = np.zeros((2, 4, 2, 3, 2), np.float32)
    spike[3, 1, 2, 1] = 1e-6
    quiet[..., 0] = -1
    running.add(quiet)
    running.add(spike)
    assert running.result().dead.tolist() == [True, False]


@pytest.mark.parametrize(
    ("criterion", "order"),
    [("strongest", [1, 0, 2]), ("mean", [0, 1, 2]), ("area", [0, 1, 2]), ("unusual", [1, 0, 2]), ("number", [0, 1, 2])],
)
def test_rankings_by_hand(criterion, order):
    assert rank(describe("conv", maps(), None, None), sample(), criterion).tolist() == order


def test_unusual_counts_standard_deviations_both_ways_and_guards_channels_that_never_vary():
    assert unusualness(describe("conv", maps(), None, None), sample()).tolist() == [0, 1, 0]
    assert unusualness(describe("conv", np.zeros((2, 3, 3), np.float32), None, None), sample()).tolist() == [0, 1, 0]


def test_unknown_rankings_are_refused():
    with pytest.raises(InputError, match=r"Expected a ranking out of strongest, .*Received 'best'"):
        rank(describe("conv", maps(), None, None), sample(), "best")
    assert len(RANKINGS) == 6
