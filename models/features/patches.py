"""The nine strongest answers of every channel of a network over a data set: spec, result, and the cuts that show them.

At most one answer per picture, as Zeiler and Fergus do it: else one picture with many alike places would fill all nine.
Of equal values the picture with the lower number comes first, and in a picture the first place, row by row.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.backbones.registry import DEFAULT, frame8_digest
from models.ids import NetworkId
from models.jobs.job import Job, PricedSpec
from models.networks import layers
from models.pictures import datasets
from models.storage import runs
from models.storage.runs import EXAMPLE, EXAMPLE_WEIGHTS

NETWORK: Final = str(NetworkId(backbone=DEFAULT, side=64))  # whose results are shipped
EXAMPLE_NETWORK: Final = str(NetworkId(EXAMPLE))  # and whose head's
TOP: Final = 9
RANKINGS = {"class": "Most of one class", "strongest": "Strongest value", "number": "Channel number"}
OUTSIDE, STRIPE = (150, 156, 161), (122, 128, 133)  # hatched: there is no picture there
_STRIPES = 4  # pixels from one stripe to the next
_START_SECONDS, _LAYER_SECONDS = 3.0, 0.035  # loading; tracing
_SLOWER = 1.6  # a pass that reads every layer, over one that does not


@dataclass(frozen=True, slots=True)
class PatchSpec(PricedSpec):
    """Which network looks at which data set; both are ids."""

    network: str
    dataset: str

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        layers.layers(self.network)

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"{datasets.get(self.dataset).title}: what excites every unit"

    @property
    def seconds(self) -> float:
        """About how long a warm worker takes."""
        tracing = _LAYER_SECONDS * len(layers.layers(self.network))
        passes = layers.seconds(self.network, datasets.get(self.dataset).size)
        return _START_SECONDS + tracing + _SLOWER * passes


@dataclass(frozen=True, slots=True)
class Strongest:
    """The strongest answers of every channel of one layer, strongest first; T is `TOP` or the number of pictures.

    Attributes:
        value: float32 (T, C).
        picture: int32 (T, C), numbers in the data set.
        row, col: int16 (T, C), where in the map; 0 for dense layers.
    """

    value: NDArray[np.float32]
    picture: NDArray[np.int32]
    row: NDArray[np.int16]
    col: NDArray[np.int16]

    def places(self, channel: int) -> tuple[tuple[int, int, int], ...]:
        """Return (picture, row, col) of a channel's answers: those above zero, or all where none is.

        A rectified channel that answers 0 everywhere is dead and has none; nor has one that gives no numbers.
        """
        value = self.value[:, channel]
        if not np.isfinite(value[0]) or value[0] == 0:
            return ()
        n = int(np.sum(value > 0 if value[0] > 0 else np.isfinite(value)))
        found = zip(self.picture[:n, channel], self.row[:n, channel], self.col[:n, channel], strict=True)
        return tuple((int(picture), int(row), int(col)) for picture, row, col in found)

    def telling(self, labels: NDArray[Any]) -> int:
        """Return the channel whose pictures agree most on one class: good to begin with."""
        return int(self.ranked(labels, "class")[0])

    def ranked(self, labels: NDArray[Any], criterion: str) -> NDArray[np.intp]:
        """Return the channels (C,), first rank first, by a key of `RANKINGS`.

        "class" ranks by how many of a channel's pictures are of one class, and equals by their weakest value.
        """
        numbers = np.arange(self.value.shape[1])
        if criterion == "number":
            return numbers
        excited, of_class = self.value > 0, labels[self.picture]
        agreement = np.max([(excited & (of_class == number)).sum(axis=0) for number in np.unique(labels)], axis=0)
        keys = (-self.value[-1], -agreement) if criterion == "class" else (-self.value[0],)
        return np.lexsort((numbers, *keys))


@dataclass(frozen=True, slots=True)
class TopPatches:
    """The strongest answers of all layers of a network; their channels one after the other in `value` … `col`.

    Attributes:
        network, dataset: Ids.
        digest: Of the weights and pictures it was made with, `digest`; empty for results that are not shipped.
        n_pictures: How many were looked at.
        layers: Names.
        ends: Where in the arrays the channels of each layer end.
        value, picture, row, col: As in `Strongest`, (T, all channels).
    """

    network: str
    dataset: str
    digest: str
    n_pictures: int
    layers: tuple[str, ...]
    ends: tuple[int, ...]
    value: NDArray[np.float32]
    picture: NDArray[np.int32]
    row: NDArray[np.int16]
    col: NDArray[np.int16]

    def of(self, layer: str) -> Strongest:
        """Return the part of one layer."""
        number = self.layers.index(layer)
        part = slice(self.ends[number - 1] if number else 0, self.ends[number])
        return Strongest(self.value[:, part], self.picture[:, part], self.row[:, part], self.col[:, part])


def find(network: str, dataset: str, layer: str, owner: str) -> TopPatches | runs.Run | None:
    """Return a shipped result that holds the layer, else the visitor's newest job that does or will, else None."""
    specs = [PatchSpec(source, dataset) for source in layers.sources(network)]
    for spec in specs:
        result = shipped(spec)
        if result is not None and layer in result.layers:
            return result
    for spec in specs:
        holds = layer in {choice.name for choice in layers.layers(spec.network)}
        if holds and (run := PATCHES.newest(spec, owner)) is not None:
            return run
    return None


