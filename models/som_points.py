"""Clouds of points in two and three dimensions, over which a map is seen to unfold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.som_measures import Floats

SHAPES: dict[str, tuple[str, ...]] = {
    "points": ("ring", "square", "two moons", "clusters"),
    "points3d": ("sphere", "swiss roll"),
}
POINTS = 1000
SEED = 7  # the points stay the same when the visitor changes the seed of the map
CENTRES = ((-0.6, -0.6), (0.6, -0.5), (-0.4, 0.6), (0.6, 0.6))  # of the clusters
MOONS, CLUSTERS = ("upper moon", "lower moon"), tuple(f"cluster {number}" for number in (1, 2, 3, 4))
_NOISE = {"two moons": 0.06, "clusters": 0.12}  # standard deviations


def cloud(shape: str) -> tuple[Floats, NDArray[np.int64], tuple[str, ...]]:
    """Return POINTS points of a shape, always the same ones, between about -1 and 1 along every axis.

    Returns:
        Points float32 (N, 2) or (N, 3); class of each int64 (N,), empty where the shape has none; names of the classes.

    Raises:
        InputError: There is no such shape.
    """
    rng = np.random.default_rng(SEED)
    labels: NDArray[np.int64] = np.empty(0, np.int64)
    classes: tuple[str, ...] = ()
    along = rng.random(POINTS)
    if shape == "square":
        points = rng.uniform(-1, 1, (POINTS, 2))
    elif shape == "ring":
        points = _polar(2 * np.pi * along, np.sqrt(rng.uniform(0.6**2, 1, POINTS)))
    elif shape == "two moons":
        labels, classes = np.arange(POINTS) % 2, MOONS
        side = 1 - 2 * labels  # +1 above, -1 below
        points = 0.7 * _polar(np.pi * along, np.ones(POINTS)) * side[:, None]
        points += side[:, None] * np.array([-0.3, -0.2]) + rng.normal(0, _NOISE[shape], points.shape)
    elif shape == "clusters":
        labels, classes = np.arange(POINTS) % len(CENTRES), CLUSTERS
        points = np.array(CENTRES)[labels] + rng.normal(0, _NOISE[shape], (POINTS, 2))
    elif shape == "sphere":
        points = rng.normal(size=(POINTS, 3))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    elif shape == "swiss roll":
        angle = np.pi * (1 + 2.5 * along)
        points = np.column_stack([_polar(angle, angle / (3.5 * np.pi)), rng.uniform(-1, 1, POINTS)])
    else:
        known = ", ".join(name for names in SHAPES.values() for name in names)
        raise InputError(f"Expected a shape out of {known}. Received {shape[:40]!r}.")
    return points.astype(np.float32), labels, classes


def _polar(angle: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
