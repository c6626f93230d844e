"""Kernels beside their fits, R2 as points, angles on the half circle: the numbers are read back out of the figures."""

import io

import numpy as np
import pytest
from PIL import Image

from dashboard.figures import gabor
from models.errors import InputError
from models.features import gabor_fit, gabor_stages


@pytest.fixture(scope="module")
def fits():
    """Three kernels of 5 x 7 px: upright grey stripes, noise, a flat red and green edge."""
    rows, cols = np.indices((5, 7))
    values = np.random.default_rng(0).normal(size=(5, 7, 3, 3))
    values[..., 0] = np.cos(2 * np.pi * cols / 3.5)[..., None]
    values[..., 2] = (2.0 - rows)[..., None] * [1, -1, 0]
    return gabor_fit.fit(values.astype(np.float32))


def test_orders(fits):
    assert gabor.order(fits, "number", 0.8).tolist() == [0, 1, 2]
    assert gabor.order(fits, "r2", 0.8)[-1] == 1
    assert gabor.order(fits, "kind", 0.8).tolist() == [0, 2, 1]  # grey, coloured, neither
    by_angle = fits.angle[gabor.order(fits, "angle", 0.8)]
    assert (np.diff(by_angle) >= -0.5).all()
    assert (np.diff(fits.wavelength[gabor.order(fits, "wavelength", 0.8)]) >= 0).all()


def test_kernel_fit_and_rest_are_on_one_scale(fits):
    pictures = gabor.pictures(fits)
    assert pictures.shape == (3, 3, 5, 7, 3) and pictures.dtype == np.uint8
    kernel, fit, rest = pictures[0].astype(int)
    assert kernel.max() == 255 and np.abs(fit - kernel).max() <= 12 and np.abs(rest - 128).max() <= 12
    assert np.abs(pictures[1, 2].astype(int) - 128).max() > 40  # noise is not explained


def test_the_sheet_has_each_kernel_beside_its_fit(fits):
    order = np.array([2, 0, 1])
    grid = gabor.sheet(fits, order, 0.8)
    sprite = np.asarray(Image.open(io.BytesIO(grid.sprite)))
    assert sprite.shape == (5, 2 * gabor.COLUMNS * 7, 3)
    assert (grid.width, grid.height, grid.parts, grid.channels) == (7, 5, 2, (2, 0, 1))
    expected = gabor.pictures(fits)[2]
    assert (sprite[:, :7] == expected[0]).all() and (sprite[:, 7:14] == expected[1]).all()
    assert grid.captions[1] == f"0 · {fits.r2[0]:.2f}"
    assert "edge or grating, grey" in grid.labels[1] and "stripes at 90°" in grid.labels[1]
    assert "wavelength at least 14.0 px" in grid.labels[0]


def test_every_kernel_is_a_point_and_every_network_a_row(fits):
    noise = gabor_stages.noise(7, 7)
    rows = {"Pretrained": fits.r2, gabor.NOISE: noise.r2}
    figure = gabor.strips(rows, noise.limit, 0.85)
    points = {trace.name: trace for trace in figure.data}
    assert points["Pretrained"].x.tolist() == fits.r2.tolist()
    assert np.abs(np.array(points["Pretrained"].y)).max() < 0.5
    assert points["Median of Noise"].x[0] == pytest.approx(np.median(noise.r2))
    assert figure.layout.yaxis.ticktext == ("Pretrained (3)", "Noise (1,000)")
    assert [shape.x0 for shape in figure.layout.shapes] == [noise.limit, 0.85]
    assert [mark.text for mark in figure.layout.annotations] == ["95% of noise: 0.19", "well fitted: 0.85"]
    assert len(gabor.strips(rows, None, 0.85).layout.shapes) == 1


def test_the_half_circle_shows_edges_and_gratings_only(fits):
    found = ("grey", "neither", "coloured")
    figure = gabor.compass(fits, found, 0)
    shown = {
        round(float(r), 3): round(float(t), 1)
        for trace in figure.data
        for r, t in zip(trace.r, trace.theta, strict=True)
    }
    assert shown == {round(float(fits.wavelength[n]), 3): round(float(fits.angle[n]), 1) for n in (0, 2)}
    assert figure.data[-1].name == "kernel 0" and figure.data[-1].marker.symbol == "circle-open"
    assert "open" in next(trace for trace in figure.data if len(trace.r) and trace.r[0] > 13).marker.symbol
    assert all(trace.name != "kernel 1" for trace in gabor.compass(fits, found, 1).data)


def kernels():
    """Two kernels of 2 x 3 pixels: one reaches 0.5 (red, top left) and -0.25, one 2.0 (blue, bottom right)."""
    values = np.zeros((2, 3, 3, 2), np.float32)
    values[0, 0, 0, 0], values[1, 2, 1, 0], values[1, 2, 2, 1] = 0.5, -0.25, 2.0
    return values


def test_each_kernel_has_its_own_scale():
    drawn = gabor.mosaic(kernels(), "kernel", columns=2, tile=3)
    assert drawn.image.shape == (2, 3 + 4 + 3, 4) and drawn.limit is None
    first, second = drawn.image[:, :3], drawn.image[:, 7:]
    assert first[0, 0].tolist() == [255, 128, 128, 255]
    assert first[1, 2].tolist() == [128, 64, 128, 255]  # 128 - 127 / 2, to the nearest even number
    assert second[1, 2].tolist() == [128, 128, 255, 255]
    assert (drawn.image[:, 3:7, 3] == 0).all()


def test_one_scale_for_all_is_stated():
    drawn = gabor.mosaic(kernels(), "joint", columns=1, tile=3)
    assert drawn.limit == 2.0
    assert drawn.image.shape == (2 + 4 + 2, 3, 4)
    assert drawn.image[0, 0].tolist() == [160, 128, 128, 255]  # 128 + 127 / 4


def test_tiles_are_enlarged_crisply():
    drawn = gabor.mosaic(kernels(), "kernel", columns=2, tile=9)
    assert drawn.image.shape == (6, 9 + 4 + 9, 4)
    assert len(np.unique(drawn.image[:, :9].reshape(-1, 4), axis=0)) == 3


def test_dead_kernels_are_grey_and_other_shapes_refused():
    assert (gabor.mosaic(np.zeros((3, 3, 3, 1)), "kernel", columns=1).image[..., :3] == 128).all()
    with pytest.raises(InputError, match=r"Received \(3, 3, 64, 8\)"):
        gabor.mosaic(np.zeros((3, 3, 64, 8)), "kernel", columns=4)
