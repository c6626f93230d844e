"""Which unit of a network a page looks at: a layer and one of its channels, in the address, so that each has a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from dashboard import state
from dashboard.components.layer_picker import layer_picker
from models.network_layers import LayerChoice


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

    The number can be typed, and changed with the arrow keys. A number that the layer does not have is said.

    Args:
        page: Prefix of the keys `<page>_block`, `<page>_layer` and `<page>_channel`.
        network: A network id.
        begin_with: Returns the channel to begin with in a layer that is new or was named without one.
    """
    _bring_back(page, network)
    layer = layer_picker(page, network)
    key, n_channels, place = f"{page}_channel", layer.shape[2], f"{network} {layer.name}"
    before, text = state.get(f"{key}_of"), str(state.bound(key))
    asked = int(text) if text.isdecimal() and before in (None, place) else None
    missing = asked is not None and asked >= n_channels
    state.put(f"{key}_of", place)
    state.put(key, begin_with(layer) if asked is None or missing else asked)
    channel = st.number_input(
        f"Channel, 0 to {n_channels - 1}",
        0,
        n_channels - 1,
        step=1,
        key=key,
        bind="query-params",
        help="Each channel of a layer looks for one pattern. Type a number, or walk with the arrow keys up and down.",
    )
    if missing:
        st.caption(f":material/link_off: The link names channel {text[:12]}, which {layer.name} does not have.")
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
    """Go to the page `page` and show this layer and channel there."""
    prepare_unit(page, network, unit)
    state.go(page, address_of(page, unit))
