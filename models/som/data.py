"""What a self-organising map can be trained on: colours, points, pictures, a network's features, a visitor's table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.pictures import datasets, images
from models.som import tables
from models.som.lattice import Floats
from models.som.spec import SomSpec
from models.storage.specs import PlainSpec

# FOLDED models/som/data.py: Clouds of points in two and three dimensions, over which a map is seen to unfold.

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
SOURCES = ("colours", "named", "points", "points3d", "digits", "pictures", "features", "table")
PICTURE_SIDE = 24  # pixels of a side of larger pictures: 1,728 numbers each
FEATURES_FILE = "features.npy"  # in the folder of a run: what the network answered
COLOURS = 1000  # samples drawn for the two colour sources
COLOUR_NOISE = 0.04  # standard deviation around a named colour, channels in 0..1
DATA_SEED = 7  # the colours stay the same when the visitor changes the seed of the map


@dataclass(frozen=True)
class SomTask(PlainSpec):
    """One training of a map: on what, and how.

    Attributes:
        source: "colours" (uniform in the RGB cube), "named" (around eleven named colours), "points" and "points3d" (a
            cloud in two or three dimensions), "digits" (64 pixels), "pictures" (the pixels of a data set), "features"
            (the pooled activations of one layer for every picture of a data set), or "table" (an uploaded CSV).
        som: The map.
        network, layer: Ids, for "features" only.
        dataset: Id, for "features" and "pictures".
        shape: Of the cloud, one of `som_points.SHAPES[source]`.
        table: Id of the stored table.
        columns: Names of its numeric columns to train on.
        label: Name of its column with the classes, or "".
        standardise: Whether each column of the table gets mean 0 and standard deviation 1.
        rotations: Whether a picture counts as the same when it is turned or mirrored; for "pictures" only.
    """

    source: str = "colours"
    som: SomSpec = field(default_factory=SomSpec)
    network: str = ""
    layer: str = ""
    dataset: str = ""
    shape: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    label: str = ""
    standardise: bool = True
    rotations: bool = False

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise InputError(f"Expected the data of a map to be one of {', '.join(SOURCES)}. Received {self.source}.")
        if self.source == "features" and not (self.network and self.layer and self.dataset):
            raise InputError("Expected a network, a layer and a data set for a map of features. Received only a part.")
        if self.source == "pictures":
            datasets.get(self.dataset)
        shapes = SHAPES.get(self.source, ("",))
        if self.shape not in shapes:
            raise InputError(f"Expected a shape out of {', '.join(filter(None, shapes)) or 'none'}. Received another.")
        if self.source == "table" and not (self.table and self.columns):
            raise InputError("Expected a table and at least one of its columns of numbers. Received none.")
        if self.rotations and (self.source != "pictures" or self.som.method != "batch"):
            raise InputError("Expected pictures and batch training for a map that ignores rotations. Received others.")


@dataclass(frozen=True)
class SomData:
    """Samples of a map: features float32 (N, D), class of each int64 (N,) (empty without classes), class names."""

    features: Floats
    labels: NDArray[np.int64]
    classes: tuple[str, ...]


def colours(source: str) -> SomData:
    """RGB colours in 0..1, always the same ones."""
    rng = np.random.default_rng(DATA_SEED)
    if source == "colours":
        return SomData(rng.random((COLOURS, 3), np.float32), np.empty(0, np.int64), ())
    labels = rng.integers(len(NAMED), size=COLOURS)
    noisy = np.array(list(NAMED.values()))[labels] / 255 + rng.normal(0, COLOUR_NOISE, (COLOURS, 3))
    features: Floats = np.asarray(noisy.clip(0, 1), np.float32)
    return SomData(features, labels, tuple(NAMED))


def digits() -> SomData:
    """The scanned digits, 64 pixels in 0..1 each."""
    data = datasets.load("digits")
    pixels = np.asarray(data.images[..., 0].reshape(len(data.images), -1) / 255, np.float32)
    return SomData(pixels, np.asarray(data.labels, np.int64), data.spec.classes)


def pixels(dataset: str) -> SomData:
    """The pictures of a data set as red, green and blue in 0..1, sides at most PICTURE_SIDE (digits: see `digits`)."""
    if dataset == "digits":
        return digits()
    data = datasets.load(dataset)
    height, width = picture_shape(dataset)[:2]
    small = images.resize(data.images, height, width).reshape(len(data.images), -1)
    return SomData(np.divide(small, 255, dtype=np.float32), np.asarray(data.labels, np.int64), data.spec.classes)


def picture_shape(dataset: str) -> tuple[int, int, int]:
    """Return (height, width, channels) of a picture of a data set as `pixels` gives it."""
    spec = datasets.get(dataset)
    side = min(PICTURE_SIDE, max(spec.height, spec.width))
    return side, side, 1 if dataset == "digits" else 3


def pictures(dataset: str, features: Floats) -> SomData:
    """The pictures of a data set, described by features (N, D) that a worker computed."""
    return SomData(features, np.asarray(datasets.labels(dataset), np.int64), datasets.get(dataset).classes)


def load(task: SomTask, folder: Path | None = None) -> SomData:
    """Return what a task trains on.

    Args:
        task: The task.
        folder: Of the run, for "features": only a worker can compute them, and leaves them there.

    Raises:
        InputError: The table is gone or lacks a column, or the features are not there (yet).
    """
    if task.source in SHAPES:
        return SomData(*cloud(task.shape))
    if task.source == "table":
        table = tables.load(task.table)
        return SomData(*tables.samples(table, task.columns, task.label, task.standardise))
    if task.source in ("digits", "pictures"):
        return pixels(task.dataset or "digits")
    if task.source != "features":
        return colours(task.source)
    try:
        features = np.load((folder or Path()) / FEATURES_FILE, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError("Expected the features of a run. Received none: train this map again.") from error
    return pictures(task.dataset, features)


def sample_pictures(task: SomTask, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The samples with these numbers as pictures, uint8 (n, H, W, 3); a colour is one pixel.

    Raises:
        InputError: Points and rows of a table are no pictures.
    """
    if task.source in ("colours", "named"):
        rgb: NDArray[np.uint8] = (colours(task.source).features[indices] * 255).round().astype(np.uint8)
        return rgb[:, None, None, :]
    if task.source not in ("digits", "pictures", "features"):
        raise InputError(f"Expected samples that are pictures. Received {task.source}.")
    return np.asarray(datasets.load(task.dataset or "digits").images[indices], np.uint8)
