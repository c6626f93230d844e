"""What maps are trained on: a class for each kind of source, which knows its samples, their number and their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.backbones.registry import BACKBONES
from models.errors import InputError
from models.ids import NetworkId
from models.networks import layers
from models.pictures import datasets
from models.som import samples, tables
from models.som.samples import SomData
from models.som.spec import MAX_SNAPSHOTS

if TYPE_CHECKING:
    from models.som.data import SomTask

FEATURES_FILE = "features.npy"  # in the folder of a run: what the network answered
FrameKind = Literal["colours", "pictures", "nearest", "net"]
_FEW_SNAPSHOTS = 51  # frames that are pictures are larger than grids of colours


class Source(ABC):
    """The data of one task, of one kind.

    Attributes:
        task: The task.
        title: Of the kind of data, as a choice.
        needs: The fields of a task that say which data of this kind it is.
        shapes: What the field `shape` of a task may be.
        sample_is: What a sample, and so the weights of a unit, is: a colour, a point, the pixels of a picture, features
            (numbers that a network answers to a picture), or a row of a table.
        side, kept: Rows and columns, and snapshots kept, of the map that a page offers at first.
        ignores_rotations: Whether a map of this data can ignore rotations.
        number: Bytes of a value of a sample: 4 for float32, 8 for float64.
    """

    title: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    shapes: ClassVar[tuple[str, ...]] = ("",)
    sample_is: ClassVar[Literal["colour", "point", "pixels", "features", "row"]]
    side: ClassVar[int] = 12
    kept: ClassVar[int] = MAX_SNAPSHOTS
    ignores_rotations: ClassVar[bool] = False
    number: ClassVar[int] = 4

    def __init__(self, task: SomTask) -> None:
        self.task = task

    def check(self) -> None:
        """Raise InputError where the task lacks a field, or has one that makes no sense for this data."""
        if self.task.shape not in self.shapes:
            known = ", ".join(filter(None, self.shapes)) or "none"
            raise InputError(f"Expected a shape out of {known}. Received another.")
        if self.task.rotations and not (self.ignores_rotations and self.task.som.method == "batch"):
            raise InputError("Expected pictures and batch training for a map that ignores rotations. Received others.")

    @property
    def name(self) -> str:
        """What the data is called."""
        return self.title

    @abstractmethod
    def size(self) -> tuple[int, int]:
        """Return how many samples there are, and how many features each has, without making them."""

    @abstractmethod
    def load(self, folder: Path | None) -> SomData:
        """Return the samples, see the function `load`."""

    @abstractmethod
    def frame_kind(self, depth: int) -> FrameKind:
        """Return how frames of a film are stored, see `SomRecord.kind`, for samples of `depth` features."""

    @abstractmethod
    def feature_names(self, depth: int) -> list[str]:
        """Return what each of the `depth` features stands for."""

    @property
    def is_pictured(self) -> bool:
        """Whether samples can be shown as pictures."""
        return self.sample_is in ("colour", "pixels", "features")

    def tiles(self, _: NDArray[Any]) -> NDArray[np.uint8] | None:
        """Return samples or weights (n, D) as pictures, uint8 (n, H, W, 3), a colour as a pixel; or None."""
        return None

    def pictures(self, _: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the pictures behind the samples with these numbers, see `sample_pictures`."""
        raise InputError(f"Expected samples that are pictures. Received {self.task.source}.")

    def seconds_before(self) -> float:
        """Return how long it takes before the training can begin."""
        return 0.0


