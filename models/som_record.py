"""The film of a training: what a page needs to show a self-organising map at every kept moment, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models import answers, datasets, images, runs
from models.som import Snapshot, snapshots
from models.som_data import SomData, SomTask, colours, sample_pictures
from models.som_measures import Floats, nearest, u_matrix

FILE = "som.npz"
TILE = 24  # pixels of a side of the small pictures that stand for units
ATLAS_COLUMNS = 40
QUALITY = 70  # of WebP: films have many frames


@dataclass(frozen=True)
class SomRecord:
    """A training so far; F snapshots, N samples.

    Attributes:
        rows, columns: Size of the lattice.
        kind: How a frame is stored: "colours" (one RGB pixel a unit, raw), "pictures" (WebP, one tile a unit) or
            "nearest" (per unit the number of the nearest sample, little-endian uint16; tiles are in the atlas).
        frames: All frames, one after the other, uint8.
        sizes: Bytes of each frame, int64 (F,).
        atlas: For "nearest": all samples as one WebP of ATLAS_COLUMNS tiles a row, uint8; else empty.
        steps, epochs, quantization_error, topographic_error, rate, radius: (F,), see som.Snapshot.
        bmu: BMU of every sample at every snapshot, uint16 (F, N).
        labels: Class of every sample, int64 (N,), or empty.
        classes: Names of the classes.
        u_matrix: `som_measures.u_matrix` of the last snapshot, float32 (rows, columns).
        complete: Whether no frame will follow: the training came to its end or was cancelled.
    """

    rows: int
    columns: int
    kind: str
    frames: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    atlas: NDArray[np.uint8]
    steps: NDArray[np.int64]
    epochs: NDArray[np.float64]
    quantization_error: NDArray[np.float64]
    topographic_error: NDArray[np.float64]
    rate: NDArray[np.float64]
    radius: NDArray[np.float64]
    bmu: NDArray[np.uint16]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    u_matrix: Floats
    complete: bool


class Recorder:
    """Collects the snapshots of one training; of earlier codebooks only their picture stays in memory."""

    def __init__(self, task: SomTask, data: SomData) -> None:
        self.task, self.data = task, data
        self.kind = {"digits": "pictures", "features": "nearest"}.get(task.source, "colours")
        self.atlas = atlas(task.dataset) if self.kind == "nearest" else b""
        self.frames: list[bytes] = []
        self.numbers: list[tuple[float, ...]] = []
        self.bmu: list[NDArray[np.uint16]] = []
        self.codebook: Floats = np.empty((0, 0, 0), np.float32)

    def add(self, snapshot: Snapshot) -> None:
        """Keep one more snapshot."""
        self.codebook = snapshot.codebook
        self.frames.append(self._frame(snapshot.codebook))
        errors = (snapshot.quantization_error, snapshot.topographic_error)
        self.numbers.append((snapshot.step, snapshot.epoch, *errors, snapshot.rate, snapshot.radius))
        self.bmu.append(snapshot.bmu.astype(np.uint16))

    def _frame(self, codebook: Floats) -> bytes:
        if self.kind == "colours":
            return as_bytes(codebook).tobytes()
        if self.kind == "pictures":
            return images.webp(mosaic(as_bytes(codebook)), QUALITY)
        best, _ = nearest(codebook.reshape(-1, codebook.shape[-1]), self.data.features)
        return best.astype("<u2").tobytes()

    def record(self, *, complete: bool) -> SomRecord:
        """Return all that was added, at least one snapshot."""
        steps, epochs, quantization, topographic, rate, radius = np.array(self.numbers).T
        return SomRecord(
            rows=self.codebook.shape[0],
            columns=self.codebook.shape[1],
            kind=self.kind,
            frames=np.frombuffer(b"".join(self.frames), np.uint8),
            sizes=np.array([len(frame) for frame in self.frames]),
            atlas=np.frombuffer(self.atlas, np.uint8),
            steps=steps.astype(np.int64),
            epochs=epochs,
            quantization_error=quantization,
            topographic_error=topographic,
            rate=rate,
            radius=radius,
            bmu=np.stack(self.bmu),
            labels=self.data.labels,
            classes=self.data.classes,
            u_matrix=u_matrix(self.codebook),
            complete=complete,
        )


def as_bytes(values: Floats) -> NDArray[np.uint8]:
    """0..1 as 0..255, clipped and rounded."""
    scaled: NDArray[np.uint8] = (values.clip(0, 1) * 255).round().astype(np.uint8)
    return scaled


def mosaic(codebook: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A codebook of 8x8 pictures (rows, columns, 64) as one grey picture (rows * 8, columns * 8)."""
    rows, columns, depth = codebook.shape
    side = round(depth**0.5)
    tiles = codebook.reshape(rows, columns, side, side).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * side, columns * side)


def atlas(dataset: str) -> bytes:
    """All pictures of a data set as TILE x TILE tiles, ATLAS_COLUMNS a row, in the order of their numbers, as WebP."""
    small = images.resize(datasets.load(dataset).images, TILE, TILE)
    return images.webp(images.tile(small, ATLAS_COLUMNS, gap=0), QUALITY)


def example() -> SomRecord:
    """The map of random colours that a first visit shows: a tenth of a second of arithmetic."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    task = SomTask()
    data = colours(task.source)
    recorder = Recorder(task, data)
    with threadpool_limits(1):  # products this small are up to 20 times slower when BLAS threads wait for each other
        for snapshot in snapshots(data.features, task.som):
            recorder.add(snapshot)
    return recorder.record(complete=True)


def unit_picture(record: SomRecord, task: SomTask, frame: int, row: int, column: int) -> NDArray[np.uint8]:
    """A unit's weights at a snapshot as a picture, uint8 (H, W, 3): for features the picture nearest to them."""
    end = int(record.sizes[: frame + 1].sum())
    data = record.frames[end - int(record.sizes[frame]) : end]
    if record.kind == "colours":
        return np.asarray(data.reshape(record.rows, record.columns, 1, 1, 3)[row, column], np.uint8)
    if record.kind == "nearest":
        number = data.view("<u2")[row * record.columns + column]
        return np.asarray(sample_pictures(task, np.array([number], np.int64))[0], np.uint8)
    with Image.open(BytesIO(data.tobytes())) as opened:
        lattice = np.asarray(opened.convert("RGB"))
    height, width = lattice.shape[0] // record.rows, lattice.shape[1] // record.columns
    return lattice[row * height : (row + 1) * height, column * width : (column + 1) * width]


def save(folder: Path, record: SomRecord) -> None:
    """Write the record into a run's folder; a reader sees the old one or the new one."""
    runs.write_atomically(folder / FILE, answers.encode(record))


def load(run: runs.Run) -> SomRecord | None:
    """Return what a run has recorded so far; None before its first snapshot, and for a damaged file."""
    try:
        record: SomRecord = answers.decode(run.path(FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return record


def version(run: runs.Run) -> int:
    """Return a number that changes with every write of a run's film; 0 before the first."""
    try:
        return run.path(FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return 0
