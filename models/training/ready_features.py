"""Features that come with the app: what Frame8 says of every picture of a built-in data set, pooled in both ways.

A head on the frozen backbone needs nothing else of the pictures, so it trains in a second or two, and no picture has to
be drawn for it. `python -m models.ship features` makes the files anew; with other weights or other pictures they are
not read.

Every number keeps 16 bits behind its leading one: it is off by one part in 130,000 at most, which is less than what
processors differ by in a probability.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.backbones import registry
from models.pictures import datasets
from models.storage.files import ASSETS, pack, read, write_atomically
from models.training.spec import TrainingSpec

FOLDER: Final = ASSETS / "features"
POOLING: Final = "average+max"  # of the file: the average of every channel, then its maximum
_COLUMNS: Final = {"average": (0, 1), "max": (1, 2), POOLING: (0, 2)}  # in halves of a file's row
_DROPPED: Final = 8  # bits of a float32


@dataclass(frozen=True, slots=True)
class ReadyFeatures:
    """The features of a whole data set.

    Attributes:
        weights, pictures: Digests of the backbone's weights and of the program that draws the pictures ("" for scans).
        high, middle, low: uint8 (N, C), the three upper bytes of every float32: apart they take less room.
    """

    weights: str
    pictures: str
    high: NDArray[np.uint8]
    middle: NDArray[np.uint8]
    low: NDArray[np.uint8]


def serve(spec: TrainingSpec) -> bool:
    """Return whether the features of a recipe's frozen backbone come with the app."""
    backbone = registry.BACKBONES[spec.backbone]
    return (
        spec.backbone == registry.DEFAULT
        and spec.side == backbone.default_side
        and (spec.weights, spec.preprocessing) == ("pretrained", "own")
        and spec.head.pooling in _COLUMNS
        and _features(spec.dataset) is not None
    )


def are_all(spec: TrainingSpec) -> bool:
    """Return whether a recipe needs the pictures for nothing else than these features."""
    return not spec.learning and not spec.augmentation.on and serve(spec)


def of(spec: TrainingSpec) -> NDArray[np.float32] | None:
    """Return the pooled features of every picture, float32 (N, C), read-only; None where they do not come along."""
    found = _features(spec.dataset) if serve(spec) else None
    if found is None:
        return None
    first, last = (half * found.shape[1] // 2 for half in _COLUMNS[spec.head.pooling])
    return found[:, first:last]


def keep(dataset: str, features: NDArray[np.float32]) -> Path:
    """Write the features of a data set, float32 (N, C) pooled as `POOLING` says, and return the file's path."""
    FOLDER.mkdir(exist_ok=True)
    half = np.uint32(1 << (_DROPPED - 1))
    bits = (features.view(np.uint32) + half) >> np.uint32(_DROPPED)
    high, middle, low = ((bits >> np.uint32(shift) & np.uint32(255)).astype(np.uint8) for shift in (16, 8, 0))
    path = _path(dataset)
    write_atomically(path, pack(ReadyFeatures(_weights(), datasets.digest(dataset), high, middle, low)))
    _in_file.cache_clear()
    return path


def _path(dataset: str) -> Path:
    return FOLDER / f"{registry.DEFAULT}-{dataset}.npz"


def _features(dataset: str) -> NDArray[np.float32] | None:
    """Return what the file of a data set holds, whole; None where it is missing, damaged or of something else."""
    found = _in_file(dataset)
    return found if found is not None and len(found) == datasets.get(dataset).size else None


@lru_cache(maxsize=len(datasets.DATASETS))
def _in_file(dataset: str) -> NDArray[np.float32] | None:
    found = read(_path(dataset), ReadyFeatures)
    if found is None or (found.weights, found.pictures) != (_weights(), datasets.digest(dataset)):
        return None
    bits = sum(part.astype(np.uint32) << shift for part, shift in ((found.high, 16), (found.middle, 8), (found.low, 0)))
    features = (np.asarray(bits, np.uint32) << np.uint32(_DROPPED)).view(np.float32)
    features.setflags(write=False)
    return features


@lru_cache(maxsize=1)
def _weights() -> str:
    return hashlib.sha256(registry.FRAME8_WEIGHTS.read_bytes()).hexdigest()[:12]
