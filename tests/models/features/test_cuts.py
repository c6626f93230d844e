"""What is cut out of a picture for one value, at hand-made fields, on pictures that are never square."""

import numpy as np

from models.backbones.receptive_field import Field
from models.features.patches import OUTSIDE, STRIPE, Cut, cut_of, patch
from models.networks.layers import LayerChoice

HEIGHT, WIDTH = 20, 30
PICTURE = np.random.default_rng(0).integers(0, 100, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def layer(field, shape=(10, 15, 4)):
    return LayerChoice("some", "block", shape, field)


SEVEN = layer(Field(size=7, jump=2, start=1.0))  # 7 x 7, stride 2, two zeros in front


def test_a_value_in_the_middle_is_cut_to_the_pixels_under_its_kernel():
    cut = cut_of(SEVEN, 4, 6, HEIGHT, WIDTH)
    assert cut == Cut(6, 10, 12, 16)
    np.testing.assert_array_equal(patch(PICTURE, cut), PICTURE[6:13, 10:17])


def test_beyond_the_border_the_patch_is_hatched():
    cut = cut_of(SEVEN, 0, 14, HEIGHT, WIDTH)
    assert cut == Cut(-2, 26, 4, 32)
    found = patch(PICTURE, cut)
    assert found.shape == (7, 7, 3)
    np.testing.assert_array_equal(found[2:, :4], PICTURE[:5, 26:])
    outside = np.concatenate([found[:2].reshape(-1, 3), found[2:, 4:].reshape(-1, 3)])
    assert {tuple(colour) for colour in outside.tolist()} == {OUTSIDE, STRIPE}


def test_below_the_picture_it_is_hatched_too():
    found = patch(PICTURE, cut_of(SEVEN, 9, 0, HEIGHT, WIDTH))
    np.testing.assert_array_equal(found[:4, 2:], PICTURE[16:, :5])
    outside = np.concatenate([found[4:].reshape(-1, 3), found[:4, :2].reshape(-1, 3)])
    assert {tuple(colour) for colour in outside.tolist()} == {OUTSIDE, STRIPE}


def test_a_field_larger_than_the_picture_shows_all_of_it_with_the_place_marked():
    wide = layer(Field(size=21, jump=2, start=0.0))
    cut = cut_of(wide, 3, 5, HEIGHT, WIDTH)
    assert cut == Cut(0, 0, 19, 29, whole=True, mark=(6, 10))
    np.testing.assert_array_equal(patch(PICTURE, cut), PICTURE)
    assert cut_of(layer(Field(size=20, jump=2, start=0.5)), 3, 5, HEIGHT, WIDTH).whole is False
    assert cut_of(layer(None), 9, 0, HEIGHT, WIDTH).mark == (19, 1)


def test_units_of_a_dense_layer_see_the_whole_picture_from_no_place():
    assert cut_of(layer(None, (1, 1, 4)), 0, 0, HEIGHT, WIDTH) == Cut(0, 0, 19, 29, whole=True)
