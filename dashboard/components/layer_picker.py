"""The layer picker: first the block, then the layer in it, with what its maps look like."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from models import network_layers
from models.network_layers import LayerChoice


def describe(choice: LayerChoice, side: int) -> str:
    """Return the shape of a layer's output, and what part of the picture one value of it depends on."""
    rows, cols, channels = choice.shape
    shape = f"{rows} × {cols} maps of {channels} channels" if choice.is_map else f"{channels} units"
    if choice.receptive_field is None or choice.jump is None:
        return f"{shape}; each value sees all of the {side} × {side} px."
    step = f", neighbours are {choice.jump} px apart" if choice.jump > 1 else ""
    if choice.receptive_field > side:
        return f"{shape}; each value could see {choice.receptive_field} px, more than the picture's {side}{step}."
    return f"{shape}; each value sees {choice.receptive_field} of {side} px{step}."


def layer_picker(page: str, network: str) -> LayerChoice:
    """Draw the picker and return the chosen layer; it begins with an interesting one and stays in the address.

    Args:
        page: Prefix of the keys `<page>_block` and `<page>_layer`.
        network: A network id.
    """
    choices = {choice.name: choice for choice in network_layers.layers(network)}
    block_key, layer_key = f"{page}_block", f"{page}_layer"
    current = state.bound(layer_key)
    if current not in choices:
        current = network_layers.interesting(network).name
    blocks = list(dict.fromkeys(choice.block for choice in choices.values()))
    st.session_state[layer_key], st.session_state[block_key] = current, choices[current].block

    def to_block() -> None:
        members = [choice.name for choice in choices.values() if choice.block == st.session_state[block_key]]
        st.session_state[layer_key] = members[-1]

    st.selectbox(
        "Block",
        blocks,
        key=block_key,
        on_change=to_block,
        help="A block is a group of layers that belong together; deeper blocks come later in the list.",
    )
    chosen = st.selectbox(
        "Layer",
        [choice.name for choice in choices.values() if choice.block == choices[current].block],
        key=layer_key,
        bind="query-params",
        help="Every channel of a layer gives one activation map: how strongly its pattern was found at each place.",
    )
    st.caption(
        describe(choices[chosen], network_layers.side(network)),
        help="The receptive field: the square of pixels that one value can depend on, in theory; near the edge part of "
        "it lies outside the picture.",
    )
    return choices[chosen]
