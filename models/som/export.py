"""A trained map as files: its weights, the unit of every sample, and its film as one animated picture."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from models import __version__
from models.errors import InputError
from models.ids import NetworkId
from models.som.data import SomTask
from models.som.film import ATLAS_COLUMNS, TILE, SomRecord, frame_bytes, net
from models.som.lattice import Floats, Lattice
from models.som.script import draws_its_samples
from models.wording import grouped, significant

SHARED_BYTES = 64 << 20  # of samples that travel with the weights
SIDE = 400  # pixels of the longer side
LINE = 48  # pixels of the thickness of a line of units
MOST_BYTES = 3_000_000
FRAME_MS, LAST_MS = 80, 2000
FILLED = 0.9  # of the picture of a net
YAW, PITCH = 0.6, 0.4  # radians: from where a net in space is seen
_TIP = 1 / math.sqrt(3)  # from the centre of a hexagon of width 1 to its upper corner
_GROUND, _CLOUD, _INK = (255, 255, 255), (190, 197, 202), (31, 39, 45)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # how a cell begins that is computed
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131  # tags of EXIF
Pixels = NDArray[np.uint8]


def about(record: SomRecord, task: SomTask) -> str:
    """Return in a few lines what a map is: version, data, settings, and when in its training."""
    som, (*_, depth) = task.som, record.codebook.shape
    rate = f", learning rate {significant(som.rate0)}" * (som.method == "online")
    return (
        f"A self-organising map made by Freezeframe {__version__}.\n"
        f"Data and map: {task.title}; {grouped(record.bmu.shape[1])} samples of {grouped(depth)} values.\n"
        f"Training: {som.epochs} epochs from a {som.start} start with seed {som.seed}; {som.neighbourhood} "
        f"neighbourhood, radius {significant(som.radius0)}{rate} at first, falling ({som.law}) with decay "
        f"{significant(som.decay)}."
    )


def file_name(task: SomTask, what: str) -> str:
    """Return a name that says which map a file is of; `what` is its end, such as "labels.csv".

    A table of labels has no other place for it: a line of comment would stop `pandas.read_csv` and spreadsheets.
    """
    som = task.som
    return f"freezeframe-map-{task.source}-{som.rows}x{som.columns}-{som.method}-seed{som.seed}-{what}"


def codebook_npz(record: SomRecord, task: SomTask, samples: Floats | None) -> bytes:
    """Return a trained map as the bytes of an `.npz` file that needs no pickle.

    It holds `about` (a text: what this is), `codebook` (rows, columns, D) after the last epoch, `task` (JSON text:
    data, size, seed and all other settings, without the secret ids of a visitor's table or run), `classes` and, where
    they are given and not too large, the `samples` (N, D) that it was trained on: float32, or float64 of a table, with
    all its digits.
    """
    buffer = BytesIO()
    is_secret = task.network and NetworkId.parse(task.network).run
    settings = task.to_json() | {"table": "", "network": "" if is_secret else task.network}
    lines = "The array codebook (rows, columns, values) holds the weights after the last epoch; task has all settings."
    arrays = {"about": np.array(f"{about(record, task)}\n{lines}"), "codebook": record.codebook}
    arrays["task"] = np.array(json.dumps(settings))
    arrays["classes"] = np.array(record.classes, dtype=np.str_)
    if samples is not None and samples.nbytes <= SHARED_BYTES:
        arrays["samples"] = samples
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def script_lacks(task: SomTask, folder: Path | None) -> str:
    """Return in a sentence why the script cannot run with the file of the weights beside it; "" if it can.

    Args:
        task: What the map was trained on.
        folder: Of the run; None for the example.
    """
    if draws_its_samples(task):
        return ""
    try:
        count, features = task.origin.size()
        if task.source == "features":
            task.origin.load(folder)
    except InputError:
        return (
            f"The samples of this map are no longer kept ({task.origin.title}), and the script needs them: it cannot "
            "train the map again. Weights, labels and film are whole."
        )
    if count * features * task.origin.number > SHARED_BYTES:
        return (
            f"The samples of this map are too large to lie beside the script (more than {SHARED_BYTES >> 20} MB), and "
            "it needs them: it cannot train the map again. Weights, labels and film are whole."
        )
    return ""


def labels_csv(record: SomRecord, rows: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """Return a table of all samples: number, row and column of the BMU, class, distance to the BMU's weights.

    Args:
        record: A trained map.
        rows: What else tells which samples these are, by its name: a text for each, such as the line of a file.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rows = rows or {}
    writer.writerow(("sample", *rows, "row", "column", "class", "distance"))
    which = list(zip(*rows.values(), strict=True)) or [()] * record.bmu.shape[1]
    names = [plain(name) for name in record.classes]
    labels = [names[label] for label in record.labels.tolist()] or [""] * record.bmu.shape[1]
    places = zip(*(part.tolist() for part in np.divmod(record.bmu[-1], record.columns)), strict=True)
    distances = record.distances.tolist()
    every = zip(which, places, labels, distances, strict=True)
    for sample, (own, (row, column), name, distance) in enumerate(every):
        writer.writerow((sample, *map(plain, own), row, column, name, f"{distance:.6g}"))
    return text.getvalue().encode()


def plain(name: str) -> str:
    """Return a name in one line that no spreadsheet takes for a formula: an apostrophe stands before what looks so."""
    line = name.replace("\r", " ").replace("\n", " ")
    return f"'{line}" if name[:1] in _FORMULA else line


def animation(record: SomRecord, task: SomTask) -> bytes:
    """Return the film as an animated WebP that loops and rests at its last frame; its EXIF data say what it is.

    At most SIDE pixels a side and MOST_BYTES: a film that would be larger leaves out every second frame.
    """
    said = Image.Exif()
    said[_DESCRIPTION] = about(record, task).replace("×", "x")  # ASCII, as the tag has it
    said[_SOFTWARE] = f"Freezeframe {__version__}"
    paint = _Net(record).frame if record.kind == "net" else _Lattice(record).frame
    chosen = list(range(len(record.sizes)))
    pictures = [Image.fromarray(paint(frame)) for frame in chosen]
    while True:
        buffer = BytesIO()
        durations = [FRAME_MS * max(1, round(len(pictures) / len(chosen)))] * (len(chosen) - 1) + [LAST_MS]
        first, *rest = (pictures[frame] for frame in chosen)
        first.save(
            buffer, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, quality=75, method=1,
            exif=said,
        )  # fmt: skip
        if buffer.tell() <= MOST_BYTES or len(chosen) == 1:
            return buffer.getvalue()
        chosen = chosen[::-2][::-1]


@dataclass(frozen=True)
class Places:
    """Which unit every pixel of a picture shows, int64 (H, W), -1 for none, and where in it: 0..1 down and across."""

    unit: NDArray[np.int64]
    down: NDArray[np.float64]
    across: NDArray[np.float64]


def places(lattice: Lattice, side: int = SIDE, line: int = LINE) -> Places:
    """Lay a lattice out on at most `side` pixels; a line of units is at least `line` pixels thick."""
    rows, columns = lattice.rows, lattice.columns
    if lattice.hexagonal and min(rows, columns) > 1:
        return _hexagons(lattice, side)
    cell = max(1, side // max(rows, columns))
    high, wide = (max(cell, line) if rows == 1 else cell), (max(cell, line) if columns == 1 else cell)
    y, x = np.mgrid[: rows * high, : columns * wide]
    return Places(y // high * columns + x // wide, (y % high + 0.5) / high, (x % wide + 0.5) / wide)


def _hexagons(lattice: Lattice, side: int) -> Places:
    rows, columns, height = lattice.rows, lattice.columns, math.sqrt(3) / 2
    across, down = columns + 0.5, (rows - 1) * height + 2 * _TIP
    cell = side / max(across, down)
    y, x = (np.mgrid[: round(down * cell), : round(across * cell)] + 0.5) / cell
    best, least = np.full(x.shape, -1), np.full(x.shape, 1.0)
    offset = np.zeros((2, *x.shape))
    above = np.floor((y - _TIP) / height).astype(np.int64)
    for row in (above, above + 1):
        column = np.floor(x - row % 2 / 2).astype(np.int64)
        dx, dy = x - (column + 0.5 + row % 2 / 2), y - (_TIP + row * height)
        inside = (np.abs(dx) / 2 + np.abs(dy) * height <= 0.5) & (row >= 0) & (row < rows)
        inside &= (column >= 0) & (column < columns) & (dx**2 + dy**2 < least)
        best[inside], least[inside] = (row * columns + column)[inside], (dx**2 + dy**2)[inside]
        offset[:, inside] = np.stack([dy, dx])[:, inside]
    # A picture is square and as high as the hexagon.
    return Places(best, (offset[0] + _TIP) / (2 * _TIP), (offset[1] + _TIP) / (2 * _TIP))


class _Lattice:
    """Draws frames of colours and pictures."""

    def __init__(self, record: SomRecord) -> None:
        self.record = record
        lattice = Lattice(record.rows, record.columns, record.lattice, record.toroid)
        self.places = places(lattice, line=LINE if record.kind == "colours" else 1)
        self.atlas = _pixels(record.atlas) if record.kind == "nearest" else None

    def frame(self, number: int) -> Pixels:
        data, where = frame_bytes(self.record, number), self.places
        unit = np.maximum(where.unit, 0)
        if self.record.kind == "colours":
            drawn = data.reshape(-1, 3)[unit]
        elif self.atlas is not None:
            drawn = self._tiles(self.atlas, data.view("<u2").astype(np.int64)[unit], ATLAS_COLUMNS, TILE, TILE)
        else:
            mosaic = _pixels(data)
            sides = len(mosaic) // self.record.rows, mosaic.shape[1] // self.record.columns
            drawn = self._tiles(mosaic, unit, self.record.columns, *sides)
        return np.where(where.unit[..., None] < 0, np.array(_GROUND, np.uint8), drawn)

    def _tiles(self, source: Pixels, tile: NDArray[np.int64], columns: int, height: int, width: int) -> Pixels:
        row = tile // columns * height + (self.places.down * height).astype(np.int64)
        column = tile % columns * width + (self.places.across * width).astype(np.int64)
        return np.asarray(source[row, column], np.uint8)


def _pixels(encoded: Pixels) -> Pixels:
    with Image.open(BytesIO(encoded.tobytes())) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


class _Net:
    """Draws frames of a net over its cloud, twice as large and then shrunk, so that lines are smooth."""

    def __init__(self, record: SomRecord) -> None:
        self.record = record
        adjacent = Lattice(record.rows, record.columns, record.lattice).adjacent
        self.pairs = [(unit, int(other)) for unit, near in enumerate(adjacent) for other in near if other > unit]
        flat = _flat(record.cloud)
        low, high = flat.min(axis=0), flat.max(axis=0)
        self.scale = 2 * SIDE * FILLED / max((high - low).max(), 1e-9)
        width, height = np.maximum((high - low) * self.scale / FILLED, SIDE / 4).astype(int).tolist()
        self.shift = np.array([width, height]) / 2 - (low + high) / 2 * self.scale
        self.ground = Image.new("RGB", (width, height), _GROUND)
        self._dots(ImageDraw.Draw(self.ground), flat * self.scale + self.shift, 2, _CLOUD)

    def _dots(self, draw: ImageDraw.ImageDraw, spots: NDArray[np.float64], radius: int, ink: tuple[int, ...]) -> None:
        for x, y in spots.tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)

    def frame(self, number: int) -> Pixels:
        picture = self.ground.copy()
        draw = ImageDraw.Draw(picture)
        weights = net(self.record, number)
        spots = _flat(weights.reshape(-1, weights.shape[-1])) * self.scale + self.shift
        for first, second in self.pairs:
            draw.line((*spots[first], *spots[second]), fill=_INK, width=2)
        self._dots(draw, spots, 4, _INK)
        return np.asarray(picture.reduce(2), np.uint8)


def _flat(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Points (n, 2 or 3) as seen on a picture, float64 (n, 2): x to the right, y down."""
    across, up = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    if points.shape[1] == 3:
        away = across * math.sin(YAW) + up * math.cos(YAW)
        across = across * math.cos(YAW) - up * math.sin(YAW)
        up = points[:, 2] * math.cos(PITCH) + away * math.sin(PITCH)
    return np.stack([across, -up], axis=1)
