"""The task of training a map: on what, and how; and the samples that it trains on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import PricedSpec
from models.som import costs
from models.som.costs import SomCost
from models.som.rotation import FILM_POSES
from models.som.samples import SomData
from models.som.sources import SOURCES, Source
from models.som.spec import SomSpec


@dataclass(frozen=True)
class SomTask(PricedSpec):
    """One training of a map: on what, and how.

    Attributes:
        source: Id of one of `SOURCES`.
        som: The map.
        network, layer: Ids, for "features" only.
        dataset: Id, for "features" and "pictures".
        shape: Of the cloud, one of `samples.SHAPES[source]`.
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
        self.origin.check()

    @property
    def origin(self) -> Source:
        """The data that the map is trained on."""
        return SOURCES[self.source](self)

    @property
    def title(self) -> str:
        """The name a map goes by."""
        som = self.som
        kind = [som.lattice] * (som.lattice != "rectangular") + ["toroid"] * som.toroid
        if som.distance == "weights":
            kind.append("distances between weights")
        lattice = ", ".join([f"{som.rows} × {som.columns}", *kind, som.method])
        return f"{self.origin.name}, {lattice}"

    @property
    def cost(self) -> SomCost:
        """What the training costs.

        Raises:
            InputError: The layer, the data set or the table is not there.
        """
        count, features = self.origin.size()
        cost = costs.estimate(self.som, count, features, FILM_POSES if self.rotations else 1, self.origin.number)
        return replace(cost, seconds=cost.seconds + self.origin.seconds_before())

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        return self.cost.seconds


def load(task: SomTask, folder: Path | None = None) -> SomData:
    """Return what a task trains on.

    Args:
        task: The task.
        folder: Of the run, for "features": only a worker can compute them, and leaves them there.

    Raises:
        InputError: The table is gone or lacks a column, or the features are not there (yet).
    """
    return task.origin.load(folder)


def sample_pictures(task: SomTask, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The samples with these numbers as pictures, uint8 (n, H, W, 3); a colour is one pixel.

    Raises:
        InputError: Points and rows of a table are no pictures.
    """
    return task.origin.pictures(indices)
