"""Patches of pictures and their projections as small pictures in one sprite each, with the words for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures import theme
from models.features.backward import Projections
from models.features.patches import OUTSIDE, Cut, cut_of, patch
from models.networks.layers import LayerChoice
from models.pictures import datasets, images

CLIPPED = 0.995
_SMALL = 36  # px of a patch in a mosaic
_LOSSLESS = 96  # px of a tile; larger ones are sent as WebP


@dataclass(frozen=True, slots=True)
class Pairs:
    """Patches and projections of n pictures, the strongest first.

    Attributes:
        patches, signals: Picture files, n tiles side by side.
        width, height: Of a tile, pixels.
        marks: Where in a tile that shows a whole picture the value looks, (x, y) shares; else empty.
        outside: Whether some tile reaches beyond its picture.
        whole: Whether the tiles are whole pictures, because the value can depend on more.
        silent: Which projections are empty: no signal reached the pixels.
        rectified, others: As in `Projections`.
    """

    patches: bytes
    signals: bytes
    width: int
    height: int
    marks: tuple[tuple[float, float] | tuple[()], ...]
    outside: bool
    whole: bool
    silent: tuple[bool, ...]
    rectified: int
    others: tuple[str, ...]


def coloured(signal: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a signal (H, W, 3) as RGB, grey where there is none.

    The scale ends where `CLIPPED` of what is not 0 lies below, so that one spike does not make all else grey.
    """
    finite = np.nan_to_num(signal, posinf=0.0, neginf=0.0)
    size = np.abs(finite[finite != 0])
    most = float(np.quantile(size, CLIPPED)) if size.size else 1.0
    found: NDArray[np.uint8] = np.rint(127.5 + 127.5 * np.clip(finite / most, -1, 1)).astype(np.uint8)
    return found


def pairs(layer: LayerChoice, dataset: str, places: Sequence[tuple[int, int, int]], answer: Projections) -> Pairs:
    """Return what is drawn for the values at (picture, row, col) of a channel of `layer`.

    Args:
        layer: Which layer.
        dataset: Whose pictures.
        places: At least one.
        answer: Their projections, in the same order.
    """
    height, width = answer.signal.shape[1:3]
    cuts = [cut_of(layer, row, col, height, width) for _, row, col in places]
    pictures = [images.resize(datasets.picture(dataset, number), height, width) for number, _, _ in places]
    shown = np.stack([patch(picture, cut) for picture, cut in zip(pictures, cuts, strict=True)])
    kept = [_within(signal, cut) for signal, cut in zip(answer.signal, cuts, strict=True)]
    signals = np.stack([patch(coloured(signal), cut) for signal, cut in zip(kept, cuts, strict=True)])
    return Pairs(
        patches=_sprite(shown),
        signals=_sprite(signals),
        width=shown.shape[2],
        height=shown.shape[1],
        marks=tuple(((cut.mark[1] + 0.5) / width, (cut.mark[0] + 0.5) / height) if cut.mark else () for cut in cuts),
        outside=any(cut.top < 0 or cut.left < 0 or cut.bottom >= height or cut.right >= width for cut in cuts),
        whole=cuts[0].whole,
        silent=tuple(not signal.any() for signal in kept),
        rectified=answer.rectified,
        others=answer.others,
    )


def mosaic(layer: LayerChoice, dataset: str, places: Sequence[tuple[int, int, int]], side: int) -> bytes:
    """Return the patches around (picture, row, col) in three rows of three as one small WebP; missing ones stay grey.

    Args:
        layer: Which layer.
        dataset: Whose pictures.
        places: At most nine.
        side: Of the pictures the network takes, pixels.
    """
    tiles = np.full((9, _SMALL, _SMALL, 3), OUTSIDE, np.uint8)
    for number, (picture, row, col) in enumerate(places):
        cut = cut_of(layer, row, col, side, side)
        shown = patch(images.resize(datasets.picture(dataset, picture), side, side), cut)
        tiles[number] = images.resize(images.enlarge(shown, _SMALL), _SMALL, _SMALL)
    return images.webp(images.tile(tiles, 3, gap=1, background=OUTSIDE))


def _within(signal: NDArray[np.float32], cut: Cut) -> NDArray[np.float32]:
    """Return a signal (H, W, 3), set to 0 outside of `cut`; inside a true receptive field that changes nothing."""
    found = np.zeros_like(signal)
    part = slice(max(cut.top, 0), cut.bottom + 1), slice(max(cut.left, 0), cut.right + 1)
    found[part] = signal[part]
    return found


def _sprite(tiles: NDArray[np.uint8]) -> bytes:
    row = images.tile(tiles, len(tiles), gap=0)
    return images.png(row) if tiles.shape[1] <= _LOSSLESS else images.webp(row)


def boxed(picture: NDArray[np.uint8], cut: Cut, target: int) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3), enlarged to about `target` pixels, with what `cut` names, or its mark, outlined."""
    if cut.whole and cut.mark is not None:
        reach = max(picture.shape[:2]) // 24
        row, col = cut.mark
        cut = Cut(row - reach, col - reach, row + reach, col + reach)
    factor = max(1, target // max(picture.shape[:2]))
    large = images.enlarge(picture, target).copy()
    ends = large.shape[0] - 1, large.shape[1] - 1
    top, left = (int(np.clip(at * factor, 0, end)) for at, end in zip((cut.top, cut.left), ends, strict=True))
    beyond = (cut.bottom + 1) * factor - 1, (cut.right + 1) * factor - 1
    bottom, right = (int(np.clip(at, 0, end)) for at, end in zip(beyond, ends, strict=True))
    for inset, colour in ((0, 255), (2, 0)):  # white outside, black inside: seen on any picture
        rows, cols = np.arange(top + inset, bottom - inset + 1), np.arange(left + inset, right - inset + 1)
        if len(rows) > 4 and len(cols) > 4:
            large[np.r_[rows[:2], rows[-2:]][:, None], cols] = colour
            large[rows[:, None], np.r_[cols[:2], cols[-2:]]] = colour
    return large


def colour_of(number: int) -> str:
    """Return the colour of a class, the same on every page."""
    return theme.CLASS_COLOURS[number % len(theme.CLASS_COLOURS)]
