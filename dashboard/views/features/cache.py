"""The caches of the features page; keys are ids, digests and numbers, never arrays."""

from __future__ import annotations

import streamlit as st

from models.features import gabor_stages as stages
from models.features import maximisation
from models.features.gabor import GABOR_FITS, GaborFits
from models.features.gabor_stages import Noise, Stages
from models.features.maximisation import Sheet
from models.jobs import engine
from models.networks import layers


@st.cache_data(max_entries=32, max_size="16MB", show_spinner="Fitting a Gabor function to every kernel…")
def gabor_fits(network: str) -> GaborFits:
    """Return the Gabor functions that fit a network's first kernels; the shipped ones are read without a worker."""
    return stages.shipped(network) or engine.call(GABOR_FITS, network=network)


@st.cache_resource(show_spinner=False)
def gabor_stages() -> Stages | None:
    """Return the fits through Frame8's pretraining; nobody changes them."""
    return stages.stages()


@st.cache_resource(max_entries=8, show_spinner=False)
def gabor_noise(height: int, width: int) -> Noise | None:
    """Return what fitting kernels of noise of that size gives; nobody changes it."""
    return stages.noise(height, width)


@st.cache_data(max_entries=512, max_size="16MB", show_spinner=False)
def patch_mosaic(network: str, layer: str, dataset: str, places: tuple[tuple[int, int, int], ...]) -> bytes:
    """Return up to nine patches, each around one (picture, row, col), as one small picture."""
    from dashboard.figures import patches  # brings Plotly, which other pages need not wait for

    return patches.mosaic(layers.layer(network, layer), dataset, places, layers.side(network))


@st.cache_resource(show_spinner=False)
def maximisation_sheet() -> Sheet | None:
    """Return the maximised pictures that come with the app."""
    return maximisation.sheet()
