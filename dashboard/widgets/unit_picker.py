"""Pickers of a layer and of one of its channels (a unit), both in the address, so that each has a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from dashboard import state
from models.ids import NetworkId
from models.networks import layers
from models.networks.layers import LayerChoice


def describe(choice: LayerChoice, side: int) -> str:
    """Return the shape of a layer's output, and what part of the picture one value of it depends on."""
    rows, cols, channels = choice.shape
    shape = f"{channels} channels, {rows} × {cols} values each." if choice.is_map else f"{channels} values."
    if choice.receptive_field is None or choice.jump is None:
        return f"{shape} One value looks at all of the {side} × {side} pixels."
    seen = f"{choice.receptive_field} × {choice.receptive_field} pixels (its receptive field)"
    step = f"; the next one looks {choice.jump} px further" if choice.jump > 1 else ""
    if choice.receptive_field > side:
        return f"{shape} One value could look at {seen}, more than the picture has{step}."
    return f"{shape} One value looks at {seen}{step}."


def layer_picker(page: str, network: str) -> LayerChoice:
    """Draw the picker and return the chosen layer; it begins with an interesting one and stays in the address.

    Args:
        page: Prefix of the keys `<page>_block` and `<page>_layer`.
        network: A network id.
    """
    choices = {choice.name: choice for choice in layers.layers(network)}
    block_key, layer_key = f"{page}_block", f"{page}_layer"
    current = state.bound(layer_key)
    if current not in choices:
        current = layers.interesting(network).name
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
        describe(choices[chosen], layers.side(network)),
        help="The receptive field: the square of pixels that one value can depend on, in theory; near the edge part of "
        "it lies outside the picture.",
    )
    return choices[chosen]


@dataclass(frozen=True, slots=True)
class Unit:
    """One channel of a layer; for a dense layer one of its units."""

    layer: LayerChoice
    channel: int

    @property
    def name(self) -> str:
        """What it is called in a sentence: "channel 17 of conv3_relu"."""
        return f"{'channel' if self.layer.is_map else 'unit'} {self.channel} of {self.layer.name}"


def unit_picker(page: str, network: str, begin_with: Callable[[LayerChoice], int]) -> Unit:
    """Draw the pickers of block, layer and channel and return the chosen unit; the address names it.

    The number can be typed, and changed with the arrow keys. Of a link that names one that the layer does not have, the
    sentence above the page speaks (`dashboard.link`).

    Args:
        page: Prefix of the keys `<page>_block`, `<page>_layer` and `<page>_channel`.
        network: A network id.
        begin_with: Returns the channel to begin with in a layer that is new or was named without one.
    """
    _bring_back(page, network)
    layer = layer_picker(page, network)
    key, n_channels, place = f"{page}_channel", layer.shape[2], f"{network} {layer.name}"
    before, text = state.get(f"{key}_of"), str(state.bound(key))
    named = int(text) if text.isdecimal() and before in (None, place) else None
    state.put(f"{key}_of", place)
    state.put(key, begin_with(layer) if named is None or named >= n_channels else named)
    channel = st.number_input(
        f"Channel, 0 to {n_channels - 1}",
        0,
        n_channels - 1,
        step=1,
        key=key,
        bind="query-params",
        help="Each channel of a layer looks for one pattern. Type a number, or walk with the arrow keys up and down.",
    )
    state.put(f"{page}_unit", (network, layer.name, int(channel or 0)))
    return Unit(layer, int(channel or 0))


def _bring_back(page: str, network: str) -> None:
    """Begin with the unit that was shown before the visitor left the page, unless the address names another."""
    before, layer, channel = state.get(f"{page}_unit", ("", "", 0))
    if before == network and state.bound(f"{page}_layer") is None:
        prepare_unit(page, network, (layer, channel))


def prepare_unit(page: str, network: str, unit: tuple[str, int]) -> None:
    """Let the page `page` ("features", "activations") show this layer and channel when it is drawn next."""
    layer, channel = unit
    state.put(f"{page}_layer", layer)
    state.put(f"{page}_channel", channel)
    state.put(f"{page}_channel_of", f"{network} {layer}")


def address_of(page: str, unit: tuple[str, int]) -> dict[str, str]:
    """Return what names this layer and channel in the address of the page `page`."""
    return {f"{page}_layer": unit[0], f"{page}_channel": str(unit[1])}


def open_unit(page: str, network: str, unit: tuple[str, int]) -> NoReturn:
    """Go to the page `page` and show this layer and channel there; a run's network makes it the chosen run."""
    run, chosen = NetworkId.parse(network).run, state.selection().run
    if run and (chosen is None or chosen.id != run):
        state.choose(run=run)
    prepare_unit(page, network, unit)
    state.go(page, address_of(page, unit))
