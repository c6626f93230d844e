"""Signals as pictures: grey is zero, whatever the sign and size of the rest."""

import numpy as np

from dashboard.figures.activations import signed


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
