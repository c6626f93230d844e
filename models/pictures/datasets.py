"""The built-in data sets: what they hold, any picture of them at once, the whole, and the split.

What they hold is known without making a single picture. A data set is one row of `DATASETS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np

from models.errors import InputError
from models.pictures import galaxies, textures
from models.storage.files import home, private_folder, saving, write_atomically


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What one data set holds, and where its pictures come from.

    Attributes:
        id: Its name in specs, files and links; never changes.
        title: What it is called.
        description: How it was made.
        limits: What its pictures do not show, in whole sentences.
        classes: Their names.
        per_class: Pictures of each; all as many where a program draws them, which takes the classes in turn.
        height, width: Of its pictures, in pixels.
        mask: What the masks of its objects hold, to follow "The mask: "; "" where it has none.
        source: Where it comes from.
        cover: Number of a picture worth opening with, from the test part of split 0.
        origin: The module that draws it, by its function `draw(number, index)`: class and number of a picture -> uint8
            (H, W, 3), and bool (H, W), which is None without masks; what is drawn is kept on the disk until the
            module's text changes. Or a function that returns all pictures, uint8 (N, H, W, 3), read-only, and their
            classes, int64 (N,).
        thing: What the masks are of, to follow "the ".
    """

    id: str
    title: str
    description: str
    limits: str
    classes: tuple[str, ...]
    per_class: tuple[int, ...]
    height: int
    width: int
    mask: str
    source: str
    cover: int
    origin: ModuleType | Callable[[], tuple[np.ndarray, np.ndarray]]
    thing: str = "object"

    @property
    def size(self) -> int:
        """Return the number of pictures."""
        return sum(self.per_class)

    @property
    def has_masks(self) -> bool:
        """Return whether it is known where the object of a picture is."""
        return bool(self.mask)


@lru_cache(maxsize=1)
def _scans() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's digits as uint8 (N, 8, 8, 3) and int64 (N,)."""
    from sklearn.datasets import load_digits  # slow to import

    bunch = load_digits()
    grey = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    images = np.repeat(grey[..., None], 3, axis=-1)
    images.setflags(write=False)
    return images, bunch.target.astype(np.int64)


