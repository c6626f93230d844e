"""The samples of a map: colours and clouds of points, always the same ones, and the pictures of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.pictures import datasets, images
from models.som.lattice import Floats

SEED = 7  # samples stay the same when the visitor changes the seed of the map
COUNT = 1000  # samples drawn
DIGITS = "digits"  # the data set whose pictures are grey
PICTURE_SIDE = 24  # pixels of a side of larger pictures: 1,728 numbers each
SHAPES: dict[str, tuple[str, ...]] = {
    "points": ("ring", "square", "two moons", "clusters"),
    "points3d": ("sphere", "swiss roll"),
}
CENTRES = ((-0.6, -0.6), (0.6, -0.5), (-0.4, 0.6), (0.6, 0.6))  # of the clusters
MOONS, CLUSTERS = ("upper moon", "lower moon"), tuple(f"cluster {number}" for number in (1, 2, 3, 4))
_NOISE = {"two moons": 0.06, "clusters": 0.12}  # standard deviations
# Red, green and blue in 0..255; the eleven basic colour words of Berlin and Kay, 1969, as CSS defines them.
NAMED: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "yellow": (255, 255, 0),
    "blue": (0, 0, 255),
    "brown": (165, 42, 42),
    "orange": (255, 165, 0),
    "pink": (255, 192, 203),
    "purple": (128, 0, 128),
    "grey": (128, 128, 128),
}
_COLOUR_NOISE = 0.04  # standard deviation around a named colour, channels in 0..1


@dataclass(frozen=True)
class SomData:
    """Samples of a map.

    Attributes:
        features: float32 (N, D); rows of a table float64.
        labels: Class of each sample, int64 (N,); empty without classes.
        classes: Names of the classes.
    """

    features: Floats
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @classmethod
    def unlabelled(cls, features: Floats) -> SomData:
        """Return samples (N, D) without classes."""
        return cls(features, np.empty(0, np.int64), ())


def random_colours() -> SomData:
    """Return COUNT colours as red, green and blue in 0..1, evenly spread."""
    return SomData.unlabelled(np.random.default_rng(SEED).random((COUNT, 3), np.float32))


def named_colours() -> SomData:
    """Return COUNT colours as red, green and blue in 0..1, around those of `NAMED`, which are their classes."""
    rng = np.random.default_rng(SEED)
    labels = rng.integers(len(NAMED), size=COUNT)
    noisy = np.array(list(NAMED.values()))[labels] / 255 + rng.normal(0, _COLOUR_NOISE, (COUNT, 3))
    return SomData(np.asarray(noisy.clip(0, 1), np.float32), labels, tuple(NAMED))


def cloud(shape: str) -> SomData:
    """Return COUNT points of a shape between about -1 and 1 along every axis, two or three; some shapes have classes.

    Raises:
        InputError: There is no such shape.
    """
    rng = np.random.default_rng(SEED)
    labels: NDArray[np.int64] = np.empty(0, np.int64)
    classes: tuple[str, ...] = ()
    along = rng.random(COUNT)
    if shape == "square":
        points = rng.uniform(-1, 1, (COUNT, 2))
    elif shape == "ring":
        points = _polar(2 * np.pi * along, np.sqrt(rng.uniform(0.6**2, 1, COUNT)))
    elif shape == "two moons":
        labels, classes = np.arange(COUNT) % 2, MOONS
        side = 1 - 2 * labels  # +1 above, -1 below
        points = 0.7 * _polar(np.pi * along, np.ones(COUNT)) * side[:, None]
        points += side[:, None] * np.array([-0.3, -0.2]) + rng.normal(0, _NOISE[shape], points.shape)
    elif shape == "clusters":
        labels, classes = np.arange(COUNT) % len(CENTRES), CLUSTERS
        points = np.array(CENTRES)[labels] + rng.normal(0, _NOISE[shape], (COUNT, 2))
    elif shape == "sphere":
        points = rng.normal(size=(COUNT, 3))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    elif shape == "swiss roll":
        angle = np.pi * (1 + 2.5 * along)
        points = np.column_stack([_polar(angle, angle / (3.5 * np.pi)), rng.uniform(-1, 1, COUNT)])
    else:
        known = ", ".join(name for names in SHAPES.values() for name in names)
        raise InputError(f"Expected a shape out of {known}. Received {shape[:40]!r}.")
    return SomData(points.astype(np.float32), labels, classes)


def digits() -> SomData:
    """Return the scanned digits, 64 pixels in 0..1 each."""
    data = datasets.load(DIGITS)
    shades = np.asarray(data.images[..., 0].reshape(len(data.images), -1) / 255, np.float32)
    return SomData(shades, np.asarray(data.labels, np.int64), data.spec.classes)


def pixels(dataset: str) -> SomData:
    """Return the pictures of a data set as red, green and blue in 0..1, sides at most PICTURE_SIDE; digits are grey."""
    if dataset == DIGITS:
        return digits()
    data = datasets.load(dataset)
    height, width = picture_shape(dataset)[:2]
    small = images.resize(data.images, height, width).reshape(len(data.images), -1)
    return SomData(np.divide(small, 255, dtype=np.float32), np.asarray(data.labels, np.int64), data.spec.classes)


def picture_shape(dataset: str) -> tuple[int, int, int]:
    """Return (height, width, channels) of a picture of a data set as `pixels` gives it."""
    spec = datasets.get(dataset)
    side = min(PICTURE_SIDE, max(spec.height, spec.width))
    return side, side, 1 if dataset == DIGITS else 3


def described(dataset: str, features: Floats) -> SomData:
    """Return the pictures of a data set as the features (N, D) that a network answers to them."""
    return SomData(features, np.asarray(datasets.labels(dataset), np.int64), datasets.get(dataset).classes)


def _polar(angle: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns of numbers (N, D) with mean 0 and standard deviation 1; a constant column becomes 0.

    A column keeps the digits in which its values differ, however far from 0 they lie: of times in seconds, say.
    """
    # From its first value on, and scaled: the square of a large number would be infinite. Halves, since differences of
    # the largest numbers would be.
    values = values / 2 - values[0] / 2
    values = values / np.maximum(np.abs(values).max(axis=0), np.finfo(np.float64).tiny)
    values = values - values.mean(axis=0)
    spread = values.std(axis=0)
    scaled: NDArray[np.float64] = np.divide(values, spread, out=np.zeros_like(values), where=spread > 0)
    return scaled


def as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return 0..1 as 0..255, clipped and rounded."""
    scaled: NDArray[np.uint8] = (values.clip(0, 1) * 255).round().astype(np.uint8)
    return scaled
