"""Ascents whose end is known, and every switch against its definition; pictures are never square."""

import numpy as np
import pytest

from models.errors import InputError
from models.features.ascent import COLOURS, GREY, STEP, SWITCHES, Turn, ascent, blurred, smoothed

HEIGHT, WIDTH = 8, 11


def end(objective, *, seed=0, steps=40, height=HEIGHT, width=WIDTH, **strengths):
    *_, last = ascent(objective, height, width, strengths=strengths, steps=steps, seed=seed)
    return last


def linear(kernel):
    return lambda picture: (float((kernel * picture).sum()), kernel)


def bowl(picture):
    """Half the squared distance from grey: the steepest way up leads straight away from grey."""
    away = picture - GREY
    return float(np.square(away).sum() / 2), away


def test_a_linear_unit_ends_in_a_multiple_of_its_kernel_at_its_place():
    kernel = np.zeros((HEIGHT, WIDTH, 3))
    kernel[1:7, 3:10] = np.random.default_rng(3).choice([-1.0, 1.0], (6, 7, 3))
    found = end(linear(kernel), steps=250, decay=10.0).picture
    size = np.sqrt(np.square(kernel).mean())
    np.testing.assert_allclose(found - GREY, kernel / size * STEP * 0.9 / 0.1, atol=1e-6)


def test_the_scale_of_the_answer_does_not_matter():
    kernel = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 3))
    found = [end(linear(factor * kernel), decay=2.0).picture for factor in (1e-6, 1e6)]
    np.testing.assert_allclose(*found)


def test_jitter_is_undone_exactly():
    np.testing.assert_array_equal(end(bowl, jitter=3.0, steps=7).picture, end(bowl, steps=7).picture)


def test_jitter_shifts_both_ways_by_as_much_as_allowed():
    seen, start = [], next(ascent(bowl, HEIGHT, WIDTH, strengths={}, steps=1, seed=0)).picture[..., 0]

    def back_and_forth(picture):
        """Leads nowhere in two steps, so that the brightest pixel stays the brightest."""
        seen.append(np.unravel_index(picture[..., 0].argmax(), start.shape))
        return 0.0, np.full_like(picture, (-1.0) ** len(seen))

    end(back_and_forth, jitter=2.0, steps=300)
    shifts = (np.array(seen) - np.unravel_index(start.argmax(), start.shape) + 4) % start.shape - 4
    assert {tuple(shift) for shift in shifts.tolist()} == {(r, c) for r in range(-2, 3) for c in range(-2, 3)}


def test_a_turn_by_nothing_changes_nothing_and_a_quarter_turn_is_known():
    picture = np.random.default_rng(1).uniform(0, 255, (5, 5, 3))
    np.testing.assert_allclose(Turn(5, 5, 0.0, 1.0).apply(picture), picture)
    np.testing.assert_allclose(Turn(5, 5, np.pi / 2, 1.0).apply(picture), np.rot90(picture, -1), atol=1e-9)


def test_zoom_enlarges_about_the_middle():
    ramp = np.broadcast_to(np.arange(WIDTH, dtype=float)[None, :, None], (HEIGHT, WIDTH, 3))
    found = Turn(HEIGHT, WIDTH, 0.0, 2.0).apply(ramp)
    np.testing.assert_allclose(found[0, :, 0], 5 + (np.arange(WIDTH) - 5) / 2)


def test_the_gradient_of_a_turn_is_its_transpose():
    chance = np.random.default_rng(2)
    picture, signal = chance.normal(size=(2, HEIGHT, WIDTH, 3))
    turned = Turn(HEIGHT, WIDTH, 0.2, 1.1)
    assert (turned.apply(picture) * signal).sum() == pytest.approx((picture * turned.transpose(signal)).sum())


def test_a_step_on_a_shifted_and_turned_copy_is_brought_back_to_the_picture():
    kernel = np.random.default_rng(6).normal(size=(HEIGHT, WIDTH, 3))
    start, after = ascent(linear(kernel), HEIGHT, WIDTH, strengths={"jitter": 3.0, "turn": 15.0}, steps=1, seed=9)
    down, across, angle, zoom = np.random.default_rng((9, 1)).uniform(-1, 1, 4)
    back = Turn(HEIGHT, WIDTH, np.deg2rad(15 * angle), 1 + 15 * zoom / 100).transpose(kernel)
    expected = np.roll(back, (-round(3 * down), -round(3 * across)), (0, 1))
    np.testing.assert_allclose(after.picture - start.picture, STEP * expected / np.sqrt(np.square(expected).mean()))