DATASETS: dict[str, DatasetSpec] = {
    spec.id: spec
    for spec in (
        DatasetSpec(
            "galaxies",
            "Galaxies",
            "A program draws each galaxy; its brightness falls off from the centre by Sérsic's law. Then it adds the "
            "blur of a telescope, stars in the foreground and the noise of a camera.",
            "These galaxies are drawn by a program. Real telescope pictures are harder.",
            galaxies.CLASSES,
            (300,) * len(galaxies.CLASSES),
            galaxies.SIDE,
            galaxies.SIDE,
            "where the galaxy's own light is, before stars and noise",
            "Generated locally; the same for everyone. Brightness profile: Sérsic (1963).",
            571,
            galaxies,
            "galaxy",
        ),
        DatasetSpec(
            "textures",
            "Textures",
            "A program draws eight patterns in random colours, sizes and directions, seen at a slant under uneven "
            "light, with noise.",
            "Here colours say nothing about the class, on purpose. In real pictures they often do.",
            textures.CLASSES,
            (200,) * len(textures.CLASSES),
            textures.SIDE,
            textures.SIDE,
            "",
            "Generated locally; the same for everyone.",
            135,
            textures,
        ),
        DatasetSpec(
            "digits",
            "Digits",
            "Real scans: handwritten digits of 13 people, reduced to 8 × 8 pixels of 17 grey levels.",
            "This is no hard task: even a linear model on the pixels gets 96% right, so transfer has nothing to add.",
            tuple("0123456789"),
            (178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
            8,
            8,
            "",
            "Alpaydin and Kaynak 1998, UCI repository; the test part, as scikit-learn ships it.",
            45,
            _scans,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """All pictures of a data set; the arrays are memory-mapped and read-only."""

    spec: DatasetSpec
    images: np.ndarray  # uint8 (N, H, W, 3)
    labels: np.ndarray  # int64 (N,)
    masks: np.ndarray | None  # bool (N, H, W): where the object is


@dataclass(frozen=True, slots=True)
class Split:
    """Which pictures the network learns from, is watched on and is tested on; sorted int64 indices."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def get(dataset: str) -> DatasetSpec:
    """Return the spec of a data set, or raise InputError with the names there are."""
    if dataset not in DATASETS:
        raise InputError(f"Expected a data set out of {', '.join(DATASETS)}. Received {dataset[:40]!r}.")
    return DATASETS[dataset]


def picture(dataset: str, index: int) -> np.ndarray:
    """Return one picture, uint8 (H, W, 3), without making the others (1-2 ms where a program draws it)."""
    return _picture_and_mask(dataset, _checked(dataset, index))[0]


def mask(dataset: str, index: int) -> np.ndarray:
    """Return where the object of one picture is, bool (H, W).

    Raises:
        InputError: The data set has no masks, or no such picture.
    """
    found = _picture_and_mask(dataset, _checked(dataset, index))[1]
    if found is None:
        raise InputError(f"Expected a data set with masks. Received {dataset}, which has none.")
    return found


def label(dataset: str, index: int) -> int:
    """Return the class of one picture, 0 .. classes - 1."""
    return int(labels(dataset)[_checked(dataset, index)])


def labels(dataset: str) -> np.ndarray:
    """Return the class of every picture, int64 (N,)."""
    spec = get(dataset)
    return np.arange(spec.size) % len(spec.classes) if isinstance(spec.origin, ModuleType) else spec.origin()[1]


@lru_cache(maxsize=len(DATASETS))
def is_grey(dataset: str) -> bool:
    """Return whether no picture has any colour; it takes one picture to know that some have."""
    spec = get(dataset)
    numbers = (spec.cover, *range(spec.size))
    return all(not np.ptp(picture(dataset, number), axis=-1).any() for number in numbers)


def _checked(dataset: str, index: int) -> int:
    size = get(dataset).size
    if not 0 <= index < size:
        raise InputError(f"Expected a picture number from 0 to {size - 1}. Received {index}.")
    return int(index)


@lru_cache(maxsize=256)
def _picture_and_mask(dataset: str, index: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return picture and mask (None where there are none), read-only since they are shared."""
    spec = get(dataset)
    if not isinstance(spec.origin, ModuleType):
        return spec.origin()[0][index], None
    image, where = _draw(spec.origin, spec, index)
    image.setflags(write=False)
    if where is not None:
        where.setflags(write=False)
    return image, where


def _draw(program: ModuleType, spec: DatasetSpec, index: int) -> tuple[np.ndarray, np.ndarray | None]:
    image, where = program.draw(index % len(spec.classes), index)
    return image, where


@lru_cache(maxsize=len(DATASETS))
def load(dataset: str) -> Dataset:
    """Return the whole data set; drawn once (a few seconds), then read from the disk.

    Raises:
        StorageUnavailable: It cannot be written.
    """
    spec = get(dataset)
    if not isinstance(spec.origin, ModuleType):
        return Dataset(spec, *spec.origin(), None)
    files = _files(spec.id, spec.origin, spec.has_masks)
    with saving():
        private_folder("datasets")
        if not is_drawn(dataset):
            made = [_draw(spec.origin, spec, index) for index in range(spec.size)]
            for file, arrays in zip(files, zip(*made, strict=True), strict=False):
                buffer = BytesIO()
                np.save(buffer, np.stack(arrays))
                write_atomically(file, buffer.getvalue())
    mapped = [np.load(file, mmap_mode="r") for file in files]
    return Dataset(spec, mapped[0], labels(dataset), mapped[1] if spec.has_masks else None)


def is_drawn(dataset: str) -> bool:
    """Return whether the pictures of a data set are there and need not be drawn first."""
    spec = get(dataset)
    return not isinstance(spec.origin, ModuleType) or all(
        file.exists() for file in _files(dataset, spec.origin, spec.has_masks)
    )


def _files(dataset: str, program: ModuleType, has_masks: bool) -> list[Path]:
    """Return where the pictures, and the masks if there are any, of a drawn data set lie."""
    stem = home() / "datasets" / f"{dataset}-{_digest(program)}"
    return [Path(f"{stem}-{part}.npy") for part in ("images", "masks")[: 1 + has_masks]]


def digest(dataset: str) -> str:
    """Return a digest of the program that draws a data set's pictures; "" where nothing is drawn."""
    origin = get(dataset).origin
    return _digest(origin) if isinstance(origin, ModuleType) else ""


def _digest(program: ModuleType) -> str:
    """Return a digest of the program that draws a data set, so that files of an older program are not read."""
    return hashlib.sha256(Path(str(program.__file__)).read_bytes()).hexdigest()[:12]


def split(dataset: str, seed: int = 0, shots: int | None = None, train: float = 0.6, validation: float = 0.2) -> Split:
    """Divide a data set at random, each class in the same proportions; the same numbers give the same split.

    Args:
        seed: At least 0.
        shots: Keep only so many training pictures of each class; fewer shots are always part of more shots, and
            validation and test stay the same.
        train, validation: Shares of each class, above 0, together below 1; the rest is for the test.

    Raises:
        InputError: A value lies outside, or a class has fewer training pictures than `shots`.
    """
    spec = get(dataset)
    if not (train > 0 and validation > 0 and train + validation < 1):
        raise InputError(f"Expected shares above 0, together below 1. Received {train} and {validation}.")
    fewest = round(min(spec.per_class) * train)
    if seed < 0 or (shots is not None and not 1 <= shots <= fewest):
        raise InputError(f"Expected a seed from 0 and shots from 1 to {fewest}. Received {seed} and {shots}.")
    of_class = labels(dataset)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for number in range(len(spec.classes)):
        members = np.random.default_rng([seed, number]).permutation(np.flatnonzero(of_class == number))
        ends = round(len(members) * train), round(len(members) * (train + validation))
        for part, chosen in zip(parts, np.split(members, ends), strict=True):
            part.append(chosen[:shots] if part is parts[0] else chosen)
    return Split(*(np.sort(np.concatenate(part)) for part in parts))
