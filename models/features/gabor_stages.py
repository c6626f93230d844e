"""Gabor fits that come with the app: of Frame8's kernels through its pretraining, and of noise as the yardstick.

They carry a digest of the weights and of the kernels on the way; those of other weights are not shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.backbones.registry import DEFAULT
from models.features.gabor import GaborFits
from models.frame8 import card
from models.ids import NetworkId
from models.storage import files
from models.storage.files import ASSETS

FOLDER = ASSETS / "gabor"
LAYER: Final = "conv1"
_SHAPE: Final = ("row", "col", "angle", "wavelength", "phase", "across", "along", "amplitude", "offset")
NUMBERS: Final = ("share", "within", *_SHAPE)


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """What fitting kernels of independent normal numbers gives; every array is float32 (n,) and sorted."""

    r2: np.ndarray
    orientation: np.ndarray

    @property
    def limit(self) -> float:
        """R2 that 95 % of the kernels of noise stay below."""
        return float(np.quantile(self.r2, 0.95))


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Fits at several moments of Frame8's pretraining, without the kernels, which are shipped elsewhere.

    Attributes:
        digest: Of the weights and kernels, `digest`.
        numbers: (moments, 11, n) float32, in the order of `NUMBERS`.
        mean, colour: (moments, n, 3) float32.
    """

    digest: str
    numbers: np.ndarray
    mean: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """`fits` after each of `epochs`: the first before training (the random twin), the last of the shipped weights."""

    epochs: tuple[int, ...]
    fits: tuple[GaborFits, ...]


def stages() -> Stages | None:
    """Return the fits through Frame8's pretraining, if they are shipped for the weights that are."""
    found = files.read(FOLDER / "frame8.npz", Recording)
    if found is None or found.digest != digest():
        return None
    kept = card.read_kernels()
    fits = [
        GaborFits(layer=LAYER, kernels=kernels, mean=mean, colour=colour, **dict(zip(NUMBERS, numbers, strict=True)))
        for kernels, numbers, mean, colour in zip(kept.kernels, found.numbers, found.mean, found.colour, strict=True)
    ]
    return Stages(kept.epochs, tuple(fits))


def shipped(network: str) -> GaborFits | None:
    """Return the shipped fits of a network's first layer: of Frame8, pretrained or random; None of others."""
    known = NetworkId.parse(network)
    if known.backbone != DEFAULT or known.weights == "top" or (found := stages()) is None:
        return None
    return found.fits[0 if known.weights == "random" else -1]


def noise(height: int, width: int) -> Noise | None:
    """Return the yardstick for kernels of that size, if it is shipped."""
    return files.read(FOLDER / f"noise-{height}x{width}.npz", Noise)


def digest() -> str:
    """Return 12 hex digits that change with Frame8's weights and with the kernels on the way."""
    folder = card.FOLDER
    data = b"".join((folder / name).read_bytes() for name in (card.WEIGHTS, card.KERNELS))
    return hashlib.sha256(data).hexdigest()[:12]
