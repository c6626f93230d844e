"""The maps of one layer for one picture: the grid of channels, and one of them with its values."""

from __future__ import annotations

import streamlit as st

from dashboard import cache, state
from dashboard.components.channel_grid import channel_grid
from dashboard.components.channel_panel import channel_panel, choose, chosen_channel, grid_controls
from dashboard.components.layer_picker import layer_picker
from dashboard.components.picture_picker import picture_picker
from dashboard.components.subject import name_of, say_random
from dashboard.figures import theme
from dashboard.figures.activations import PER_PAGE, scale_for, units
from models.datasets import DATASETS
from models.results import ChannelStatistics, rank

VIEW = "Maps"


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view."""
    controls, main, zoom = st.columns([5, 13, 5], gap="medium")
    with controls:
        picture = picture_picker("activations")
        layer = layer_picker("activations", network)
        say_random(network)
    with main:
        answer = cache.activation_maps(network, layer.name, picture)
        usual = cache.channel_statistics(network, layer.name, chosen.dataset)
        drawing = st.container()
        criterion, scale, sheet = grid_controls(layer.shape[2], coloured=layer.is_map)
        place = (network, layer.name, chosen.dataset)
        selectivity = cache.class_selectivity(*place) if criterion == "selective" else None
        whole = cache.network_scale(network, chosen.dataset) if scale == "network" and layer.is_map else None
    order = rank(answer, usual, criterion, selectivity)
    number = chosen_channel(network, layer.name, layer.shape[2], int(order[0]), VIEW)
    with drawing:
        if not layer.is_map:
            names = DATASETS[chosen.dataset].classes if layer.name == "head_output" else ()
            figure = units(answer.mean, order[sheet * PER_PAGE :][:PER_PAGE], usual.dead, names)
            alt = f"Values of the units of {layer.name}, in order of rank"
            st.plotly_chart(figure, key="activations_units", config=theme.CONFIG, alt=alt)
        else:
            grid = cache.channel_grid(network, layer.name, picture, chosen.dataset, criterion, scale, sheet)
            alt = f"Activation maps of {layer.name}"
            channel_grid(grid, number, key="activations_grid", alt=alt, on_choose=choose)
    with zoom:
        channel_panel(answer, usual, scale_for(answer, scale, whole), network, picture, selectivity)
    _what_it_says(chosen, network, usual)


def _what_it_says(chosen: state.Selection, network: str, usual: ChannelStatistics) -> None:
    st.caption(
        "A bright tile says that the channel found its pattern there. It does not say what the pattern is, nor that "
        "the answer depends on it: for that, hide parts of the picture on the Occlusion page. The box around what a "
        "value depends on is theoretical: no pixel outside of it can change the value, and of those inside, the ones "
        "in the middle usually count most."
    )
    st.caption(
        f"{len(usual.dead)} channels of {name_of(network, chosen)}; {int(usual.dead.sum())} of them are dead "
        f"(hatched): never above zero in {usual.n_pictures} training pictures of {DATASETS[chosen.dataset].title}."
    )
