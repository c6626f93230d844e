"""The nine strongest answers of every channel of a network over a data set: what is asked, and the result. No Keras.

At most one per picture, as Zeiler and Fergus do it: else one picture with many alike places would fill all nine. Of
equal values the picture with the lower number comes first, and in a picture the first place, row by row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backbones.registry import frame8_digest
from models.jobs.job import Task
from models.networks import layers as networks_layers
from models.networks.layers import LayerChoice
from models.pictures import datasets
from models.storage import files, runs
from models.storage.specs import PlainSpec
from models.training.spec import TrainingSpec

KIND = "patches"
RESULT = "patches.npz"
SHIPPED = files.ASSETS / "patches"  # written by models.features.worker.patch_search
TOP = 9
RANKINGS = {"class": "Most of one class", "strongest": "Strongest value", "number": "Channel number"}
_START_SECONDS, _LAYER_SECONDS = 3.0, 0.035  # loading; tracing
_SLOWER = 1.6  # a pass that reads every layer, over one that does not


@dataclass(frozen=True, slots=True)
class PatchSpec(PlainSpec):
    """Which network looks at which data set; both are ids."""

    network: str
    dataset: str

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        networks_layers.layers(self.network)

    @property
    def seconds(self) -> float:
        """About how long a warm worker takes."""
        tracing = _LAYER_SECONDS * len(networks_layers.layers(self.network))
        passes = networks_layers.seconds(self.network, datasets.get(self.dataset).size)
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
        digest: Of the shipped weights and pictures it was made with; empty for results that are not shipped.
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


@dataclass(frozen=True, slots=True)
class Projections:
    """What of some pictures reached a value in the network, by one of `models.features.worker.backward`'s rules.

    Attributes:
        signal: float32 (N, H, W, 3), at the size the network takes.
        rectified: How many ReLUs the rule was applied to.
        others: Nonlinearities for which there is no rule, where the gradient was taken.
    """

    signal: NDArray[np.float32]
    rectified: int
    others: tuple[str, ...]


class RunningTop:
    """Gathers the strongest answers batch by batch; pictures come in the order of their numbers.

    A batch tells of each (picture, channel) the largest value, and where it is only if it beats the ninth so far: the
    place costs far more to find than the value.
    """

    def __init__(self, n_channels: int, top: int = TOP) -> None:
        self._seen, self._top = 0, top
        self.value = np.full((top, n_channels), -np.inf, np.float32)
        self.picture = np.full((top, n_channels), -1, np.int32)
        self.place = np.zeros((top, n_channels), np.int32)

    @property
    def threshold(self) -> NDArray[np.float32]:
        """What a value must exceed to be among the strongest, (C,)."""
        ninth: NDArray[np.float32] = self.value[-1]
        return ninth

    def add(self, value: NDArray[np.float32], entries: NDArray[Any], place: NDArray[Any]) -> None:
        """Take in a batch.

        Args:
            value: (N, C), each channel's largest value in each picture.
            entries: (P, 2), which (picture of the batch, channel) exceed the threshold, in ascending order.
            place: (P,), the flat position of each of them in its map.
        """
        places = np.zeros(value.shape, np.int32)
        places[entries[:, 0], entries[:, 1]] = place
        changed = np.unique(entries[:, 1])
        numbers = np.arange(self._seen, self._seen + len(value), dtype=np.int32)
        new = np.broadcast_to(numbers[:, None], (len(value), len(changed)))
        values = np.concatenate([self.value[:, changed], value[:, changed]])
        # NaN, which a classifier whose training diverged may give, exceeds no threshold, and is sorted behind all else.
        order = np.argsort(-values, axis=0, kind="stable")[: self._top]
        pairs = ((self.picture, new), (self.place, places[:, changed]))
        self.value[:, changed] = np.take_along_axis(values, order, axis=0)
        for kept, found in pairs:
            kept[:, changed] = np.take_along_axis(np.concatenate([kept[:, changed], found]), order, axis=0)
        self._seen += len(value)


def sources(network: str) -> Iterator[str]:
    """Yield the networks whose answers are those of `network`, itself first.

    Training leaves frozen layers as they were, to the last bit (the proof of freezing tells so of every run), so that a
    run which froze its whole backbone and started from pretrained weights answers in it as the bare backbone does.
    """
    yield network
    match network.split(":"):
        case ["run", run_id, *_]:
            spec = TrainingSpec.from_json(runs.get(run_id).spec)
            if not spec.trainable and spec.weights == "pretrained":
                yield f"backbone:{spec.backbone}:{spec.side}"


def find(network: str, dataset: str, layer: str, owner: str) -> TopPatches | runs.Run | None:
    """Return a shipped result that holds the layer, else the visitor's newest job that does or will, else None."""
    for source in sources(network):
        result = shipped(source, dataset)
        if result is not None and layer in result.layers:
            return result
    jobs = runs.listing(owner, KIND)
    for source in sources(network):
        if layer not in {choice.name for choice in networks_layers.layers(source)}:
            continue
        wanted = PatchSpec(source, dataset).to_json()
        if (run := next((run for run in jobs if run.spec == wanted), None)) is not None:
            return run
    return None


