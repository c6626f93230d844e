"""Augmentation: every change by hand, one pipeline for training and preview, and nothing decided by batch or order."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from models.errors import InputError
from models.pictures import datasets, images
from models.storage import progress
from models.training import spec as training_spec
from models.training.spec import COLUMNS, LIMITS, AugmentationSpec, TrainingSpec, draws, words
from models.training.worker import augment, classifier, course
from models.training.worker.loop import Loop, optimizer
from tests.models import tiny

MOVES = AugmentationSpec(rotation=180, shift=0.5, zoom=0.5)
EVERYTHING = AugmentationSpec(True, True, 30, 0.2, 0.2, 0.2, 0.2, 0.2, 20, 0.3)


@pytest.fixture(scope="module")
def pictures():
    """Two pictures of 5 x 8 pixels."""
    return np.random.default_rng(0).integers(0, 256, (2, 5, 8, 3)).astype(np.float32)


def changed(pictures, spec=MOVES, **amounts):
    """What becomes of the pictures if only these amounts differ from none."""
    row = {name: float(name in ("scale", "contrast", "saturation")) for name in COLUMNS} | amounts
    drawn = np.tile(np.array([row[name] for name in COLUMNS], np.float32), (len(pictures), 1))
    return augment.augment(spec, tf.constant(pictures), tf.constant(drawn)).numpy()


def test_flips_are_exact(pictures):
    np.testing.assert_array_equal(changed(pictures, flip_horizontal=1), pictures[:, :, ::-1])
    np.testing.assert_array_equal(changed(pictures, flip_vertical=1), pictures[:, ::-1])


def test_half_a_turn_is_both_flips_and_two_of_them_are_none(pictures):
    half = changed(pictures, degrees=180)
    np.testing.assert_allclose(half, pictures[:, ::-1, ::-1], atol=1e-2)
    np.testing.assert_allclose(changed(half, degrees=180), pictures, atol=1e-2)


def test_a_quarter_turn_goes_against_the_clock():
    square = np.random.default_rng(1).integers(0, 256, (1, 6, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(changed(square, degrees=90), np.rot90(square, axes=(1, 2)), atol=1e-2)


def test_whole_pixels_down_and_right_move_exactly_and_the_border_is_mirrored(pictures):
    moved = changed(pictures, down=1 / 5, right=2 / 8)
    np.testing.assert_array_equal(moved[:, 1:, 2:], pictures[:, :-1, :-2])
    np.testing.assert_array_equal(moved[:, 0, 2:], pictures[:, 0, :-2])
    np.testing.assert_array_equal(moved[:, 1:, :2], pictures[:, :-1, 1::-1])


def test_zoom_enlarges_around_the_middle():
    ramp = np.tile(np.arange(9, dtype=np.float32)[None, None, :, None], (1, 5, 1, 3))
    np.testing.assert_allclose(changed(ramp, scale=2)[0, 0, :, 0], 4 + (np.arange(9) - 4) / 2, atol=1e-4)


def test_brightness_contrast_and_saturation_by_hand():
    picture = np.full((1, 2, 3, 3), 100, np.float32)
    picture[0, 0, 0] = (200, 100, 0)
    colour = AugmentationSpec(brightness=0.5, contrast=0.5, saturation=0.5)
    grey = 0.299 * 200 + 0.587 * 100
    np.testing.assert_allclose(changed(picture, colour, brightness=0.1), picture + 25.5, atol=1e-3)
    assert changed(picture, colour, brightness=0.5)[0, 0, 0, 0] == 255  # held at the end of the range
    mean = (grey + 5 * 100) / 6
    np.testing.assert_allclose(changed(picture, colour, contrast=0.5), mean + (picture - mean) / 2, atol=1e-3)
    np.testing.assert_allclose(changed(picture, colour, saturation=0)[0, 0, 0], [grey] * 3, atol=1e-3)
    np.testing.assert_allclose(changed(picture, colour, saturation=0)[0, 1], picture[0, 1], atol=1e-3)


def test_a_third_of_the_colour_wheel_makes_red_green(pictures):
    turned = changed(pictures, AugmentationSpec(hue=180), hue=120)
    np.testing.assert_allclose(turned, pictures[..., [2, 0, 1]], atol=1e-3)


def test_the_cover_is_a_grey_square_and_the_rest_stays(pictures):
    covered = changed(pictures, AugmentationSpec(cutout=0.4), cutout=0.4, cut_row=0.5, cut_col=0.5)
    expected = pictures.copy()
    expected[:, 2, 3:5] = 127.5  # 2 x 2 pixels around (2.5, 4.0): one row's middle lies inside, two columns' do
    np.testing.assert_array_equal(covered, expected)


def test_what_is_off_changes_nothing(pictures):
    tensor = tf.constant(pictures)
    drawn = tf.constant(draws(AugmentationSpec(), 3, 1, np.arange(2)))
    assert augment.augment(AugmentationSpec(), tensor, drawn) is tensor
    assert not AugmentationSpec().on
    assert AugmentationSpec(hue=1).on


def test_amounts_hang_on_seed_epoch_and_picture_alone():
    whole = draws(EVERYTHING, 3, 1, np.arange(9))
    np.testing.assert_array_equal(draws(EVERYTHING, 3, 1, np.array([7, 2])), whole[[7, 2]])
    for other in (draws(EVERYTHING, 4, 1, np.arange(9)), draws(EVERYTHING, 3, 2, np.arange(9))):
        assert (other[:, 2] != whole[:, 2]).all()
    assert len(np.unique(whole[:, 2])) == 9


def test_amounts_fill_their_range_and_stay_in_it():
    drawn = dict(zip(COLUMNS, draws(EVERYTHING, 0, 0, np.arange(4000)).T, strict=True))
    for name, low, high in (("degrees", -30, 30), ("down", -0.2, 0.2), ("scale", 0.8, 1.2), ("hue", -20, 20)):
        assert low <= drawn[name].min() < 0.95 * low + 0.05 * high
        assert 0.05 * low + 0.95 * high < drawn[name].max() <= high
    assert 0.45 < drawn["flip_horizontal"].mean() < 0.55
    assert np.corrcoef(drawn["flip_horizontal"], drawn["flip_vertical"])[0, 1] < 0.1


@pytest.mark.parametrize("name", LIMITS)
def test_a_setting_beyond_its_limit_is_refused(name):
    replace(AugmentationSpec(), **{name: LIMITS[name]}).check()
    for value in (LIMITS[name] * 1.01, -0.1, float("nan")):
        with pytest.raises(InputError, match=f"augmentation's {name} from 0 to"):
            replace(AugmentationSpec(), **{name: value}).check()


def test_what_happened_is_said():
    nothing, row = (draws(spec, 0, 0, np.array([0]))[0] for spec in (AugmentationSpec(), EVERYTHING))
    assert words(AugmentationSpec(), nothing) == "unchanged"
    said = words(EVERYTHING, row)
    assert (
        f"turned {row[2]:+.0f}°".replace("-", "−") in said and f"× {row[5]:.2f}" in said and "a square covered" in said
    )


def test_the_preview_shows_the_very_pixels_training_learns_from(monkeypatch):
    """The tiny network's pictures stand in for a data set's; picture 7 is the eighth that is learnt from."""
    material = tiny.material()
    spec = TrainingSpec(seed=5, augmentation=EVERYTHING)
    parts = tiny.cut(tiny.classifier(), spec)
    loop = Loop(spec, parts, course.examples_of(spec, parts, material, progress.SILENT))
    rows = np.array([3, 7, 20])
    seen = loop.training_pictures(tf.constant(rows), tf.constant(loop.drawn(2, rows))).numpy()
    monkeypatch.setattr(images, "load_picture", lambda _: material.images[7])
    monkeypatch.setattr(images, "resize", lambda picture, *_: picture)
    shown = augment.preview(EVERYTHING, "sample:galaxies:7", side=64, seed=5, epochs=range(1, 4))
    np.testing.assert_array_equal(shown.changed[1], np.rint(seen[1]).astype(np.uint8))
    assert (shown.changed[0] != shown.changed[1]).any() and len(shown.words) == 3
    np.testing.assert_array_equal(shown.picture, material.images[7])


def test_the_preview_takes_any_picture_and_refuses_bad_settings():
    shown = augment.preview(MOVES, f"sample:digits:{datasets.get('digits').cover}", side=96, seed=0, epochs=range(2))
    assert shown.changed.shape == (2, 96, 96, 3) and shown.changed.dtype == np.uint8
    with pytest.raises(InputError, match="rotation"):
        augment.preview(AugmentationSpec(rotation=999), "sample:digits:1", side=96, seed=0, epochs=range(1))


def test_augmented_training_gives_what_slow_steps_give():
    """One epoch of the compiled loop against single steps on pictures augmented one at a time."""
    spec = TrainingSpec(seed=5, batch=8, epochs=1, learning_rate=0.01, optimizer="sgd", augmentation=EVERYTHING)
    material = tiny.material()
    fast, slow = tiny.classifier(), tiny.classifier()
    parts = tiny.cut(fast, spec)
    loop = Loop(spec, parts, course.examples_of(spec, parts, material, progress.SILENT))
    assert loop.augmented and loop.examples.cached
    loop.epoch(0, material.places()[0], lambda: None)
    classifier.freeze(slow, (), "hold")
    slow.compile(optimizer(spec), "sparse_categorical_crossentropy")
    order = np.random.default_rng([5, 0]).permutation(27)
    for start in range(0, 27, 8):
        rows = order[start : start + 8]
        batch = [
            augment.augment(
                EVERYTHING,
                tf.constant(material.images[row : row + 1].astype("f4")),
                tf.constant(training_spec.draws(EVERYTHING, 5, 0, np.array([row]))),
            )
            for row in rows
        ]
        slow.train_on_batch(tf.concat(batch, 0), material.labels[rows])
    for one, other in zip(fast.get_weights(), slow.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