class _RandomColours(Source):
    """Red, green and blue in 0..1, evenly spread."""

    title, sample_is, side = "Random colours", "colour", 20

    def size(self) -> tuple[int, int]:
        return samples.COUNT, 3

    def load(self, _: Path | None = None) -> SomData:
        return samples.random_colours()

    def frame_kind(self, _: int) -> FrameKind:
        return "colours"

    def feature_names(self, _: int) -> list[str]:
        return ["Red", "Green", "Blue"]

    def tiles(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        return samples.as_bytes(values)[:, None, None, :]

    def pictures(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.tiles(self.load().features[indices])


class _NamedColours(_RandomColours):
    """Red, green and blue in 0..1, around eleven colours that have a name."""

    title = "Named colours"

    def load(self, _: Path | None = None) -> SomData:
        return samples.named_colours()


class _PlanePoints(Source):
    """A cloud of points in the plane."""

    title, needs, sample_is = "Points in a plane", ("shape",), "point"
    shapes = samples.SHAPES["points"]
    axes: ClassVar[tuple[str, ...]] = ("x", "y")

    @property
    def name(self) -> str:
        return self.task.shape.capitalize()

    def size(self) -> tuple[int, int]:
        return samples.COUNT, len(self.axes)

    def load(self, _: Path | None) -> SomData:
        return samples.cloud(self.task.shape)

    def frame_kind(self, _: int) -> FrameKind:
        return "net"

    def feature_names(self, _: int) -> list[str]:
        return list(self.axes)


class _SpacePoints(_PlanePoints):
    """A cloud of points in space."""

    title, shapes, axes = "Points in space", samples.SHAPES["points3d"], ("x", "y", "z")


class _Pictures(Source):
    """The pixels of the pictures of a data set, in 0..1."""

    title, sample_is = "Pictures of the data", "pixels"
    needs: ClassVar[tuple[str, ...]] = ("dataset",)
    kept, ignores_rotations = _FEW_SNAPSHOTS, True

    def check(self) -> None:
        super().check()
        datasets.get(self.dataset)

    @property
    def dataset(self) -> str:
        """The id of the data set."""
        return self.task.dataset

    @property
    def name(self) -> str:
        return datasets.get(self.dataset).title + (" in any rotation" if self.task.rotations else " as pixels")

    def size(self) -> tuple[int, int]:
        height, width, channels = samples.picture_shape(self.dataset)
        return datasets.get(self.dataset).size, height * width * channels

    def load(self, _: Path | None) -> SomData:
        return samples.pixels(self.dataset)

    def frame_kind(self, _: int) -> FrameKind:
        return "pictures"

    def feature_names(self, _: int) -> list[str]:
        height, width, channels = samples.picture_shape(self.dataset)
        colours = ("",) if channels == 1 else (", red", ", green", ", blue")
        return [f"Pixel ({r}, {c}){colour}" for r in range(height) for c in range(width) for colour in colours]

    def pictures(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(datasets.load(self.dataset).images[indices], np.uint8)

    def tiles(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        height, width, channels = samples.picture_shape(self.dataset)
        tiles = samples.as_bytes(values).reshape(len(values), height, width, channels)
        return np.broadcast_to(tiles, (len(values), height, width, 3)).copy()


class _Digits(_Pictures):
    """The 64 pixels of scanned digits, in 0..1."""

    title, needs, side = "Digits", (), 14
    ignores_rotations = False

    @property
    def dataset(self) -> str:
        return samples.DIGITS

    @property
    def name(self) -> str:
        return self.title


class _Features(Source):
    """What one layer of a network answers to every picture of a data set, averaged over the picture."""

    title, needs, sample_is = "Features of the network", ("network", "layer", "dataset"), "features"
    kept = _FEW_SNAPSHOTS

    def check(self) -> None:
        super().check()
        if not (self.task.network and self.task.layer and self.task.dataset):
            raise InputError("Expected a network, a layer and a data set for a map of features. Received only a part.")
        NetworkId.parse(self.task.network)
        datasets.get(self.task.dataset)

    @property
    def name(self) -> str:
        network = NetworkId.parse(self.task.network)
        backbone = BACKBONES.get(network.backbone)
        name = backbone.title if backbone else "the trained run"
        if network.weights == "random":
            name += " with random weights"
        return f"{datasets.get(self.task.dataset).title} as {self.task.layer} of {name} sees them"

    def size(self) -> tuple[int, int]:
        return datasets.get(self.task.dataset).size, layers.layer(self.task.network, self.task.layer).shape[-1]

    def load(self, folder: Path | None) -> SomData:
        try:
            features = np.load((folder or Path()) / FEATURES_FILE, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError("Expected the features of a run. Received none: train this map again.") from error
        return samples.described(self.task.dataset, features)

    def frame_kind(self, _: int) -> FrameKind:
        return "nearest"

    def feature_names(self, depth: int) -> list[str]:
        return [f"Channel {number}" for number in range(depth)]

    def pictures(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(datasets.load(self.task.dataset).images[indices], np.uint8)

    def seconds_before(self) -> float:
        return layers.seconds(self.task.network, datasets.get(self.task.dataset).size)


class _TableRows(Source):
    """Columns of numbers of an uploaded table."""

    title, needs, sample_is = "Your table (CSV)", ("table",), "row"
    number = 8  # a time in seconds has ten digits, float32 seven

    def check(self) -> None:
        super().check()
        if not (self.task.table and self.task.columns):
            raise InputError("Expected a table and at least one of its columns of numbers. Received none.")

    @property
    def name(self) -> str:
        return f"Your table, {len(self.task.columns)} column" + "s" * (len(self.task.columns) != 1)

    def size(self) -> tuple[int, int]:
        return len(tables.load(self.task.table).values), len(self.task.columns)

    def load(self, _: Path | None) -> SomData:
        task = self.task
        return tables.samples(tables.load(task.table), task.columns, task.label, task.standardise)

    def frame_kind(self, depth: int) -> FrameKind:
        return "net" if depth in (2, 3) else "colours"

    def feature_names(self, _: int) -> list[str]:
        return list(self.task.columns)


SOURCES: Final[dict[str, type[Source]]] = {
    "colours": _RandomColours,
    "named": _NamedColours,
    "points": _PlanePoints,
    "points3d": _SpacePoints,
    "digits": _Digits,
    "pictures": _Pictures,
    "features": _Features,
    "table": _TableRows,
}