@lru_cache(maxsize=8)
def shipped(spec: PatchSpec) -> TopPatches | None:
    """Return what comes with the app, if it was made with the weights and pictures that come with the app."""
    found = PATCHES.shipped(spec)
    return found if found is not None and found.digest == digest(spec.dataset) else None


def digest(dataset: str) -> str:
    """Return hex digits that change with Frame8's shipped weights and with the pictures of a data set."""
    picture = datasets.picture(dataset, datasets.get(dataset).cover)
    return f"{frame8_digest()}-{hashlib.sha256(picture.tobytes()).hexdigest()[:12]}"


PATCHES = Job(
    "patches",
    PatchSpec,
    "models.features.worker.patches:measure",
    TopPatches,
    weights=EXAMPLE_WEIGHTS,
    examples=lambda: (
        PatchSpec(EXAMPLE_NETWORK, "galaxies"),
        *(PatchSpec(NETWORK, dataset) for dataset in datasets.DATASETS),
    ),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a picture is shown for one value; it may reach beyond the border.

    Attributes:
        top, left, bottom, right: Rows and columns in pixels, the last two included.
        whole: Whether the value can depend on more than the picture holds, so that all of the picture is shown.
        mark: The (row, col) in pixels around which such a value looks; None for dense layers.
    """

    top: int
    left: int
    bottom: int
    right: int
    whole: bool = False
    mark: tuple[int, int] | None = None


def cut_of(layer: layers.LayerChoice, row: int, col: int, height: int, width: int) -> Cut:
    """Return what to show of a picture of `height` x `width` for the value at (row, col) of a layer."""
    window = layer.window(row, col)
    if window is not None and window[2] - window[0] < min(height, width):
        return Cut(*window)
    if not layer.is_map:
        return Cut(0, 0, height - 1, width - 1, whole=True)
    if window is None:  # sees everything, through a gate: its own place is all that can be marked
        middle = (row + 0.5) * height / layer.shape[0], (col + 0.5) * width / layer.shape[1]
    else:
        middle = (window[0] + window[2]) / 2, (window[1] + window[3]) / 2
    mark = tuple(int(np.clip(round(at), 0, size - 1)) for at, size in zip(middle, (height, width), strict=True))
    return Cut(0, 0, height - 1, width - 1, whole=True, mark=(mark[0], mark[1]))


def patch(picture: NDArray[np.uint8], cut: Cut) -> NDArray[np.uint8]:
    """Return the part of a picture (H, W, 3) uint8 that `cut` names, hatched where it lies outside of the picture."""
    height, width = picture.shape[:2]
    rows, cols = np.arange(cut.top, cut.bottom + 1), np.arange(cut.left, cut.right + 1)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((cols >= 0) & (cols < width))
    found = picture[np.clip(rows, 0, height - 1)[:, None], np.clip(cols, 0, width - 1)]
    stripes = ((rows[:, None] + cols) % _STRIPES == 0)[..., None]
    return np.where(inside[..., None], found, np.where(stripes, STRIPE, OUTSIDE)).astype(np.uint8)
