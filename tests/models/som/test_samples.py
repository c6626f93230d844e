"""Samples that are drawn at random, always the same ones."""

import numpy as np
import pytest
from PIL import ImageColor

from models.errors import InputError
from models.som import samples
from models.som.data import SomTask, load
from models.som.samples import NAMED, cloud


@pytest.mark.parametrize(("source", "shape"), [(s, shape) for s, shapes in samples.SHAPES.items() for shape in shapes])
def test_clouds_are_small_centred_and_always_the_same(source, shape):
    data = cloud(shape)
    points, labels, classes = data.features, data.labels, data.classes
    assert points.shape == (1000, 2 if source == "points" else 3) and points.dtype == np.float32
    assert abs(points).max() < 1.3 and (abs(points.max(axis=0) + points.min(axis=0)) < 0.4).all()
    assert len(labels) == (1000 if classes else 0) and (points == cloud(shape).features).all()
    assert (load(SomTask(source, shape=shape)).features == points).all()


def test_shapes_are_what_they_are_called():
    length = {shape: np.linalg.norm(cloud(shape).features, axis=1) for shape in ("ring", "sphere")}
    assert length["ring"].min() > 0.59 and length["ring"].max() < 1.01
    assert length["sphere"] == pytest.approx(1, abs=1e-5)
    clusters = cloud("clusters")
    for number, centre in enumerate(samples.CENTRES):
        assert clusters.features[clusters.labels == number].mean(axis=0) == pytest.approx(centre, abs=0.03)
    moons = cloud("two moons")
    assert moons.features[moons.labels == 0, 1].mean() > 0.1 and moons.features[moons.labels == 1, 1].mean() < -0.1
    with pytest.raises(InputError, match="Expected a shape out of ring, square, two moons, clusters, sphere, swiss"):
        cloud("cube")


def test_shapes_are_filled_evenly_and_as_noisy_as_they_are_meant_to_be():
    assert np.abs(cloud("square").features).max(axis=0) == pytest.approx([1, 1], abs=0.01)
    assert np.square(cloud("ring").features).sum(axis=1).mean() == pytest.approx((0.6**2 + 1) / 2, abs=0.02)
    clusters = cloud("clusters")
    assert clusters.classes == ("cluster 1", "cluster 2", "cluster 3", "cluster 4")
    centres = np.array([[-0.6, -0.6], [0.6, -0.5], [-0.4, 0.6], [0.6, 0.6]])
    assert (clusters.features - centres[clusters.labels]).std() == pytest.approx(0.12, rel=0.05)
    assert abs(np.corrcoef((clusters.features - centres[clusters.labels]).T)[0, 1]) < 0.15  # each axis its own
    moons = cloud("two moons")
    assert moons.classes == ("upper moon", "lower moon")
    for label, side in ((0, 1), (1, -1)):  # halves of circles around (-0.3, -0.2) and (0.3, 0.2)
        x, y = side * moons.features[moons.labels == label].T - np.array([[-0.3], [-0.2]])
        assert (np.hypot(x, y) - 0.7).std() == pytest.approx(0.06, rel=0.1) and np.hypot(x, y).mean() < 0.72
        assert (y > -0.25).all() and 0.6 < x.max() < 0.9 and -0.9 < x.min() < -0.6


def test_the_swiss_roll_is_a_spiral_of_a_turn_and_a_quarter_that_is_two_wide():
    x, y, along = cloud("swiss roll").features.T
    radius = np.hypot(x, y)
    assert (radius.min(), radius.max()) == (pytest.approx(1 / 3.5, abs=0.01), pytest.approx(1, abs=0.01))
    angle = radius * 3.5 * np.pi  # from half a turn to one and three quarters
    assert np.stack([np.cos(angle), np.sin(angle)]) == pytest.approx(np.stack([x, y]) / radius, abs=1e-4)
    assert (along.min(), along.max()) == (pytest.approx(-1, abs=0.01), pytest.approx(1, abs=0.01))


def test_named_colours_lie_around_their_names():
    assert len(NAMED) == 11 and {name: ImageColor.getrgb(name) for name in NAMED} == NAMED  # Pillow's are those of CSS
    data = samples.named_colours()
    assert data.features.shape == (1000, 3) and data.features.min() >= 0 and data.features.max() <= 1
    orange = data.features[data.labels == data.classes.index("orange")].mean(axis=0) * 255
    assert orange == pytest.approx(NAMED["orange"], abs=8)
    grey = data.features[data.labels == data.classes.index("grey")]
    assert grey.std(axis=0) == pytest.approx(0.04, rel=0.3)
    assert (samples.random_colours().features == samples.random_colours().features).all()


@pytest.mark.parametrize("start", [0.0, 1_760_000_000.0, 4_294_967_290.0, -1e12])
def test_standardised_columns_keep_the_digits_in_which_they_differ(start):
    seconds = np.random.default_rng(0).integers(0, 100, 50).astype(float)
    found = samples.standardised(np.stack([start + seconds, np.full(50, start), start + (np.arange(50) == 7)], axis=1))
    assert found[:, 0] == pytest.approx((seconds - seconds.mean()) / seconds.std(), abs=1e-12)
    assert (found[:, 1] == 0).all()
    assert len(np.unique(found[:, 2])) == 2 and found[:, 2].std() == pytest.approx(1)


def test_the_largest_and_the_smallest_numbers_are_standardised():
    large = samples.standardised(np.array([[-1.7e308, 3e-300], [1.7e308, 1e-300], [0.0, 2e-300]]))
    assert large == pytest.approx(np.array([[-1, 1], [1, -1], [0, 0]]) * 1.5**0.5)
