"""Patches and projections as pictures: read back from the files, on pictures that are not square where they can be."""

from io import BytesIO

import numpy as np
from PIL import Image

from dashboard.figures.patches import boxed, coloured, mosaic, pairs
from models.features.backward import Projections
from models.features.patches import OUTSIDE, STRIPE, Cut
from models.networks import layers
from models.pictures import datasets, images

CONV1, CONV5 = (layers.layer("backbone:frame8:64", name) for name in ("conv1", "conv5"))  # 7 px; all of it


def pixels(file):
    return np.asarray(Image.open(BytesIO(file)).convert("RGB")).astype(int)


def test_no_signal_is_grey_and_the_largest_is_full_colour():
    signal = np.zeros((4, 7, 3), np.float32)
    assert (np.abs(coloured(signal).astype(int) - 127.5) <= 0.5).all()
    signal[1, 2] = (2, -2, 0)
    assert coloured(signal)[1, 2].tolist() == [255, 0, 128]
    assert coloured(np.full((4, 7, 3), np.nan, np.float32)).shape == (4, 7, 3)


def test_patch_and_projection_of_a_pair_are_cut_alike():
    places = ((7, 0, 0), (12, 3, 5))
    signal = np.zeros((2, 64, 64, 3), np.float32)
    signal[0, 2, 3, 0], signal[1, 40, 40] = 5.0, 9.0  # the second lies outside of its patch
    found = pairs(CONV1, "galaxies", places, Projections(signal, 0, ()))
    assert (found.width, found.height, found.outside, found.whole) == (7, 7, True, False)
    assert found.silent == (False, True) and found.marks == ((), ())
    shown, sent = pixels(found.patches), pixels(found.signals)
    assert shown.shape == sent.shape == (7, 14, 3)
    picture = images.resize(datasets.picture("galaxies", 7), 64, 64)
    np.testing.assert_array_equal(shown[2:, 2:7], picture[:5, :5])  # two rows and columns lie outside
    np.testing.assert_array_equal(shown[:, 7:], images.resize(datasets.picture("galaxies", 12), 64, 64)[4:11, 8:15])
    assert {tuple(p) for p in shown[:2, :7].reshape(-1, 3).tolist()} == {OUTSIDE, STRIPE}
    assert {tuple(p) for p in sent[:2, :7].reshape(-1, 3).tolist()} == {OUTSIDE, STRIPE}
    assert sent[2 + 2, 2 + 3].tolist() == [255, 128, 128]


def test_a_unit_that_sees_everything_has_its_place_marked():
    found = pairs(CONV5, "galaxies", ((7, 0, 7),), Projections(np.ones((1, 64, 64, 3), np.float32), 5, ("silu",)))
    assert found.whole and not found.outside and (found.width, found.others) == (64, ("silu",))
    [(x, y)] = found.marks
    assert x > 0.8 and y < 0.2


def test_a_mosaic_has_room_for_nine_also_where_there_are_fewer():
    places = ((7, 3, 3), (8, 3, 3))
    full = pixels(mosaic(CONV1, "galaxies", places, 64))
    assert full.shape == (3 * 36 + 2, 3 * 36 + 2, 3)
    assert np.abs(full[80:, 80:] - OUTSIDE).max() < 12  # WebP
    assert np.abs(full[2:30, 2:30] - OUTSIDE).max() > 40


def test_the_patch_is_outlined_in_its_picture_and_nothing_is_drawn_outside():
    picture = np.full((20, 30, 3), 100, np.uint8)
    found = boxed(picture, Cut(-3, 4, 8, 15), 300)
    assert found.shape == (200, 300, 3)
    assert (found[0, 40:160] == 255).all() and (found[89, 40:160] == 255).all()  # clipped at the top
    assert (found[50, 40] == 255).all() and (found[50, 42] == 0).all() and (found[50, 45] == 100).all()
    assert (found[95:] == 100).all()
    whole = boxed(picture, Cut(0, 0, 19, 29, whole=True, mark=(10, 15)), 300)
    assert (whole[:80] == 100).all() and not (whole == 100).all()
