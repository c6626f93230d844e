"""What a self-organising map can be trained on: colours, digits, and the features of a network."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import datasets
from models.errors import InputError
from models.som import SomSpec
from models.som_measures import Floats

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
SOURCES = ("colours", "named", "digits", "features")
COLOURS = 1000  # samples drawn for the two colour sources
COLOUR_NOISE = 0.04  # standard deviation around a named colour, channels in 0..1
DATA_SEED = 7  # the colours stay the same when the visitor changes the seed of the map


@dataclass(frozen=True)
class SomTask:
    """One training of a map: on what, and how.

    Attributes:
        source: "colours" (uniform in the RGB cube), "named" (around eleven named colours), "digits" (64 pixels), or
            "features" (the pooled activations of one layer for every picture of a data set).
        som: The map.
        network, layer, dataset: Ids, for "features" only.
    """

    source: str = "colours"
    som: SomSpec = field(default_factory=SomSpec)
    network: str = ""
    layer: str = ""
    dataset: str = ""

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise InputError(f"Expected the data of a map to be one of {', '.join(SOURCES)}. Received {self.source}.")
        if self.source == "features" and not (self.network and self.layer and self.dataset):
            raise InputError("Expected a network, a layer and a data set for a map of features. Received only a part.")

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> SomTask:
        """Return the task that `to_json` wrote; raises InputError for values out of range."""
        return cls(**{**fields, "som": SomSpec.from_json(fields["som"])})


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


def pictures(dataset: str, features: Floats) -> SomData:
    """The pictures of a data set, described by features (N, D) that a worker computed."""
    return SomData(features, np.asarray(datasets.labels(dataset), np.int64), datasets.get(dataset).classes)


def sample_pictures(task: SomTask, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The samples with these numbers as pictures, uint8 (n, H, W, 3); a colour is one pixel."""
    if task.source in ("colours", "named"):
        pixels: NDArray[np.uint8] = (colours(task.source).features[indices] * 255).round().astype(np.uint8)
        return pixels[:, None, None, :]
    return np.asarray(datasets.load(task.dataset or "digits").images[indices], np.uint8)
