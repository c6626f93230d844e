"""The weights and the samples of a map as what they are: colours, points or pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.views.som import cache as som_cache
from dashboard.views.som import figures
from models.pictures import images
from models.som.data import SomTask, picture_shape
from models.som.lattice import Lattice

COLOURS, POINTS, PICTURES = ("colours", "named"), ("points", "points3d"), ("digits", "pictures")


def weights(
    task: SomTask,
    lattice: Lattice,
    codebook: NDArray[Any],
    *,
    height: int,
    marks: Mapping[str, int] | None = None,
    sample: NDArray[Any] | None = None,
    moved: NDArray[Any] | None = None,
) -> Any | None:
    """Return the weights (rows, columns, D) as a figure; None where they have no picture (features, tables).

    Args:
        task: Says what the values are.
        lattice, height, marks, sample, moved: See `figures.som`; only points show the last two.
    """
    flat = codebook.reshape(-1, codebook.shape[-1])
    if task.source in POINTS:
        cloud = som_cache.som_samples(task, "").features
        return figures.net(lattice, codebook, cloud, height=height, marks=marks, sample=sample, moved=moved)
    texts = [f"W = {in_words(one)}" for one in flat]
    if task.source in COLOURS:
        return figures.cells(lattice, as_bytes(codebook), texts, height=height, marks=marks)
    if task.source in PICTURES:
        return figures.pictures(lattice, tiles(task, flat), texts, height=height, marks=marks)
    return None


def tiles(task: SomTask, vectors: NDArray[Any]) -> NDArray[np.uint8]:
    """Return vectors of pixels (n, D) as pictures, uint8 (n, H, W, 3), clipped to what a pixel can be."""
    height, width, channels = picture_shape(task.dataset or "digits")
    pixels = as_bytes(vectors).reshape(len(vectors), height, width, channels)
    return np.broadcast_to(pixels, (len(vectors), height, width, 3)).copy()


def as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return 0..1 as 0..255, clipped and rounded."""
    scaled: NDArray[np.uint8] = (values.clip(0, 1) * 255).round().astype(np.uint8)
    return scaled


def sample_tile(task: SomTask, sample: NDArray[Any], side: int = 48) -> None:
    """Draw one sample (D,), or the weights of a unit, as a small picture; nothing where it has none."""
    if task.source in COLOURS:
        picture = as_bytes(sample)[None, None]
    elif task.source in PICTURES:
        picture = tiles(task, sample[None])[0]
    else:
        return
    st.image(images.enlarge(picture, side), width=side, alt="The values as a picture")


def in_words(values: NDArray[Any], longest: int = 4) -> str:
    """Return a vector as text, or how long it is."""
    if len(values) > longest:
        return f"{len(values)} values"
    return "(" + ", ".join(f"{value:.2f}" for value in values.tolist()) + ")"
