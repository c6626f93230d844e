"""Every cache of the page process; keys are ids, digests and numbers, never arrays.

A wrapper of an interactive task looks like this, and its arguments are the whole of what decides the answer:

    @st.cache_data(max_entries=64, show_spinner=False)
    def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
        return engine.call(ACTIVATION_MAPS, network=network, layer=layer, picture=picture)
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import streamlit as st

from dashboard.figures.patches import Pairs
from models.features import gabor
from models.features.backward import BACKWARD_VIEWS, PROJECTIONS, BackwardViews, Projections
from models.features.gabor import FIRST_KERNELS, Kernels
from models.frame8 import card
from models.frame8.card import Card, KernelStages
from models.ids import PictureId
from models.jobs import engine
from models.jobs.job import Job, Result, Spec
from models.networks import layers
from models.networks.answers import ANSWERS, PREDICT, Answers, Prediction
from models.pictures import datasets, images
from models.storage import runs

THUMBNAIL_SIDE = 64  # pixels of a thumbnail before the browser enlarges it


@st.cache_data(max_entries=512, max_size="32MB", show_spinner=False)
def enlarged_png(picture: str, target: int) -> bytes:
    """Return a picture as a PNG whose longest side is near `target` pixels, each pixel repeated: it stays crisp."""
    return images.png(images.enlarge(images.load_picture(picture), target))


@st.cache_data(max_entries=128, max_size="16MB", show_spinner=False)
def sprite(pictures: tuple[str, ...], outlined: bool) -> str:
    """Return the thumbnails of some pictures side by side as one data URL; `outlined` shows the object of each."""
    tiles = []
    for picture in pictures:
        image, known = images.load_picture(picture), PictureId.parse(picture)
        if outlined and known.dataset and datasets.get(known.dataset).has_masks:
            image = images.outlined(image, datasets.mask(known.dataset, known.index))
        tiles.append(images.thumbnail(image, THUMBNAIL_SIDE))
    row = images.webp(images.tile(np.stack(tiles), len(tiles), gap=0))
    return f"data:image/webp;base64,{base64.b64encode(row).decode()}"


@st.cache_data(max_entries=64, max_size="8MB", show_spinner="Asking the network…")
def first_kernels(network: str) -> Kernels:
    """Return the kernels of a network's first convolution; the shipped ones are read without a worker."""
    return gabor.shipped(network) or engine.call(FIRST_KERNELS, network=network)


@st.cache_data(max_entries=64, max_size="32MB", show_spinner="Sending the signal back to the pixels…")
def patch_pairs(
    network: str, layer: str, channel: int, dataset: str, places: tuple[tuple[int, int, int], ...], rule: str
) -> Pairs:
    """Return patches, each around one (picture, row, col), and their projections, as they are drawn."""
    from dashboard.figures import patches as figures_patches  # brings Plotly, which other pages need not wait for

    answer: Projections = engine.call(
        PROJECTIONS, network=network, layer=layer, channel=channel, dataset=dataset, places=places, rule=rule
    )
    return figures_patches.pairs(layers.layer(network, layer), dataset, places, answer)


@st.cache_data(max_entries=512, show_spinner="Asking the network…")
def prediction(network: str, picture: str) -> Prediction:
    """Return what a classifier says about a picture."""
    return engine.call(PREDICT, network=network, picture=picture)


@st.cache_data(max_entries=32, show_spinner="Asking about every test picture…")
def answers(network: str, dataset: str) -> Answers:
    """Return what a classifier says about the test pictures of a data set."""
    return engine.call(ANSWERS, network=network, dataset=dataset)


@st.cache_resource(show_spinner=False)
def frame8_card() -> tuple[Card, KernelStages]:
    """Return Frame8's model card and its first kernels on the way; nobody changes them."""
    return card.read(), card.read_kernels()


@st.cache_data(max_entries=64, max_size="64MB", show_spinner="Asking the network…")
def backward_views(network: str, layer: str, channel: int, picture: str) -> BackwardViews:
    """Return a channel's strongest value for a picture, carried back to the pixels by three rules."""
    return engine.call(BACKWARD_VIEWS, network=network, layer=layer, channel=channel, picture=picture)


def result(job: Job[Any, Result], run: runs.Run) -> Result | None:
    """Return what a job has written so far; None where there is nothing that can be read; read-only."""
    version = job.version(run)
    found: Result | None = _result(job, job.kind, run.id, version) if version else None
    return found


@st.cache_resource(max_entries=64, show_spinner=False)
def _result(_job: Job[Any, Any], kind: str, run_id: str, version: int) -> Any:  # noqa: ARG001  the key
    return _job.load(runs.get(run_id))


def shipped(job: Job[Spec, Result], spec: Spec) -> Result | None:
    """Return the result that comes with the app for this very question, if there is one; read-only."""
    if job.examples is None or not (path := job.shipped_path(spec)).exists():
        return None
    found: Result | None = _shipped(job, spec, path.name)
    return found


@st.cache_resource(max_entries=16, show_spinner=False)
def _shipped(_job: Job[Any, Any], _spec: Any, name: str) -> Any:  # noqa: ARG001  the key
    return _job.shipped(_spec)
