"""How a codebook becomes one frame of a film: colours, pictures, the nearest pictures, or a net of points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models import datasets, images
from models.som_data import SomData, SomTask
from models.som_measures import Floats, nearest

TILE = 24  # pixels of a side of the small pictures that stand for units
ATLAS_COLUMNS = 40
QUALITY = 70  # of WebP: films have many frames
LONGEST = 2048  # pixels of a side of a frame of pictures
FILM_BYTES = 4 << 20  # of all frames together: a film travels to the browser whole
BMU_BYTES = 16 << 20  # of the BMUs of all samples at all frames
CLOUD_POINTS = 3000  # points drawn behind a net


def kind_of(task: SomTask, depth: int) -> str:
    """Return how frames are stored, see `SomRecord.kind`, for samples of `depth` values."""
    if task.source in ("colours", "named"):
        return "colours"
    if task.source in ("digits", "pictures"):
        return "pictures"
    if task.source == "features":
        return "nearest"
    return "net" if depth in (2, 3) else "colours"


class Painter:
    """Turns codebooks of one training into frames.

    Attributes:
        kind: See `SomRecord.kind`.
        cloud: For a net and for RGB colours, the points it unfolds over, float32 (n, D), at most CLOUD_POINTS; else
            empty.
        cloud_labels: The class of each of them, int64 (n,), or empty.
        atlas: For "nearest", all samples as tiles; else empty.
    """

    def __init__(self, task: SomTask, data: SomData) -> None:
        self.task, self.data = task, data
        depth = data.features.shape[1]
        self.kind = kind_of(task, depth)
        self.atlas = atlas(task.dataset) if self.kind == "nearest" else b""
        shown = slice(None, None, -(-len(data.features) // CLOUD_POINTS))
        is_rgb = task.source in ("colours", "named")
        self.cloud: Floats = data.features[shown] if self.kind == "net" or is_rgb else np.empty((0, depth), np.float32)
        self.cloud_labels = data.labels[shown] if self.kind == "net" else np.empty(0, np.int64)
        self.projection = None
        if self.kind == "colours" and not is_rgb:
            self.projection = component_axes(data.features)

    def frame(self, codebook: Floats) -> bytes:
        """Return one frame of a codebook (rows, columns, D)."""
        if self.kind == "colours":
            if self.projection is None:
                return as_bytes(codebook).tobytes()
            centre, axes = self.projection
            return as_bytes(((codebook - centre) @ axes.T + 0.5).astype(np.float32)).tobytes()
        if self.kind == "pictures":
            rows, columns, _ = codebook.shape
            return images.webp(shrunk(mosaic(as_bytes(codebook)), rows, columns, max(rows, columns)), QUALITY)
        if self.kind == "net":
            return codebook.astype("<f4").tobytes()
        best, _ = nearest(codebook.reshape(-1, codebook.shape[-1]), self.data.features)
        return best.astype("<u2").tobytes()

    def frames_that_fit(self) -> int:
        """Return how many frames keep film and BMUs within FILM_BYTES and BMU_BYTES, at least 2."""
        som, depth = self.task.som, self.data.features.shape[1]
        units = som.rows * som.columns
        if self.kind == "pictures":
            size = round(units * self._picture_bytes(max(som.rows, som.columns), depth))
        else:
            size = units * {"colours": 3, "nearest": 2, "net": 4 * depth}[self.kind]
        size += 2 * units * (len(self.data.labels) > 0)  # the share of the most frequent class
        return max(2, min(FILM_BYTES // size, BMU_BYTES // (2 * len(self.data.features))))

    def _picture_bytes(self, side: int, depth: int) -> float:
        """Bytes a unit of a frame of pictures takes at the most, on a lattice whose longer side is `side`."""
        noise = as_bytes(np.random.default_rng(0).random((8, 8, depth), np.float32))  # nothing is larger than noise
        return len(images.webp(shrunk(mosaic(noise), 8, 8, side), QUALITY)) / 64


def as_bytes(values: Floats) -> NDArray[np.uint8]:
    """0..1 as 0..255, clipped and rounded."""
    scaled: NDArray[np.uint8] = (values.clip(0, 1) * 255).round().astype(np.uint8)
    return scaled


def component_axes(samples: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean (D,) and three axes (3, D) that give data of any depth colours.

    The first principal components become red, green and blue; two standard deviations to each side span 0..1. One
    column gives grey, two give red and green.
    """
    centre = samples.mean(axis=0, dtype=np.float64)
    centred = samples - centre
    variances, directions = np.linalg.eigh(centred.T @ centred / len(samples))
    axes = np.zeros((3, samples.shape[1]))
    for channel, (variance, direction) in enumerate(zip(variances[:-4:-1], directions.T[:-4:-1], strict=True)):
        if variance > 0:
            sign = np.copysign(1, direction[np.abs(direction).argmax()])  # the sign of an eigenvector is arbitrary
            axes[channel] = sign * direction / (4 * np.sqrt(variance))
    if samples.shape[1] == 1:
        axes[:] = axes[0]
    return centre, axes


def mosaic(codebook: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A codebook of square pictures, grey (rows, columns, s * s) or RGB (rows, columns, s * s * 3), as one picture.

    Returns:
        uint8 (rows * s, columns * s), or (rows * s, columns * s, 3).
    """
    rows, columns, depth = codebook.shape
    side = round(depth**0.5)
    channels = 1 if side**2 == depth else 3
    side = round((depth / channels) ** 0.5)
    tiles = codebook.reshape(rows, columns, side, side, channels).transpose(0, 2, 1, 3, 4)
    picture = tiles.reshape(rows * side, columns * side, channels)
    return picture[..., 0] if channels == 1 else picture


def shrunk(picture: NDArray[np.uint8], rows: int, columns: int, longer: int) -> NDArray[np.uint8]:
    """A mosaic of rows x columns tiles, smaller where that of a lattice `longer` units long would pass LONGEST."""
    side = max(2, LONGEST // longer)
    if len(picture) // rows <= side:
        return picture
    return np.asarray(Image.fromarray(picture).resize((columns * side, rows * side), Image.Resampling.BOX))


def atlas(dataset: str) -> bytes:
    """All pictures of a data set as TILE x TILE tiles, ATLAS_COLUMNS a row, in the order of their numbers, as WebP."""
    small = images.resize(datasets.load(dataset).images, TILE, TILE)
    return images.webp(images.tile(small, ATLAS_COLUMNS, gap=0), QUALITY)
