"""What every channel of a layer answers to one picture."""

import streamlit as st

from dashboard import cache, state
from dashboard.components.channel_grid import channel_grid
from dashboard.components.channel_panel import channel_panel, choose, chosen_channel, grid_controls
from dashboard.components.layer_picker import layer_picker
from dashboard.components.page import header
from dashboard.components.picture_picker import picture_picker
from dashboard.components.subject import name_of, network_of, refuse, say_random
from dashboard.components.trail import breadcrumb
from dashboard.figures import theme
from dashboard.figures.activations import PER_PAGE, units
from models.datasets import DATASETS
from models.errors import FreezeframeError
from models.results import rank

header("Activations", "Each tile is one channel of a layer: bright where it found its pattern in the picture.")
breadcrumb()
chosen = state.selection()
network = network_of(chosen)
controls, main, zoom = st.columns([5, 13, 5], gap="medium")
with controls:
    picture = picture_picker("activations")
    layer = layer_picker("activations", network)
    say_random(network)
try:
    with main:
        answer = cache.activation_maps(network, layer.name, picture)
        usual = cache.channel_statistics(network, layer.name, chosen.dataset)
except FreezeframeError as error:
    with main:
        refuse(error)

n_channels, data = len(usual.dead), DATASETS[chosen.dataset]
with main:
    drawing = st.container()
    criterion, scale, sheet = grid_controls(n_channels, coloured=layer.is_map)
order = rank(answer, usual, criterion)
number = chosen_channel(network, layer.name, n_channels, int(order[0]))
with drawing:
    if not layer.is_map:
        names = data.classes if layer.name == "head_output" else ()
        figure = units(answer.mean, order[sheet * PER_PAGE :][:PER_PAGE], usual.dead, names)
        alt = f"Values of the units of {layer.name}, in order of rank"
        st.plotly_chart(figure, key="activations_units", config=theme.CONFIG, alt=alt)
    else:
        grid = cache.channel_grid(network, layer.name, picture, chosen.dataset, criterion, scale, sheet)
        channel_grid(grid, number, key="activations_grid", alt=f"Activation maps of {layer.name}", on_choose=choose)
with zoom:
    channel_panel(answer, usual, scale == "layer", network, picture)
st.caption(
    "A bright tile says that the channel found its pattern there. It does not say what the pattern is, nor that the "
    "answer depends on it: for that, hide parts of the picture on the Occlusion page."
)
st.caption(
    f"{n_channels} channels of {name_of(network, chosen)}; {int(usual.dead.sum())} of them are dead (hatched): never "
    f"above zero in {usual.n_pictures} training pictures of {data.title}."
)