@pytest.mark.parametrize("power", [0.25, 1.0])
def test_a_smoothed_step_is_a_step_on_scaled_fourier_coefficients_of_decorrelated_colours(power):
    height, width = 4, 7
    waves = np.kron(np.fft.fft(np.eye(height), norm="ortho"), np.fft.fft(np.eye(width), norm="ortho"))
    down, across = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    scale = 1 / np.maximum(np.hypot(down, across) * width, 1) ** power
    space = (waves.conj().T @ np.diag(scale.ravel()) @ waves).real
    whole = np.kron(space, COLOURS / np.linalg.norm(COLOURS, axis=0).max())  # parameters to pixels
    gradient = np.random.default_rng(0).normal(size=(height, width, 3))
    expected = (whole @ whole.T @ gradient.ravel()).reshape(gradient.shape)
    np.testing.assert_allclose(smoothed(gradient, power), expected, atol=1e-12)


def test_blur_keeps_the_mean_and_spreads_a_pixel_as_far_as_it_says():
    picture = np.zeros((20, 31, 3))
    picture[9, 15] = 1.0
    found = blurred(picture, 1.5)
    np.testing.assert_allclose(found.mean(axis=(0, 1)), picture.mean(axis=(0, 1)))
    rows = np.arange(20) - 9
    assert (found[..., 0].sum(axis=1) * rows**2).sum() == pytest.approx(1.5**2, rel=1e-3)


def test_blur_comes_after_every_fourth_step():
    kernel = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 3))
    rough = [np.abs(np.diff(m.picture, axis=1)).sum() for m in ascent(
        linear(kernel), HEIGHT, WIDTH, strengths={"blur": 1.0}, steps=8, seed=0
    )]  # fmt: skip
    assert [i for i in range(1, 9) if rough[i] < rough[i - 1]] == [4, 8]


def test_the_start_depends_on_the_seed_and_on_no_switch():
    starts = [
        next(ascent(bowl, HEIGHT, WIDTH, strengths=strengths, steps=1, seed=seed)).picture
        for strengths, seed in (({}, 0), ({name: s.usual for name, s in SWITCHES.items()}, 0), ({}, 1))
    ]
    np.testing.assert_array_equal(starts[0], starts[1])
    assert np.abs(starts[0] - starts[2]).max() > 1


def test_a_seed_gives_the_same_picture_again_and_another_one_another():
    everything = {name: switch.usual for name, switch in SWITCHES.items()}
    kernel = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 3))
    first, again, other = (end(linear(kernel), seed=seed, **everything).picture for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1


def test_pixels_stay_between_black_and_white():
    found = end(linear(np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 3))), steps=200).picture
    assert found.min() == 0 and found.max() == 255


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_an_ascent_without_a_way_up_ends_where_it_stands(bad):
    moments = list(ascent(lambda p: (0.0, np.full_like(p, bad)), HEIGHT, WIDTH, strengths={}, steps=9, seed=0))
    assert [(m.step, m.moved) for m in moments] == [(0, True), (0, False)]


@pytest.mark.parametrize("strengths", [{"sharpen": 1.0}, {"jitter": 9.0}, {"decay": -1.0}, {"turn": np.nan}])
def test_unknown_switches_and_strengths_are_refused(strengths):
    with pytest.raises(InputError, match="Expected"):
        next(ascent(bowl, HEIGHT, WIDTH, strengths=strengths, steps=1, seed=0))


def test_what_every_switch_offers():
    offered = {name: (switch.low, switch.high, switch.step, switch.usual) for name, switch in SWITCHES.items()}
    assert offered == {
        "frequency": (0.25, 1, 0.25, 0.5),
        "jitter": (1, 8, 1, 4),  # px
        "turn": (1, 15, 1, 5),  # degrees and per cent
        "blur": (0.3, 1.5, 0.1, 0.5),  # px
        "decay": (1, 10, 1, 1),  # per cent
    }


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_the_strongest_that_a_switch_offers_is_allowed_and_no_more(switch):
    next(ascent(bowl, HEIGHT, WIDTH, strengths={switch.id: switch.high}, steps=1, seed=0))
    with pytest.raises(InputError, match="Expected"):
        next(ascent(bowl, HEIGHT, WIDTH, strengths={switch.id: switch.high + 1e-6}, steps=1, seed=0))
