"""The film of a training: the map at every kept moment, in one file; who draws its frames, and who collects them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.errors import InputError
from models.ids import NetworkId
from models.jobs.job import Job
from models.pictures import datasets, images
from models.som import rotation
from models.som.data import SomTask, load, sample_pictures
from models.som.lattice import Floats, Lattice
from models.som.measures import u_matrix
from models.som.samples import SomData, as_bytes, picture_shape
from models.som.search import nearest
from models.som.sources import FrameKind
from models.som.spec import SomSpec
from models.som.training import Snapshot, snapshots
from models.storage.files import ASSETS, read
from models.storage.runs import EXAMPLE

TILE = 24  # pixels of a side of the small pictures that stand for units
ATLAS_COLUMNS = 40
QUALITY = 70  # of WebP: films have many frames
LONGEST = 2048  # pixels of a side of a frame of pictures
FILM_BYTES = 4 << 20  # of all frames together: a film travels to the browser whole
BMU_BYTES = 16 << 20  # of the BMUs of all samples at all frames
CLOUD_POINTS = 3000  # points drawn behind a net
BLOCK = 4096  # samples whose distances are computed at once


@dataclass(frozen=True)
class SomRecord:
    """The film of a training so far; F snapshots, each a frame, of a map of N samples.

    Attributes:
        rows, columns, lattice, toroid: The lattice, see SomSpec.
        kind: How a frame is stored: "colours" (one RGB pixel a unit, raw), "pictures" (WebP, one tile a unit),
            "nearest" (per unit the number of the nearest sample, little-endian uint16; tiles are in the atlas) or
            "net" (the weights, two or three little-endian floats a unit, of the codebook's type).
        wanted, planned: How many snapshots the task wants, and how many of them the film has room for.
        frames: All frames, one after the other, uint8.
        sizes: Bytes of each frame, int64 (F,).
        atlas: For "nearest": all samples as one WebP of ATLAS_COLUMNS tiles a row, uint8; else empty.
        cloud: For "net" and RGB colours: samples to draw behind the net, (n, 2 or 3), of the codebook's type; else no
            sample.
        cloud_labels: The class of each of these, int64 (n,), or empty.
        steps, epochs, quantization_error, topographic_error, rate, radius: (F,), see `training.Snapshot`.
        bmu: BMU of every sample at every snapshot, uint16 (F, N).
        labels: Class of every sample, int64 (N,), or empty.
        classes: Names of the classes.
        codebook: Weights at the last snapshot, (rows, columns, D); float32, or float64 where the samples are.
        distances: Euclidean distance of every sample to its BMU's weights at the last snapshot, of a map that
            ignores rotations in its best pose; float32 (N,), seven digits of it. Empty while the map trains.
        u_matrix: `measures.u_matrix` of the last snapshot, float32 (rows, columns).
        complete: Whether no frame will follow: the training came to its end or was cancelled.
    """

    rows: int
    columns: int
    lattice: str
    toroid: bool
    kind: FrameKind
    wanted: int
    planned: int
    frames: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    atlas: NDArray[np.uint8]
    cloud: Floats
    cloud_labels: NDArray[np.int64]
    steps: NDArray[np.int64]
    epochs: NDArray[np.float64]
    quantization_error: NDArray[np.float64]
    topographic_error: NDArray[np.float64]
    rate: NDArray[np.float64]
    radius: NDArray[np.float64]
    bmu: NDArray[np.uint16]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    codebook: Floats
    distances: Floats
    u_matrix: Floats
    complete: bool


FEATURE_MAP = SomTask(
    "features",
    SomSpec(rows=12, columns=12, epochs=40, radius0=6.0, snapshots=11),
    network=str(NetworkId(EXAMPLE)),
    layer="conv5_relu",
    dataset="galaxies",
)
FEATURE_MAP_FILE = ASSETS / "som" / "features.npz"  # made by `python -m models.ship feature-map`
SOM = Job("som", SomTask, "models.som.worker.film:train", SomRecord, keeps=True, file="som.npz")


def poses_of(task: SomTask) -> tuple[Any, ...]:
    """Return the poses (see `rotation.poses`) of the pictures of a task that ignores rotations."""
    side, _, channels = picture_shape(task.dataset)
    return rotation.poses(side, rotation.FILM_TURNS, True, channels)


def frame_bytes(record: SomRecord, frame: int) -> NDArray[np.uint8]:
    """One frame as it is stored, uint8 (record.sizes[frame],)."""
    end = int(record.sizes[: frame + 1].sum())
    return record.frames[end - int(record.sizes[frame]) : end]


def net(record: SomRecord, frame: int) -> Floats:
    """The weights of all units of a net at a snapshot, (rows, columns, 2 or 3), of the codebook's type."""
    kind = f"<f{record.codebook.itemsize}"
    weights: Floats = frame_bytes(record, frame).view(kind).reshape(record.codebook.shape)
    return weights


def unit_picture(record: SomRecord, task: SomTask, frame: int, row: int, column: int) -> NDArray[np.uint8]:
    """A unit's weights at a snapshot as a picture, uint8 (H, W, 3): for features the picture nearest to them.

    Raises:
        InputError: Units of a net are points.
    """
    data = frame_bytes(record, frame)
    if record.kind == "net":
        raise InputError("Expected units that are pictures or colours. Received points.")
    if record.kind == "colours":
        return np.asarray(data.reshape(record.rows, record.columns, 1, 1, 3)[row, column], np.uint8)
    if record.kind == "nearest":
        number = data.view("<u2")[row * record.columns + column]
        return np.asarray(sample_pictures(task, np.array([number], np.int64))[0], np.uint8)
    with Image.open(BytesIO(data.tobytes())) as opened:
        lattice = np.asarray(opened.convert("RGB"))
    height, width = lattice.shape[0] // record.rows, lattice.shape[1] // record.columns
    return lattice[row * height : (row + 1) * height, column * width : (column + 1) * width]


class Recorder:
    """Collects the snapshots of one training; of earlier codebooks only their picture stays in memory.

    Attributes:
        som: The spec to train: the task's, with no more snapshots than fit into a film.
    """

    def __init__(self, task: SomTask, data: SomData) -> None:
        self.task, self.data = task, data
        self.painter = Painter(task, data)
        self.som = replace(task.som, snapshots=min(task.som.snapshots, self.painter.frames_that_fit()))
        self.frames: list[bytes] = []
        self.numbers: list[tuple[float, ...]] = []
        self.bmu: list[NDArray[np.uint16]] = []
        self.codebook: Floats = np.empty((0, 0, 0), np.float32)

    def add(self, snapshot: Snapshot) -> None:
        """Keep one more snapshot."""
        self.codebook = snapshot.codebook
        self.frames.append(self.painter.frame(snapshot.codebook))
        errors = (snapshot.quantization_error, snapshot.topographic_error)
        self.numbers.append((snapshot.step, snapshot.epoch, *errors, snapshot.rate, snapshot.radius))
        self.bmu.append(snapshot.bmu.astype(np.uint16))

    def _distances(self) -> Floats:
        samples, flat = self.data.features, self.codebook.reshape(-1, self.codebook.shape[-1])
        if self.task.rotations:
            return np.sqrt(rotation.match(samples, flat, poses_of(self.task)).squared).astype(np.float32)
        parts = (slice(start, start + BLOCK) for start in range(0, len(samples), BLOCK))
        found = [np.linalg.norm(samples[part] - flat[self.bmu[-1][part]], axis=1) for part in parts]
        return np.concatenate(found).astype(np.float32)

    def record(self, *, complete: bool) -> SomRecord:
        """Return all that was added, at least one snapshot."""
        steps, epochs, quantization, topographic, rate, radius = np.array(self.numbers).T
        moments = self.som.steps(len(self.data.features)) + 1
        return SomRecord(
            rows=self.som.rows,
            columns=self.som.columns,
            lattice=self.som.lattice,
            toroid=self.som.toroid,
            kind=self.painter.kind,
            wanted=min(self.task.som.snapshots, moments),
            planned=min(self.som.snapshots, moments),
            frames=np.frombuffer(b"".join(self.frames), np.uint8),
            sizes=np.array([len(frame) for frame in self.frames]),
            atlas=np.frombuffer(self.painter.atlas, np.uint8),
            cloud=self.painter.cloud,
            cloud_labels=self.painter.cloud_labels,
            steps=steps.astype(np.int64),
            epochs=epochs,
            quantization_error=quantization,
            topographic_error=topographic,
            rate=rate,
            radius=radius,
            bmu=np.stack(self.bmu),
            labels=self.data.labels,
            classes=self.data.classes,
            codebook=self.codebook,
            distances=self._distances() if complete else np.empty(0, np.float32),
            u_matrix=u_matrix(self.codebook, Lattice.of(self.som)),
            complete=complete,
        )


class Painter:
    """Turns codebooks of one training into frames.

    Attributes:
        kind: See `SomRecord.kind`.
        cloud: For a net and for RGB colours, the points it unfolds over, (n, D), at most CLOUD_POINTS; else empty.
        cloud_labels: The class of each of them, int64 (n,), or empty.
        atlas: For "nearest", all samples as tiles; else empty.
    """

    def __init__(self, task: SomTask, data: SomData) -> None:
        self.task, self.data = task, data
        depth = data.features.shape[1]
        self.kind = task.origin.frame_kind(depth)
        self.atlas = atlas(task.dataset) if self.kind == "nearest" else b""
        shown = slice(None, None, -(-len(data.features) // CLOUD_POINTS))
        is_rgb = task.origin.sample_is == "colour"
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
            return codebook.astype(f"<f{codebook.itemsize}", copy=False).tobytes()
        best, _ = nearest(codebook.reshape(-1, codebook.shape[-1]), self.data.features)
        return best.astype("<u2").tobytes()

    def frames_that_fit(self) -> int:
        """Return how many frames keep film and BMUs within FILM_BYTES and BMU_BYTES, at least 2."""
        som, depth = self.task.som, self.data.features.shape[1]
        units = som.rows * som.columns
        if self.kind == "pictures":
            size = round(units * self._picture_bytes(max(som.rows, som.columns), depth))
        else:
            size = units * {"colours": 3, "nearest": 2, "net": self.data.features.itemsize * depth}[self.kind]
        size += 2 * units * (len(self.data.labels) > 0)  # the share of the most frequent class
        return max(2, min(FILM_BYTES // size, BMU_BYTES // (2 * len(self.data.features))))

    def _picture_bytes(self, side: int, depth: int) -> float:
        """Bytes a unit of a frame of pictures takes at the most, on a lattice whose longer side is `side`."""
        noise = as_bytes(np.random.default_rng(0).random((8, 8, depth), np.float32))  # nothing is larger than noise
        return len(images.webp(shrunk(mosaic(noise), 8, 8, side), QUALITY)) / 64


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


def feature_map() -> SomRecord | None:
    """Return the shipped map of what the example run's backbone answers to the galaxies; None where it is missing."""
    return read(FEATURE_MAP_FILE, SomRecord)


def example() -> SomRecord:
    """The map of random colours that a first visit shows: a tenth of a second of arithmetic."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    task = SomTask()
    data = load(task)
    recorder = Recorder(task, data)
    with threadpool_limits(1):  # products this small are up to 20 times slower when BLAS threads wait for each other
        for snapshot in snapshots(data.features, recorder.som):
            recorder.add(snapshot)
    return recorder.record(complete=True)
