"""Channel pictures, checked by reading the numbers and colours back."""

import numpy as np
import pytest

from dashboard.figures import activations
from dashboard.figures.activations import PER_PAGE, Scale, colour, grid, scale_for, scale_of, signed, tiles, units
from models.activations.maps import ClassSelectivity, NetworkScale, RunningStatistics, describe
from models.pictures import uploads

VIRIDIS_ENDS = [(68, 1, 84), (253, 231, 37)]


def test_unsigned_values_start_at_zero_and_signed_ones_have_zero_in_the_middle():
    values = np.array([[0.0, 2.0, 4.0]])
    assert scale_of(values, signed=False, clip=False) == Scale(0, 4)
    assert scale_of(-values, signed=True, clip=False) == Scale(-4, 4)
    assert colour(np.zeros((1, 2)), Scale(-4, 4)).tolist() == [[[255, 255, 255]] * 2]
    assert colour(np.array([-9.0, 9.0]), Scale(-4, 4)).tolist() == [[20, 130, 70], [145, 45, 180]]


def test_a_layer_of_zeros_does_not_divide_by_zero():
    assert scale_of(np.zeros((3, 4)), signed=False, clip=True) == Scale(0, 1)
    assert colour(np.zeros((2, 3)), Scale(0, 1))[0, 0].tolist() == list(VIRIDIS_ENDS[0])


@pytest.mark.parametrize("clip", [True, False])
def test_numbers_of_a_diverged_network_can_be_drawn(clip):
    maps = np.array([[[np.nan, np.inf], [2.0, -np.inf]]], np.float32)
    assert scale_of(maps, signed=True, clip=clip) == Scale(-2, 2)
    assert scale_of(np.full((2, 2), np.nan), signed=False, clip=clip) == Scale(0, 1)
    assert colour(maps[0, 0], Scale(-2, 2)).tolist() == [[255, 255, 255], [145, 45, 180]]
    usual = RunningStatistics("layer", "digits")
    nothing = np.full((2, 2, 2), np.nan, np.float32)
    usual.add(nothing[None])
    drawn = grid(describe("layer", nothing, None, None), usual.result(), "strongest", "channel", 0)
    assert sorted(drawn.channels) == [0, 1]


def test_one_spike_does_not_darken_the_layer():
    values = np.ones((30, 40))
    values[3, 4] = 1000
    assert scale_of(values, signed=False, clip=True).high == pytest.approx(1)
    assert scale_of(values, signed=False, clip=False).high == 1000
    assert colour(values, Scale(0, 1))[3, 4].tolist() == list(VIRIDIS_ENDS[1])


def test_tiles_keep_order_shape_and_scale():
    maps = np.zeros((3, 5, 4), np.float32)
    maps[1, 2, 0], maps[1, 2, 3] = 1, 10
    layer = tiles(maps, np.array([3, 0]), scale_of(maps, signed=False, clip=True))
    assert layer.shape == (2, 3, 5, 3)
    assert layer[0, 1, 2].tolist() == list(VIRIDIS_ENDS[1])
    assert layer[1, 1, 2].tolist() != list(VIRIDIS_ENDS[1])
    own = tiles(maps, np.array([3, 0]), None)
    assert own[1, 1, 2].tolist() == list(VIRIDIS_ENDS[1])


def test_large_maps_are_shrunk_for_the_grid_with_their_shape_kept():
    assert tiles(np.ones((224, 112, 2), np.float32), np.array([0]), None).shape == (1, 112, 56, 3)


def test_units_are_drawn_by_rank_and_dead_ones_hatched():
    figure = units(np.array([1.0, 0.0, 3.0]), np.array([2, 0, 1]), np.array([False, True, False]))
    bars = figure.data[0]
    assert list(bars.x) == ["2", "0", "1"]
    assert list(bars.y) == [3, 1, 0]
    assert list(bars.marker.pattern.shape) == ["", "", "/"]


def test_every_scale_has_a_name():
    assert list(activations.SCALES) == ["layer", "channel", "network"]


def answers(n_channels):
    """Channel c has its only value, c, in row 1, column 2 of 3 x 5; channel 0 is dead."""
    maps = np.zeros((3, 5, n_channels), np.float32)
    maps[1, 2] = np.arange(n_channels)
    running = RunningStatistics("conv", "galaxies")
    running.add(maps[None])
    return describe("conv", maps, 7, 2), running.result()


