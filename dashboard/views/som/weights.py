"""Weights and samples of a map, drawn as what they are: colours, points or pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from dashboard.views.som import cache, figures, figures_net
from models.pictures import images
from models.som.data import SomTask
from models.som.lattice import Lattice
from models.wording import fixed


def figure(
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
        lattice, height, marks, sample, moved: See `figures` and `figures_net.net`; only points show the last two.
    """
    origin, flat = task.origin, codebook.reshape(-1, codebook.shape[-1])
    if origin.sample_is == "point":
        cloud = cache.samples(task, "").features
        return figures_net.net(lattice, codebook, cloud, height=height, marks=marks, sample=sample, moved=moved)
    tiles = origin.tiles(flat)
    if tiles is None:
        return None
    texts = [f"W = {in_words(one)}" for one in flat]
    if origin.sample_is == "colour":
        return figures.cells(lattice, tiles.reshape(*codebook.shape), texts, height=height, marks=marks)
    return figures.pictures(lattice, tiles, texts, height=height, marks=marks)


def tile(task: SomTask, values: NDArray[Any], side: int = 48) -> None:
    """Draw one sample (D,), or the weights of a unit, as a small picture; nothing where it is none."""
    tiles = task.origin.tiles(values[None])
    if tiles is not None:
        st.image(images.enlarge(tiles[0], side), width=side, alt="The values as a picture")


def in_words(values: NDArray[Any], longest: int = 4) -> str:
    """Return a vector as text, or how long it is."""
    if len(values) > longest:
        return f"{len(values)} values"
    return "(" + ", ".join(fixed(value, 2) for value in values.tolist()) + ")"