def load(run: runs.Run) -> TopPatches | None:
    """Return the result of a run; None before its end, and for a damaged file."""
    return _read(run.path(RESULT))


@lru_cache(maxsize=8)
def shipped(network: str, dataset: str) -> TopPatches | None:
    """Return what comes with the app, if it was made with the weights and pictures that come with the app."""
    result = _read(path_of(network, dataset))
    known = result is not None and (result.network, result.dataset) == (network, dataset)
    return result if result is not None and known and result.digest == digest(dataset) else None


def path_of(network: str, dataset: str) -> Path:
    """Return where a shipped result lies, if there is one."""
    name = hashlib.sha256(json.dumps([network, dataset]).encode()).hexdigest()[:12]
    return SHIPPED / f"{dataset}-{name}.npz"


def digest(dataset: str) -> str:
    """Return hex digits that change with Frame8's shipped weights and with the pictures of a data set."""
    picture = datasets.picture(dataset, datasets.get(dataset).cover)
    return f"{frame8_digest()}-{hashlib.sha256(picture.tobytes()).hexdigest()[:12]}"


def _read(path: Path) -> TopPatches | None:
    return files.read(path, TopPatches)


# FOLDED models/features/patches.py: Cuts what one value of a layer depends on out of a picture. NumPy only: the
# page and the workers cut alike.

OUTSIDE, STRIPE = (150, 156, 161), (122, 128, 133)  # hatched: there is no picture there
_STRIPES = 4  # pixels from one stripe to the next


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a picture is shown for one value: `top`, `left`, `bottom`, `right`, the last two included.

    It may reach beyond the border. `whole` says that the value can depend on more than the picture holds, so that all
    of the picture is shown; `mark` is then the (row, col) in pixels around which it looks, None for dense layers.
    """

    top: int
    left: int
    bottom: int
    right: int
    whole: bool = False
    mark: tuple[int, int] | None = None


def cut_of(layer: LayerChoice, row: int, col: int, height: int, width: int) -> Cut:
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


def patch(picture: np.ndarray, cut: Cut) -> np.ndarray:
    """Return the part of a picture (H, W, 3) uint8 that `cut` names, hatched where it lies outside of the picture."""
    height, width = picture.shape[:2]
    rows, cols = np.arange(cut.top, cut.bottom + 1), np.arange(cut.left, cut.right + 1)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((cols >= 0) & (cols < width))
    found = picture[np.clip(rows, 0, height - 1)[:, None], np.clip(cols, 0, width - 1)]
    stripes = ((rows[:, None] + cols) % _STRIPES == 0)[..., None]
    return np.where(inside[..., None], found, np.where(stripes, STRIPE, OUTSIDE)).astype(np.uint8)


# FOLDED models/networks/answers.py: What networks answer about one picture, as plain arrays: the page reads it,
# workers make it. A layer's answer is always (H, W, C), one activation map per channel; a dense layer's units are C
# channels of 1 x 1.


@dataclass(frozen=True, slots=True)
class BackwardViews:
    """One channel's strongest value for a picture, carried back to the pixels by each rule of `models.features.worker.backward`.

    `value` at (`row`, `col`) of the layer; `gradient`, `deconvolution` and `guided` (H, W, 3) float32 per unit of the
    pixels in 0-255. `n_rectified` ReLUs lie on the way, to which the rules apply; `others` names other nonlinearities.
    """

    row: int
    col: int
    value: float
    gradient: np.ndarray
    deconvolution: np.ndarray
    guided: np.ndarray
    n_rectified: int
    others: tuple[str, ...]


PROJECTIONS = Task("projections", "models.features.worker.patch_search:projections", Projections)
BACKWARD_VIEWS = Task("backward_views", "models.features.worker.backward:backward_views", BackwardViews)