def test_a_grid_pages_through_the_ranks():
    answer, usual = answers(73)
    first, second = (grid(answer, usual, "strongest", "layer", page) for page in (0, 1))
    assert first.channels == tuple(range(72, 2, -1))
    assert len(first.channels) == PER_PAGE
    assert second.channels == (2, 1, 0)
    assert second.dead == (False, False, True)
    assert second.labels[2].startswith("channel 0, rank 73: strongest 0, mean 0, above zero on 0.0%, dead")
    assert second.labels[0] == "channel 2, rank 71: strongest 2, mean 0.133, above zero on 6.7%"


def test_two_thousand_channels_have_thirty_pages():
    answer, usual = answers(2048)
    last = grid(answer, usual, "number", "layer", 29)
    assert last.channels == tuple(range(29 * PER_PAGE, 2048)) and len(last.channels) == 18


def test_the_sprite_holds_the_tiles_row_by_row():
    answer, usual = answers(30)
    made = grid(answer, usual, "number", "channel", 0)
    sprite = uploads.decode(made.sprite)
    assert (made.height, made.width) == (3, 5)
    assert sprite.shape == (3 * 3, 5 * activations.COLUMNS, 3)
    assert sprite[3 + 1, 2 * 5 + 2].tolist() == list(VIRIDIS_ENDS[1])  # channel 12: second row, third column
    assert sprite[1, 2].tolist() == list(VIRIDIS_ENDS[0])
    (legend,) = made.legends
    assert (legend.low, legend.high) == ("0", "each channel's strongest value")


def test_the_legend_names_the_ends_of_the_scale_and_what_lies_beyond():
    answer, usual = answers(4)
    (made,) = grid(answer, usual, "number", "layer", 0).legends
    assert made.high == "2.7 and more"  # 0.995 * 59 = 58.7 of the 60 ordered values ends between 2 and 3
    assert made.note == "1.7% of the layer's values lie beyond."  # one of 60
    assert (made.gradient[0], made.gradient[-1]) == ("rgb(68, 1, 84)", "rgb(253, 231, 37)")
    (signed,) = grid(describe("conv", -answer.maps, 7, 2), usual, "number", "layer", 0).legends
    assert (signed.low, signed.gradient[4]) == ("−2.7 and less", "rgb(255, 255, 255)")


def test_one_scale_for_the_network_is_the_same_in_every_layer_of_a_kind():
    answer, usual = answers(4)
    whole = NetworkScale(("conv", "other", "linear"), np.array([2.0, 6, 50]), np.array([False, False, True]), 9)
    assert scale_for(answer, "network", whole) == Scale(0, 6)
    made = grid(answer, usual, "number", "network", 0, network=whole)
    assert made.legends[0].high == "6 and more"
    assert "None of the layer's values lies beyond. One scale for every layer that is never negative: other" in (
        made.legends[0].note
    )
    sprite = uploads.decode(made.sprite)
    half = colour(np.array([[3.0]]), Scale(0, 6))[0, 0].tolist()
    assert sprite[1, 3 * 5 + 2].tolist() == half  # channel 3 has a 3 in its middle
    linear = describe("linear", answer.maps, 7, 2)  # not negative for this picture, but at times
    assert scale_for(linear, "network", whole) == Scale(-50, 50)


def test_a_grid_by_selectivity_names_the_class():
    answer, usual = answers(3)
    apart = ClassSelectivity(
        "conv", "d", ("ring", "spiral"), np.array([3, 4]), np.array([[0, 2, 1], [1, 0, 0.5]], np.float32)
    )
    made = grid(answer, usual, "selective", "channel", 0, selectivity=apart)
    assert made.channels == (1, 0, 2)
    assert "most selective for ring" in made.labels[0] and "most selective for spiral" in made.labels[1]


def test_grey_is_zero_and_both_signs_have_one_scale():
    signal = np.zeros((5, 8, 3), np.float32)
    signal[0, 0], signal[1, 1] = 2e-4, -1e-4
    picture, scale = signed(np.tile(signal, (4, 4, 1)))
    assert picture[2, 2].tolist() == [128] * 3 and scale == np.float32(2e-4)
    assert picture[0, 0].tolist() == [255] * 3 and picture[1, 1].tolist() == [64] * 3


def test_a_single_spike_does_not_darken_the_rest():
    signal = np.ones((40, 50, 3), np.float32)
    signal[0, 0, 0] = 1e6
    picture, scale = signed(signal)
    assert scale == 1 and (picture == 255).all()


def test_a_signal_of_zeros_or_of_no_numbers_is_grey():
    for value in (0.0, np.nan):
        picture, scale = signed(np.full((3, 4, 3), value, np.float32))
        assert (picture == 128).all() and scale == 0
