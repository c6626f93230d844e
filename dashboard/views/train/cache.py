"""Every cache of the page process; keys are ids, digests and numbers, never arrays.

A wrapper of an interactive task looks like this, and its arguments are the whole of what decides the answer:

    @st.cache_data(max_entries=64, show_spinner=False)
    def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
        return engine.call("activation_maps", network=network, layer=layer, picture=picture)
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import streamlit as st

from models.jobs import engine
from models.storage import runs
from models.training.results import ArchiveFile, ClassifierFile, load_result
from models.training.spec import AugmentationSpec, AugmentedPictures

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@st.cache_data(max_entries=64, max_size="32MB", show_spinner=False)
def augmented_pictures(
    picture: str, side: int, augmentation: AugmentationSpec, seed: int, first: int, count: int
) -> AugmentedPictures:
    """Return what epochs of a training would make of a picture."""
    answer: AugmentedPictures = engine.call(
        "augmented_pictures",
        picture=picture, side=side, augmentation=asdict(augmentation), seed=seed, first=first, count=count,
    )  # fmt: skip
    return answer


def classifier_file(run_id: str) -> bytes:
    """Return a run's classifier as a `.keras` file; kept nowhere, since it is megabytes and rarely asked for."""
    path = runs.get(run_id).path("classifier.keras")
    if path.exists():
        return path.read_bytes()
    answer: ClassifierFile = engine.call("classifier_file", run=run_id)
    return answer.data.tobytes()


def training_archive(run_id: str) -> bytes:
    """Return a run as a ZIP with a plain Keras script, its pictures and its backbone; kept nowhere, like the above."""
    answer: ArchiveFile = engine.call("training_archive", run=run_id)
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
