"""Occlusion sensitivity: how far a class's score falls when a patch of the picture is hidden.

Takes a score function, not a network: any function from a batch of pictures to one number each can be explained,
and every number here can be checked by hand.

Reference: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks (ECCV 2014),
https://arxiv.org/abs/1311.2901.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from models.networks.answers import ScoreFunction
from models.storage.progress import SILENT, Progress

FILLS = ("grey", "mean", "blur", "noise")
BATCH = 64  # pictures in one call of the score function
_GREY = 128


@dataclass(frozen=True, slots=True)
class OcclusionMap:
    """What hiding each part of one picture does to the score.

    `drop` (H, W) float32: the mean of `base_score` minus the score over all patches that cover the pixel; positive
    where hiding lowers the score. `occluded` (n_rows, n_cols) float32: the score with the patch's top-left corner at
    (`rows[i]`, `cols[j]`). `n_passes`: forward passes of single pictures, one of them the untouched picture.
    """

    drop: np.ndarray
    base_score: float
    rows: np.ndarray
    cols: np.ndarray
    occluded: np.ndarray
    patch: int
    stride: int
    fill: str
    n_passes: int


def _check(patch: int, stride: int, side: int) -> None:
    if not 1 <= stride <= patch <= side:
        raise InputError(
            f"Expected 1 <= stride <= patch <= side of the picture ({side} px). Received stride {stride} px and "
            f"patch {patch} px. With a stride larger than the patch, some pixels would never be hidden."
        )


def patch_origins(size: int, patch: int, stride: int) -> np.ndarray:
    """Return the top or left offsets (n,) int64 of patches that together cover [0, size).

    Steps by `stride` px; the last patch sits flush with the edge, so that all patches hide equally much.

    Raises:
        InputError: Not 1 <= stride <= patch <= size.
    """
    _check(patch, stride, size)
    return np.append(np.arange(0, size - patch, stride), size - patch)


def cost(height: int, width: int, patch: int, stride: int) -> int:
    """Return the number of patch positions, which is the number of forward passes less one.

    Raises:
        InputError: Not 1 <= stride <= patch <= the shorter side.
    """
    _check(patch, stride, min(height, width))
    return len(patch_origins(height, patch, stride)) * len(patch_origins(width, patch, stride))


def _smoothing(size: int, sigma: float) -> np.ndarray:
    """Return the (size, size) matrix that blurs along one axis; each row sums to 1, at the edges too."""
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    weight = np.exp(-(distance**2) / (2 * sigma**2))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def filling(image: np.ndarray, fill: str, patch: int, seed: int = 0) -> np.ndarray:
    """Return the picture (H, W, 3) uint8 that patches are cut from.

    Args:
        image: (H, W, 3) uint8.
        fill: "grey" (128), "mean" (the picture's mean colour), "blur" (Gaussian, sigma half a patch side) or
            "noise" (uniform, seeded).
        patch: Side of a patch in px, for the width of the blur.
        seed: For the noise.

    Raises:
        InputError: Another fill.
    """
    if fill == "grey":
        return np.full_like(image, _GREY)
    if fill == "mean":
        return np.broadcast_to(np.rint(image.mean(axis=(0, 1))), image.shape).astype(np.uint8)
    if fill == "blur":
        down, across = (_smoothing(size, patch / 2) for size in image.shape[:2])
        blurred = np.einsum("rh,hwc,kw->rkc", down, image, across, optimize=True)
        return np.asarray(np.rint(blurred), np.uint8)
    if fill == "noise":
        return np.random.default_rng(seed).integers(0, 256, image.shape).astype(np.uint8)
    raise InputError(f"Expected the fill to be one of {', '.join(FILLS)}. Received {fill!r}.")


def occlusion_map(
    score: ScoreFunction,
    image: np.ndarray,
    *,
    patch: int,
    stride: int,
    fill: str = "grey",
    seed: int = 0,
    batch: int = BATCH,
    progress: Progress = SILENT,
) -> OcclusionMap:
    """Return how the score of `image` falls as a square patch hides one part after the other.

    Overlapping patches are averaged and compared with the untouched picture, so that neither the overlap nor the
    level of the score shows up as evidence. Every pixel is covered at least once.

    Args:
        score: (N, H, W, 3) uint8 -> (N,) probability or logit of the class that is explained.
        image: (H, W, 3) uint8, at the size that the network takes.
        patch: Side of the hidden square, px.
        stride: Step between neighbouring squares, px.
        fill: What the square shows, see `filling`.
        seed: For the noise.
        batch: Pictures per call of `score`.
        progress: Told the share done after every batch; may cancel.

    Raises:
        InputError: Sizes or fill outside what is offered.
        Cancelled: By `progress`.

    Cost: `cost(H, W, patch, stride)` + 1 forward passes, in batches of `batch`.
    """
    height, width = image.shape[:2]
    n_positions = cost(height, width, patch, stride)
    hidden = filling(image, fill, patch, seed)
    rows, cols = patch_origins(height, patch, stride), patch_origins(width, patch, stride)
    corners = [(row, col) for row in rows.tolist() for col in cols.tolist()]
    base = float(score(image[None])[0])
    occluded = np.empty(n_positions, np.float32)
    for start in range(0, n_positions, batch):
        progress.event(share=start / n_positions, note=f"{start} of {n_positions} positions")
        occluded[start : start + batch] = score(_with_patches(image, hidden, corners[start : start + batch], patch))
    drop = averaged(base - occluded, corners, patch, (height, width))
    scores = occluded.reshape(len(rows), len(cols))
    return OcclusionMap(drop, base, rows, cols, scores, patch, stride, fill, n_passes=n_positions + 1)


def _with_patches(image: np.ndarray, hidden: np.ndarray, corners: list[tuple[int, int]], patch: int) -> np.ndarray:
    """Return the picture once for each corner, with the square that begins there taken from `hidden`."""
    pictures = np.repeat(image[None], len(corners), axis=0)
    for picture, (row, col) in zip(pictures, corners, strict=True):
        window = np.s_[row : row + patch, col : col + patch]
        picture[window] = hidden[window]
    return pictures


def averaged(falls: np.ndarray, corners: list[tuple[int, int]], patch: int, shape: tuple[int, int]) -> np.ndarray:
    """Return (H, W) float32: per pixel the mean of the falls (n,) of the patches that cover it.

    Falls that are NaN do not count; pixels without any are NaN.
    """
    total, count = np.zeros((2, *shape))
    for fall, (row, col) in zip(falls, corners, strict=True):
        if not np.isnan(fall):
            total[row : row + patch, col : col + patch] += fall
            count[row : row + patch, col : col + patch] += 1
    mean = np.full(shape, np.nan, np.float32)
    np.divide(total, count, out=mean, where=count > 0, casting="same_kind")
    return mean


def share_inside(drop: np.ndarray, mask: np.ndarray) -> float | None:
    """Return the share (0..1) of the positive drop (H, W) that lies where `mask` (H, W) is true.

    None when nothing lowered the score: there is no evidence to share out. Compare with `mask.mean()`, the share an
    even map would have.
    """
    evidence = np.maximum(drop, 0)
    total = float(evidence.sum())
    return float(evidence[mask].sum()) / total if total > 0 else None
