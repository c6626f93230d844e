"""The film of a training: what a page needs to show a self-organising map at every kept moment, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models import answers, runs
from models.errors import InputError
from models.som_data import SomTask, sample_pictures
from models.som_measures import Floats

FILE = "som.npz"


@dataclass(frozen=True)
class SomRecord:
    """A training so far; F snapshots, N samples.

    Attributes:
        rows, columns, lattice, toroid: The lattice, see SomSpec.
        kind: How a frame is stored: "colours" (one RGB pixel a unit, raw), "pictures" (WebP, one tile a unit),
            "nearest" (per unit the number of the nearest sample, little-endian uint16; tiles are in the atlas) or
            "net" (the weights, two or three little-endian float32 a unit).
        wanted, planned: How many snapshots were asked for, and how many of them the film has room for.
        frames: All frames, one after the other, uint8.
        sizes: Bytes of each frame, int64 (F,).
        atlas: For "nearest": all samples as one WebP of ATLAS_COLUMNS tiles a row, uint8; else empty.
        cloud: For "net" and RGB colours: samples to draw behind the net, float32 (n, 2 or 3); else no sample.
        cloud_labels: The class of each of these, int64 (n,), or empty.
        steps, epochs, quantization_error, topographic_error, rate, radius: (F,), see som.Snapshot.
        bmu: BMU of every sample at every snapshot, uint16 (F, N).
        labels: Class of every sample, int64 (N,), or empty.
        classes: Names of the classes.
        codebook: Weights at the last snapshot, float32 (rows, columns, D).
        distances: Euclidean distance of every sample to its BMU's weights at the last snapshot, of a map that
            ignores rotations in its best pose; float32 (N,). Empty while the map trains.
        u_matrix: `som_measures.u_matrix` of the last snapshot, float32 (rows, columns).
        complete: Whether no frame will follow: the training came to its end or was cancelled.
    """

    rows: int
    columns: int
    lattice: str
    toroid: bool
    kind: str
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


def frame_bytes(record: SomRecord, frame: int) -> NDArray[np.uint8]:
    """One frame as it is stored, uint8 (record.sizes[frame],)."""
    end = int(record.sizes[: frame + 1].sum())
    return record.frames[end - int(record.sizes[frame]) : end]


def net(record: SomRecord, frame: int) -> Floats:
    """The weights of all units of a net at a snapshot, float32 (rows, columns, 2 or 3)."""
    weights: Floats = frame_bytes(record, frame).view("<f4").reshape(record.codebook.shape)
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


def save(folder: Path, record: SomRecord) -> None:
    """Write the record into a run's folder; a reader sees the old one or the new one."""
    runs.write_atomically(folder / FILE, answers.encode(record))


def load(run: runs.Run) -> SomRecord | None:
    """Return what a run has recorded so far; None before its first snapshot, and for a damaged file."""
    return answers.read(run.path(FILE), SomRecord)


def version(run: runs.Run) -> int:
    """Return a number that changes with every write of a run's film; 0 before the first."""
    try:
        written = run.path(FILE).stat()
        return written.st_mtime_ns ^ written.st_ino  # two writes may fall into one tick of the file system's clock
    except FileNotFoundError:
        return 0
