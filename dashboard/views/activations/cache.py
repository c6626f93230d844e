"""The caches of the activations page; keys are ids, digests and numbers, never arrays."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.activations import Grid
from models.activations.changes import EPOCH_MAPS, LAYER_CHANGES, MAP_PAIR, EpochMaps, LayerChanges, MapPair
from models.activations.maps import (
    ACTIVATION_MAPS,
    CHANNEL_STATISTICS,
    CLASS_SELECTIVITY,
    NETWORK_SCALE,
    ActivationMaps,
    ChannelStatistics,
    ClassSelectivity,
    NetworkScale,
)
from models.jobs import engine


@st.cache_data(max_entries=64, max_size="64MB", show_spinner="Asking the network…")
def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
    """Return what the channels of a layer answer to a picture."""
    return engine.call(ACTIVATION_MAPS, network=network, layer=layer, picture=picture)


@st.cache_data(max_entries=256, max_size="16MB", show_spinner="Looking for dead channels…")
def channel_statistics(network: str, layer: str, dataset: str) -> ChannelStatistics:
    """Return what is usual for the channels of a layer over a sample of the data."""
    return engine.call(CHANNEL_STATISTICS, network=network, layer=layer, dataset=dataset)


@st.cache_data(max_entries=64, max_size="16MB", show_spinner="Comparing the classes…")
def class_selectivity(network: str, layer: str, dataset: str) -> ClassSelectivity:
    """Return how well each channel of a layer tells the classes of a data set apart."""
    return engine.call(CLASS_SELECTIVITY, network=network, layer=layer, dataset=dataset)


@st.cache_data(max_entries=64, show_spinner="Measuring all layers…")
def network_scale(network: str, dataset: str) -> NetworkScale:
    """Return how large the answers of all layers with maps become."""
    return engine.call(NETWORK_SCALE, network=network, dataset=dataset)


@st.cache_data(max_entries=256, max_size="32MB", show_spinner=False)
def channel_grid(network: str, layer: str, picture: str, dataset: str, criterion: str, scale: str, page: int) -> Grid:
    """Return one page of a layer's channels as tiles."""
    from dashboard.figures import activations  # brings Plotly, which other pages need not wait for

    return activations.grid(
        activation_maps(network, layer, picture),
        channel_statistics(network, layer, dataset),
        criterion,
        scale,
        page,
        selectivity=class_selectivity(network, layer, dataset) if criterion == "selective" else None,
        network=network_scale(network, dataset) if scale == "network" else None,
    )


@st.cache_data(max_entries=32, max_size="64MB", show_spinner="Asking the network before and after training…")
def map_pair(run_id: str, layer: str, picture: str) -> MapPair:
    """Return a layer's answers to a picture before and after training."""
    return engine.call(MAP_PAIR, run=run_id, layer=layer, picture=picture)


@st.cache_data(max_entries=64, max_size="16MB", show_spinner=False)
def change_grid(run_id: str, layer: str, picture: str, criterion: str, page: int) -> Grid:
    """Return one page of a layer's channels as tiles of three: before training, after it, and the difference."""
    from dashboard.figures import map_pairs  # brings Plotly, which other pages need not wait for

    return map_pairs.grid(map_pair(run_id, layer, picture), criterion, page)


@st.cache_data(max_entries=64, show_spinner="Measuring how far every layer moved…")
def layer_changes(run_id: str, dataset: str) -> LayerChanges:
    """Return how far training moved the answer of every layer."""
    return engine.call(LAYER_CHANGES, run=run_id, dataset=dataset)


@st.cache_data(max_entries=32, max_size="64MB", show_spinner="Asking the network at every epoch…")
def epoch_maps(run_id: str, layer: str, picture: str, most: int, channel: int) -> EpochMaps:
    """Return a layer's answers to a picture at every kept epoch, for the channels that move most."""
    return engine.call(EPOCH_MAPS, run=run_id, layer=layer, picture=picture, most=most, channel=channel)
