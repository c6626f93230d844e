"""Deletion, insertion and the pointing game: orders, curves and hits known by hand, on pictures that are not square."""

import numpy as np
import pytest

from models.attribution import deletion, pointing
from models.attribution.deletion import Curves, area, better_than_chance, curves, order
from models.errors import Cancelled, InputError
from models.intervals import mean
from models.pictures import datasets

PICTURE = np.zeros((4, 6, 3), np.uint8)
PICTURE[0, 0], PICTURE[2, 4] = 240, 120  # all that the score sees


def brightness(batch):
    return batch[..., 0].sum(axis=(1, 2)) / 360


def test_squares_come_in_the_order_of_their_mean():
    values = np.array([[0, 0, 9, 9, 1], [0, 4, 9, 9, 1], [5, 5, 2, 2, 8]], float)
    # squares of 2: means 1, 9, 1 / 5, 2, 8; those at the edges are cut
    assert order(values, 2).tolist()[:4] == [1, 5, 3, 4]
    assert sorted(order(values, 2).tolist()[4:]) == [0, 2]
    assert order(values, 1)[0] in (2, 3, 7, 8)
    assert order(-values, 2)[-1] == 1
    with pytest.raises(InputError, match="at least 1 px"):
        order(values, 0)


def test_equal_squares_come_in_a_random_order_that_repeats_itself():
    flat = np.ones((8, 12))
    first = order(flat, 2, seed=3).tolist()
    assert first == order(flat, 2, seed=3).tolist() != order(flat, 2, seed=4).tolist()
    assert first != sorted(first) == list(range(24))
    assert order(flat + 1e-15 * np.arange(12), 2, seed=3).tolist() == first


def test_curves_of_a_picture_whose_score_is_known():
    perfect, wrong = np.zeros((2, 4, 6))
    perfect[0, 0], perfect[2, 4] = 2, 1
    wrong[1, 3] = 1
    wrong[0, 0] = wrong[2, 4] = -1
    found = curves(brightness, PICTURE, {"perfect": perfect, "wrong": wrong}, cell=2, steps=6, score="logit")
    fill = round(PICTURE.mean())  # 15, the mean colour
    gone = (4 * fill) / 360  # what a hidden square adds to the score
    assert found.shares.tolist() == pytest.approx([k / 6 for k in range(7)])
    expected = [1, 1 / 3 + gone, 2 * gone, *((k * gone) for k in range(3, 7))]
    np.testing.assert_allclose(found.deletion[0], expected, atol=1e-6)
    back = [6 * gone, 2 / 3 + 5 * gone, 1 + 4 * gone, *(1 + k * gone for k in (3, 2, 1, 0))]
    np.testing.assert_allclose(found.insertion[0], back, atol=1e-6)
    assert found.deletion[1, 4] == pytest.approx(1 + 4 * gone)  # it takes what matters last
    assert area(found.deletion, found.shares)[0] < area(found.deletion, found.shares)[1]
    assert area(found.insertion, found.shares)[0] > area(found.insertion, found.shares)[1]
    assert found.random_deletion.shape == found.random_insertion.shape == (deletion.RANDOM_ORDERS, 7)
    np.testing.assert_allclose(found.random_deletion[:, [0, -1]], [[1, 6 * gone]] * 5, atol=1e-6)
    assert np.unique(found.random_deletion.round(6), axis=0).shape[0] > 1


def test_curves_begin_and_end_with_the_whole_picture_and_the_hidden_one():
    def brightest(batch):  # tells the two apart, as the sum does not: the mean colour keeps it
        return batch[..., 0].max(axis=(1, 2)) / 240

    found = curves(brightest, PICTURE, {"any": np.eye(4, 6), "other": -np.eye(4, 6)}, cell=2, steps=6)
    whole, hidden = 1.0, 15 / 240  # the mean colour is 15
    for rows, ends in (
        (found.deletion, (whole, hidden)),
        (found.random_deletion, (whole, hidden)),
        (found.insertion, (hidden, whole)),
        (found.random_insertion, (hidden, whole)),
    ):
        np.testing.assert_allclose(rows[:, [0, -1]], [ends] * len(rows), atol=1e-6)


def test_a_score_that_never_changes_has_flat_curves_and_its_own_area():
    found = curves(lambda batch: np.full(len(batch), 0.3), PICTURE, {"flat": np.zeros((4, 6))}, cell=1, steps=5)
    np.testing.assert_allclose(area(found.deletion, found.shares), 0.3, rtol=1e-6)
    np.testing.assert_allclose(area(found.random_insertion, found.shares), 0.3, rtol=1e-6)


def test_there_are_no_more_steps_than_squares_and_a_cancel_is_heard():
    found = curves(brightness, PICTURE, {"any": np.ones((4, 6))}, cell=3, fill="blur", steps=16)
    assert found.shares.tolist() == [0, 0.25, 0.5, 0.75, 1] and found.fill == "blur"

    class Impatient:
        def event(self, **_):
            pass

        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        curves(brightness, PICTURE, {"any": np.ones((4, 6))}, cell=1, progress=Impatient())
    with pytest.raises(InputError, match="mean, blur"):
        curves(brightness, PICTURE, {}, fill="noise")


