"""Films of activation maximisation, with the unit's answer to every frame, and sheets of their ends. Without Keras."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.backbones.registry import DEFAULT
from models.features import patches
from models.features.maximisation import SHIPPED, MaximisationSpec, Moment, shipped_path, weights_digest
from models.pictures import datasets, images
from models.storage import files
from models.storage.files import write_atomically

RESULT = "maximisation.npz"  # in the folder of a run that makes a film
FRAMES = 24  # of a film, its start left out
End = Literal["", "done", "flat", "overflow"]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film, whole or as far as it has come.

    Attributes:
        steps: int64 (F,), after how many steps each frame was taken.
        values: float64 (F,), what the unit answers to exactly the frame's picture.
        data, sizes: The frames as lossless WebP files, uint8 one after the other, and the length of each, int64 (F,).
        height, width: Of the pictures, px.
        total: Steps that were asked for.
        end: "" while it is made, "done", "flat" where no pixel changed the answer, "overflow" where the network's
            numbers left the range of numbers.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    data: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    height: int
    width: int
    total: int
    end: End

    @property
    def frames(self) -> tuple[bytes, ...]:
        """The frames as WebP files."""
        ends = np.cumsum(self.sizes).tolist()
        return tuple(self.data[e - n : e].tobytes() for e, n in zip(ends, self.sizes.tolist(), strict=True))

    def picture(self, frame: int = -1) -> NDArray[np.uint8]:
        """Return a frame as uint8 (H, W, 3)."""
        return np.asarray(Image.open(BytesIO(self.frames[frame])).convert("RGB"))


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Maximised pictures of some channels of several layers.

    Attributes:
        networks, layers: Of every picture.
        channels: int64 (n,).
        data, sizes: The pictures as lossless WebP files, uint8 one after the other, and the length of each, int64 (n,).
        digest: Of the weights they were made with.
    """

    networks: tuple[str, ...]
    layers: tuple[str, ...]
    channels: NDArray[np.int64]
    data: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    digest: str

    def of(self, network: str, layer: str) -> dict[int, bytes]:
        """Return the pictures of a layer by channel, as WebP files."""
        ends = np.cumsum(self.sizes).tolist()
        return {
            int(channel): self.data[end - size : end].tobytes()
            for at_network, at_layer, channel, end, size in zip(
                self.networks, self.layers, self.channels, ends, self.sizes, strict=True
            )
            if (at_network, at_layer) == (network, layer)
        }


class FilmMaker:
    """Gathers frames while an ascent goes on."""

    def __init__(self, height: int, width: int, total: int) -> None:
        self.size, self.total = (height, width), total
        self._found: list[tuple[int, float, bytes]] = []

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self._found)

    def add(self, step: int, value: float, picture: NDArray[np.uint8]) -> None:
        """Take in a frame (H, W, 3)."""
        self._found.append((step, value, images.webp(picture, lossless=True)))

    def film(self, end: End) -> Film:
        """Return what was gathered; one frame at least."""
        steps, values, frames = zip(*self._found, strict=True)
        data = np.frombuffer(b"".join(frames), np.uint8)
        sizes = np.array([len(frame) for frame in frames], np.int64)
        return Film(np.array(steps, np.int64), np.array(values), data, sizes, *self.size, self.total, end)


def moments(steps: int, frames: int = FRAMES) -> frozenset[int]:
    """Return after which steps a frame is taken: often at first, when most happens, and at the end."""
    return frozenset(np.rint(steps * np.linspace(0, 1, frames + 1) ** 1.5).astype(int).tolist())


def rounded(moment: Moment) -> NDArray[np.uint8]:
    """Return the picture of a moment as it is shown."""
    return np.asarray(np.rint(moment.picture), np.uint8)


def save(path: Path, film: Film) -> None:
    """Write a film, whole or not at all."""
    write_atomically(path, files.encode(film))


def load(path: Path) -> Film | None:
    """Return the film that `save` wrote; None where there is none that can be read."""
    film = files.read(path, Film)
    return film if film is not None and len(film.steps) else None


def version(path: Path) -> int:
    """Return a number that changes with every write of a film; 0 before the first."""
    try:
        written = path.stat()
    except FileNotFoundError:
        return 0
    return written.st_mtime_ns ^ written.st_ino  # two writes may fall into one tick of the file system's clock


# FOLDED models/features/films.py: Films and pictures of activation maximisation that are shipped with the app, and
# the script that makes them. python -m models.features.films Run it (some minutes) after new weights of Frame8,
# after `python -m models.training.worker.ship` and `python -m models.features.worker.patch_search`, and when
# defaults change: what is shipped is found by its settings and by the weights, and an old one is not shown.

NETWORK = f"backbone:{DEFAULT}:64"
FIRST_LAYER, FIRST_DATA = "conv3_relu", "galaxies"  # of a first visit
_SHEET = SHIPPED / "sheet.npz"


def film(spec: MaximisationSpec) -> Film | None:
    """Return the shipped film of a spec, if there is one for the weights that are shipped."""
    return load(shipped_path(spec))


def sheet() -> Sheet | None:
    """Return the shipped pictures, if they were made with the weights that are shipped."""
    found = files.read(_SHEET, Sheet)
    return found if found is not None and found.digest == weights_digest() else None


def first() -> MaximisationSpec:
    """Return what a first visit asks for: the channel that tells most of the data's classes."""
    found = patches.shipped(NETWORK, FIRST_DATA)
    channel = 0 if found is None else found.of(FIRST_LAYER).telling(datasets.labels(FIRST_DATA))
    return MaximisationSpec(NETWORK, FIRST_LAYER, channel)
