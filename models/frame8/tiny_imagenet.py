"""Tiny ImageNet's published folder, read into memory.

    wnids.txt                          the classes' WordNet ids, one a line
    words.txt                          id, tab, names
    train/<id>/images/*.JPEG           500 pictures of each class
    val/val_annotations.txt            file name, tab, id, and a box nobody needs here
    val/images/*.JPEG

A folder with other classes, or other numbers of pictures, is read the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from models.errors import InputError

SIDE = 64


@dataclass(frozen=True, slots=True)
class Pictures:
    """A part in memory: `images` (N, 64, 64, 3) uint8, `labels` (N,) int32, `names` of the classes."""

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]


def read_pictures(data: Path, split: str) -> Pictures:
    """Return the `train` or `val` pictures of the published folder layout, classes in the order of `wnids.txt`.

    Raises:
        InputError: A part of the layout is missing, or a picture is none, or of another size; the message names it.
    """
    wnids = tuple(_lines(data / "wnids.txt"))
    if len(set(wnids)) < max(len(wnids), 2):
        raise InputError(f"Expected two or more classes, each once, in {data / 'wnids.txt'}. Received {len(wnids)}.")
    number = {wnid: i for i, wnid in enumerate(wnids)}
    if split == "train":
        pairs = [(path, number[wnid]) for wnid in wnids for path in _files(data / split / wnid / "images")]
    else:
        pairs = _annotated(data / split, number)
    labels = np.array([label for _, label in pairs], np.int32)
    return Pictures(_decoded([path for path, _ in pairs]), labels, _names(data, wnids))


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"Expected Tiny ImageNet's published folder, with a text file {path}. Received none."
        ) from error


def _names(data: Path, wnids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first name of every class; its id where `words.txt` has none."""
    words = dict(line.split("\t", 1) for line in _lines(data / "words.txt") if "\t" in line)
    return tuple(words.get(wnid, wnid).split(",")[0].strip() for wnid in wnids)


def _files(folder: Path) -> list[Path]:
    """Return the pictures of a class in the order of their names."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".jpeg", ".jpg"))
    if not found:
        raise InputError(f"Expected JPEG pictures in {folder}. Received none.")
    return found


def _annotated(folder: Path, number: dict[str, int]) -> list[tuple[Path, int]]:
    """Return the validation pictures with their classes."""
    pairs = []
    for line in _lines(folder / "val_annotations.txt"):
        name, _, rest = line.partition("\t")
        wnid = rest.split("\t")[0].strip()
        if wnid not in number or Path(name).name != name:
            raise InputError(
                f"Expected a file name and a class of wnids.txt in every line of {folder / 'val_annotations.txt'}. "
                f"Received {line[:80]!r}."
            )
        pairs.append((folder / "images" / name, number[wnid]))
    if not pairs:
        raise InputError(f"Expected pictures named in {folder / 'val_annotations.txt'}. Received none.")
    return pairs


def _decoded(paths: list[Path]) -> np.ndarray:
    images = np.empty((len(paths), SIDE, SIDE, 3), np.uint8)
    for i, path in enumerate(paths):
        try:
            with Image.open(path, formats=("JPEG",)) as picture:
                received = f"{picture.width} x {picture.height}"
                if picture.size == (SIDE, SIDE):
                    images[i] = np.asarray(picture.convert("RGB"))
                    continue
        except OSError as error:
            raise InputError(f"Expected a JPEG picture at {path}. Received a file that cannot be read.") from error
        raise InputError(f"Expected pictures of {SIDE} x {SIDE} pixels. Received {received} at {path}.")
    return images