def test_the_area_of_a_straight_line_is_its_middle():
    assert area(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 0.5
    assert area(np.array([[1.0, 0.0, 0.0]]), np.array([0.0, 0.25, 1.0])).tolist() == [0.125]


def test_the_strongest_place_of_a_plateau_is_its_middle_and_a_flat_map_has_none():
    values = np.zeros((7, 11))
    values[2:5, 3:8] = 0.5
    assert pointing.peak(values) == (3, 5)
    assert pointing.peak(np.zeros((3, 4))) is pointing.peak(np.full((3, 4), 2.0)) is None
    assert pointing.peak(-values) is None  # nothing speaks for the class


@pytest.mark.parametrize(("place", "within", "hit"), [
    ((2, 3), 0, True), ((2, 5), 0, False), ((2, 5), 1, True), ((3, 5), 1, False), ((3, 5), 2, True),
])  # fmt: skip
def test_the_pointing_game_by_hand(place, within, hit):
    mask = np.zeros((5, 9), bool)
    mask[1:3, 2:5] = True
    values = np.zeros((5, 9))
    values[place] = 1
    assert pointing.hits(values, mask, within) is hit
    assert pointing.reach(mask, within)[place] == hit


def test_a_map_without_a_place_misses_and_so_does_everything_without_an_object():
    mask = np.ones((3, 4), bool)
    assert not pointing.hits(np.zeros((3, 4)), mask, 5)
    assert not pointing.hits(np.eye(3, 4), ~mask, 1)
    assert pointing.hits(np.eye(3, 4), mask, 0)
    assert pointing.reach(np.array([[False, True, False, False]]), 1).tolist() == [[True, True, True, False]]
    middle, far = np.zeros((6, 9), bool), np.zeros((6, 9), bool)
    middle[2, 4] = far[5, 0] = True
    for mask, (row, col) in ((middle, (2, 4)), (far, (5, 0))):
        away = np.square(np.arange(6) - row)[:, None] + np.square(np.arange(9) - col)
        assert np.array_equal(pointing.reach(mask, 2), away <= 4)  # to all sides, as far as the picture goes


def test_the_map_of_the_middle_points_to_the_middle():
    found = pointing.centre_map(9, 15)
    assert pointing.peak(found) == (4, 7)
    assert found[4, 7] == 1 and found[4, 8] == found[3, 7] > found[3, 8]
    # A Gaussian of an eighth of the shorter side, here 3 px, the same way down and across.
    wide = pointing.centre_map(24, 41)
    assert [wide[11, 20 + away] / wide[11, 20] for away in (3, 6)] == pytest.approx(np.exp([-0.5, -2]), rel=1e-5)
    assert wide[11 + 6, 20] / wide[11, 20] == pytest.approx(np.exp((0.5**2 - 5.5**2) / 18), rel=1e-5)
    assert (pointing.tolerance(64, 64), pointing.tolerance(224, 300), pointing.tolerance(8, 9)) == (2, 7, 1)


def test_a_mean_has_students_interval():
    found = mean(np.array([1.0, 2.0, np.nan, 3.0, 6.0]))
    assert found.n == 4 and found.value == 3.0
    assert found.high - 3 == 3 - found.low == pytest.approx(3.182446 * np.std([1, 2, 3, 6], ddof=1) / 2, rel=1e-5)
    assert mean(np.array([2.0, np.nan])).value == 2.0 and np.isnan(mean(np.array([2.0])).low)
    assert np.isnan(mean(np.array([np.nan])).value)


def test_the_mask_is_that_of_the_picture_at_the_size_of_the_map():
    mask, larger = datasets.mask("galaxies", 7), pointing.mask_of("sample:galaxies:7", 128, 128)
    np.testing.assert_array_equal(pointing.mask_of("sample:galaxies:7", 64, 64), mask)
    assert larger.mean() == pytest.approx(mask.mean(), abs=0.02)
    assert pointing.mask_of("sample:digits:7", 64, 64) is None
    assert pointing.mask_of("upload:" + "0" * 32, 64, 64) is None


@pytest.mark.parametrize(("size", "first"), [
    (32, 2),  # the pixel before it averages columns 1 to 4 and one eighth of that is the object's
    (128, 8),  # the pixel before it lies between columns 3 and 4, and a quarter of it is the object's
])  # fmt: skip
def test_a_pixel_is_the_objects_where_most_of_it_is(monkeypatch, size, first):
    half = np.zeros((64, 64), bool)
    half[:, 4:] = True
    for made, expected in ((half, (slice(None), slice(first, None))), (half.T, (slice(first, None), slice(None)))):
        monkeypatch.setattr(datasets, "mask", lambda dataset, index, made=made: made)
        known = np.zeros((size, size), bool)
        known[expected] = True
        np.testing.assert_array_equal(pointing.mask_of("sample:galaxies:7", size, size), known)


def test_a_method_knows_more_than_chance_where_it_beats_every_random_order_both_ways():
    # Areas over 0, 0.5, 1 with ends 1 and 0: a quarter, and half of the middle value.
    down, up = (lambda middle: [1, middle, 0]), (lambda middle: [0, middle, 1])
    found = Curves(
        ("both", "deletion only", "insertion only", "as the best random"),
        np.array([0, 0.5, 1], np.float32),
        np.array([down(0.1), down(0.1), down(0.5), down(0.3)], np.float32),
        np.array([up(0.9), up(0.5), up(0.9), up(0.7)], np.float32),
        np.array([down(0.3), down(0.6)], np.float32),
        np.array([up(0.4), up(0.7)], np.float32),
        4, "mean", "logit",
    )  # fmt: skip
    assert better_than_chance(found) == ("both",)
