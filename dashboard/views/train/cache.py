"""The caches of the train page; keys are ids, digests and numbers, never arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from models.ids import PictureId
from models.jobs import engine
from models.pictures import images
from models.storage import runs
from models.training.results import CLASSIFIER_FILE, TRAINING_ARCHIVE, load_result
from models.training.spec import AUGMENTED_PICTURES, AugmentationSpec, AugmentedPictures

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@st.cache_data(max_entries=64, max_size="32MB", show_spinner=False)
def augmented_pictures(
    picture: str, side: int, augmentation: AugmentationSpec, seed: int, first: int, count: int
) -> AugmentedPictures:
    """Return what epochs of a training would make of a picture."""
    return engine.call(
        AUGMENTED_PICTURES,
        picture=picture, side=side, augmentation=augmentation, seed=seed, first=first, count=count,
    )  # fmt: skip


@st.cache_data(max_entries=16, max_size="16MB", show_spinner=False)
def wall_sheet(dataset: str, index: tuple[int, ...], side: int, columns: int) -> bytes:
    """Return pictures of a data set, each of `side` pixels, on one sheet as WebP."""
    tiles = [images.thumbnail(images.load_picture(str(PictureId(dataset, number))), side) for number in index]
    return images.webp(images.tile(np.stack(tiles), columns, gap=0), 80)


def classifier_file(run_id: str) -> bytes:
    """Return a run's classifier as a `.keras` file; kept nowhere, since it has megabytes and is rarely needed."""
    path = runs.get(run_id).path("classifier.keras")
    if path.exists():
        return path.read_bytes()
    answer = engine.call(CLASSIFIER_FILE, run=run_id)
    return answer.data.tobytes()


def training_archive(run_id: str) -> bytes:
    """Return a run as a ZIP with a plain Keras script, its pictures and its backbone; kept nowhere, like the above."""
    answer = engine.call(TRAINING_ARCHIVE, run=run_id)
    return answer.data.tobytes()


@st.cache_resource(max_entries=32, show_spinner=False)
def training_figures(run_id: str, height: int) -> tuple[Figure, Figure]:
    """Return the learning curves and the proof of freezing of a finished run; nobody changes them."""
    from dashboard.figures import curves  # brings Plotly, which other pages need not wait for

    result = load_result(runs.get(run_id))
    return (
        curves.learning_curves(result.history, result.summary["best_epoch"], height),
        curves.weight_change(result.weight_change),
    )
