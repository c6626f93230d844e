"""Gabor functions fitted to kernels: known functions are found again, noise is told from them, kinds are told apart."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from models.errors import InputError
from models.features import gabor, gabor_fit, gabor_stages
from models.features.gabor import GaborFits
from models.features.worker import gabor as worker_gabor
from models.frame8 import card
from models.storage import files

GREY, RED_GREEN = np.array([1, 1, 1]) / 3**0.5, np.array([1, -1, 0]) / 2**0.5
PARAMETERS = ("row", "col", "angle", "wavelength", "phase", "across", "along", "amplitude", "offset")


def made(height, width, colour=GREY, **numbers):
    """Kernels made of Gabor functions; a number may be one for all or a list."""
    count = max(np.size(value) for value in numbers.values())
    usual = {"row": (height - 1) / 2, "col": (width - 1) / 2, "angle": 0, "wavelength": 4, "phase": 0}
    usual |= {"across": 1.8, "along": 1.8, "amplitude": 1, "offset": 0}
    arrays = {name: np.broadcast_to(np.float32(value), count) for name, value in (usual | numbers).items()}
    ones = np.ones(count, np.float32)
    mean, colours = np.full((count, 3), 0.1, np.float32), np.broadcast_to(colour, (count, 3))
    return GaborFits("made", np.zeros((height, width, 3, count)), mean, colours, ones, ones, **arrays)


def turned(one, other):
    """Degrees between directions, which repeat after half a turn."""
    return np.abs((one - other + 90) % 180 - 90)


def picture(rule, height=7, width=9, colour=GREY):
    """One kernel whose place (row, col) has the value of `rule` times the colour."""
    rows, cols = np.indices((height, width))
    return (rule(rows, cols)[..., None] * colour)[..., None].astype(np.float32)


@pytest.mark.parametrize("size", [(7, 9), (7, 7), (5, 5)])
def test_known_functions_are_found_again(size):
    rng, n = np.random.default_rng(3), 24
    side = max(size)
    known = made(
        *size,
        colour=np.array([0.8, -0.6, 0.0]),
        row=rng.uniform(0.35, 0.65, n) * (size[0] - 1),
        col=rng.uniform(0.35, 0.65, n) * (size[1] - 1),
        angle=rng.uniform(0, 180, n),
        wavelength=rng.uniform(2.6, side, n),
        phase=rng.uniform(-180, 180, n),
        across=rng.uniform(0.15, 0.3, n) * side,
        along=rng.uniform(0.15, 0.3, n) * side,
        amplitude=rng.uniform(0.01, 2, n),
        offset=rng.uniform(-0.1, 0.1, n),
    )
    found = gabor_fit.fit(known.fitted())
    assert found.r2.min() > 0.999
    assert turned(found.angle, known.angle).max() < 1
    assert found.wavelength == pytest.approx(known.wavelength, rel=0.02)
    assert np.abs((found.phase - known.phase + 180) % 360 - 180).max() < 2
    for name in ("row", "col", "across", "along", "amplitude"):
        assert getattr(found, name) == pytest.approx(getattr(known, name), rel=0.02, abs=0.01), name
    assert np.abs(found.fitted() - known.fitted()).max() < 1e-2


def test_a_steps_slopes_are_those_of_the_function():
    rng = np.random.default_rng(8)
    points = np.indices((5, 8)).reshape(2, -1).T.astype(float)
    x = rng.normal([2, 3.5, 1, 1.4, 0.5, 0.9], 0.2, (4, 6))  # row, col, angle, and three logarithms
    linear = rng.normal(size=(4, 3))

    def value(at):
        return (gabor_fit._Basis(points, at).functions @ linear[..., None])[..., 0]

    slopes, tiny = gabor_fit._Basis(points, x).slopes(linear), 1e-6
    for number in range(6):
        step = tiny * np.eye(6)[number]
        by_difference = (value(x + step) - value(x - step)) / (2 * tiny)
        assert slopes[..., number] == pytest.approx(by_difference, abs=1e-8), number


def test_a_fit_stays_within_what_a_kernel_can_show():
    """A centre at most half a pixel outside, waves of two pixels to twice the longest side, bells up to that side."""
    low, high = gabor_fit._bounds(6, 9)
    assert low.tolist()[:3] == [-0.5, -0.5, -np.inf] and high.tolist()[:3] == [5.5, 8.5, np.inf]
    assert np.exp(low[3:]) == pytest.approx([2, 0.5, 0.5]) and np.exp(high[3:]) == pytest.approx([18, 9, 9])


def test_angles_are_those_of_the_stripes_as_they_are_seen():
    lying = picture(lambda r, c: (r == 3) - (r == 2) / 2 - (r == 4) / 2)
    upright = picture(lambda r, c: (c == 4) - (c == 3) / 2 - (c == 5) / 2)
    rising = picture(lambda r, c: np.cos(2 * np.pi * (r + c - 7) / 5))  # bright from lower left to upper right
    found = gabor_fit.fit(np.concatenate([lying, upright, rising], axis=3))
    assert turned(found.angle, np.array([0, 90, 45])).max() < 1
    assert (found.angle >= 0).all() and (found.angle < 180).all()


def test_the_phase_tells_a_bright_middle_from_a_dark_one_and_from_an_edge():
    phases = np.array([0, 180, 90, -90])
    known = made(7, 9, phase=phases, angle=70)
    found = gabor_fit.fit(known.fitted())
    assert np.abs((found.phase - phases + 180) % 360 - 180).max() < 1
    bright, dark, falling, rising = np.moveaxis(found.fitted()[..., 0, :], 2, 0)
    assert bright[3, 4] > 0.5 and dark[3, 4] < -0.3
    assert falling[3, 5] < falling[3, 3] and rising[3, 5] > rising[3, 3]


def test_r2_is_about_the_mean_colour_and_over_all_numbers_of_the_kernel():
    values = np.random.default_rng(0).normal(size=(5, 6, 3, 4)).astype(np.float32) + 3
    values[..., 0] += 4 * picture(lambda r, c: np.cos(r), 5, 6)[..., 0]
    found = gabor_fit.fit(values)
    left = ((values - found.fitted()) ** 2).sum(axis=(0, 1, 2))
    total = ((values - values.mean(axis=(0, 1))) ** 2).sum(axis=(0, 1, 2))
    assert found.r2 == pytest.approx(1 - left / total, abs=1e-4)
    assert found.r2 == pytest.approx(found.share * found.within)
    assert found.r2[0] > 0.8 > found.r2[1:].max()


def test_kernels_are_fitted_alone_whatever_is_beside_them_and_however_large_they_are():
    values = np.random.default_rng(1).normal(size=(7, 7, 3, 3)).astype(np.float32)
    together, again = gabor_fit.fit(values), gabor_fit.fit(values * np.float32([1, 1e-5, 1e4]))
    alone = gabor_fit.fit(values[..., 1:2])
    for name in ("angle", "wavelength", "within", "share"):
        assert getattr(together, name)[1:2] == pytest.approx(getattr(alone, name), abs=1e-3)
        assert getattr(together, name) == pytest.approx(getattr(again, name), abs=1e-2)


@pytest.mark.parametrize("level", [0.0, 0.7])
def test_a_constant_kernel_has_nothing_to_explain(level):
    found = gabor_fit.fit(np.full((7, 9, 3, 1), level, np.float32))
    assert found.r2.tolist() == [0] and found.share.tolist() == [0]
    assert np.isfinite([getattr(found, name)[0] for name in PARAMETERS]).all()
    assert found.fitted() == pytest.approx(found.kernels)
    assert gabor.kinds(found) == ("neither",)


def test_one_colour_is_enough_and_two_are_told_from_three():
    wave = picture(lambda r, c: np.cos(2 * np.pi * c / 4))[:, :, :1]
    found = gabor_fit.fit(wave)
    assert found.r2[0] > 0.99 and found.colour.tolist() == [[1]]
    assert gabor.kinds(found) == ("grey",)
    with pytest.raises(InputError, match="red, green and blue"):
        worker_gabor.kernels_of(
            [type("Conv2D", (), {"name": "c", "get_weights": lambda self: [np.ones((7, 7, 1, 4))]})()]
        )


@pytest.mark.parametrize("values", [np.ones((3, 3, 3, 4)), np.ones((7, 7, 3)), np.full((7, 7, 3, 1), np.nan)])
def test_what_cannot_be_fitted_is_refused_in_a_sentence(values):
    with pytest.raises(InputError, match="Expected"):
        gabor_fit.fit(values)


def test_a_small_kernel_is_told_why():
    assert "9 numbers" in gabor.too_small(3, 3) and "3 × 3 has 9 places" in gabor.too_small(3, 3)
    assert gabor.too_small(7, 7) == gabor.too_small(5, 5) == ""


KNOWN_KINDS = {
    "grey": picture(lambda r, c: np.cos(2 * np.pi * c / 4)),
    "coloured": picture(lambda r, c: np.tanh(r - 3), colour=RED_GREEN),
    "blob": picture(lambda r, c: np.exp(-((r - 3) ** 2 + (c - 4) ** 2) / 8), colour=RED_GREEN),
    "a whole tile of one colour": picture(lambda r, c: 1.0 + 0 * r, colour=RED_GREEN),
    "a grey blob": picture(lambda r, c: np.exp(-((r - 3) ** 2 + (c - 4) ** 2) / 8)),
    "a coloured chequerboard": picture(lambda r, c: (-1.0) ** (r + c), colour=RED_GREEN),
}


@pytest.mark.parametrize("name", KNOWN_KINDS)
def test_kinds_of_kernels_made_by_hand(name):
    expected = {"a whole tile of one colour": "blob", "a grey blob": "neither", "a coloured chequerboard": "neither"}
    assert gabor.kinds(gabor_fit.fit(KNOWN_KINDS[name])) == (expected.get(name, name),)


def test_the_look_of_kernels_made_by_hand():
    look = gabor.look(np.concatenate([KNOWN_KINDS[name] for name in ("grey", "blob", "coloured")], axis=3))
    assert look.colour == pytest.approx([0, 1, 1], abs=1e-6)
    assert look.orientation[0] > 0.8 and look.orientation[1] < 0.15 and look.orientation[2] > 0.5
    assert look.cycles[0] == pytest.approx(9 / 4, rel=0.1) and look.cycles[1] < 1


def test_a_higher_bar_leaves_fewer_gratings_and_the_same_blobs():
    found = gabor_stages.stages().fits[-1]
    low, high = (gabor.kinds(found, well) for well in (0.5, 0.95))
    assert low.count("grey") > high.count("grey") > 0
    assert [kind == "blob" for kind in low] == [kind == "blob" for kind in high]


def test_noise_is_far_from_a_gabor_function_but_not_at_zero():
    noise = gabor_stages.noise(7, 7)
    few = worker_gabor.of_noise(7, 7, 60)
    assert len(noise.r2) == worker_gabor.NOISE_KERNELS == 1000 and (np.diff(noise.r2) >= 0).all()
    assert np.median(few.r2) == pytest.approx(np.median(noise.r2), abs=0.02)
    assert 0.1 < np.median(noise.r2) < noise.limit < 0.25
    assert noise.orientation.max() < gabor.ORIENTED
    assert gabor_stages.noise(11, 11) is None


def test_the_shipped_fits_are_those_of_the_shipped_kernels():
    stages = gabor_stages.stages()
    assert stages.epochs == card.read_kernels().epochs and stages.epochs[0] == 0
    last = stages.fits[-1]
    assert (last.kernels == gabor.shipped("backbone:frame8:96").values).all()
    again = gabor_fit.fit(last.kernels[..., :6])
    assert again.r2 == pytest.approx(last.r2[:6], abs=1e-3)
    assert gabor_stages.shipped("backbone:frame8:96").r2.tolist() == last.r2.tolist()
    assert gabor_stages.shipped("backbone:frame8:64:random").r2.tolist() == stages.fits[0].r2.tolist()
    for other in ("run:example", "backbone:resnet50v2:96", "backbone:frame8:64:top"):
        assert gabor_stages.shipped(other) is None
    shares = [(fits.r2 >= gabor.WELL).mean() for fits in stages.fits]
    assert shares[0] == 0 and shares == sorted(shares) and shares[-1] > 0.6


def test_the_random_network_is_the_one_that_the_pretraining_began_with():
    begun = gabor_stages.stages().fits[0]
    assert worker_gabor.first_kernels("backbone:frame8:64:random").values == pytest.approx(begun.kernels, abs=2e-4)
    with pytest.raises(InputError, match="at least 18 places"):
        worker_gabor.gabor_fits("backbone:mobilenetv2:64:random")


def test_fits_of_other_weights_and_damaged_files_are_not_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(gabor_stages, "FOLDER", tmp_path)
    assert gabor_stages.stages() is None and gabor_stages.shipped("backbone:frame8:64") is None
    recording = files.unpack((card.FOLDER.parent / "gabor" / "frame8.npz").read_bytes(), gabor_stages.Recording)
    (tmp_path / "frame8.npz").write_bytes(files.pack(recording))
    assert gabor_stages.stages() is not None
    (tmp_path / "frame8.npz").write_bytes(files.pack(dataclasses.replace(recording, digest="0" * 12)))
    assert gabor_stages.stages() is None
    (tmp_path / "noise-7x7.npz").write_bytes(b"PK damaged")
    assert gabor_stages.noise(7, 7) is None


def test_the_first_convolution_is_found():
    class Conv2D(SimpleNamespace):
        pass

    class ReLU(SimpleNamespace):
        pass

    values = np.random.default_rng(0).normal(size=(2, 3, 3, 2)).astype(np.float32)
    layers = [ReLU(name="relu"), Conv2D(name="conv1", get_weights=lambda: [values])]
    found = worker_gabor.kernels_of(layers)
    assert found.layer == "conv1"
    np.testing.assert_array_equal(found.values, values)
    with pytest.raises(InputError, match="looks at red, green and blue"):
        worker_gabor.kernels_of([Conv2D(name="c", get_weights=lambda: [np.zeros((3, 3, 1, 4))])])
    with pytest.raises(InputError, match="Received another"):
        worker_gabor.kernels_of([])


def test_the_shipped_kernels_need_no_worker():
    found = gabor.shipped("backbone:frame8:64")
    assert (found.layer, found.values.shape, found.values.dtype) == ("conv1", (7, 7, 3, 48), np.float32)
    assert gabor.shipped("backbone:frame8:64:random") is None and gabor.shipped("run:example") is None
