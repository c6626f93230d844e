"""What every channel of a layer answers to one picture: now, before training, and on the way."""

import streamlit as st

from dashboard import state
from dashboard.components import activation_maps_view, before_after_view, epochs_view
from dashboard.components.page import header
from dashboard.components.subject import network_of, refuse
from dashboard.components.trail import breadcrumb
from models import network_layers
from models.errors import FreezeframeError

# Every view draws itself for the visitor's choices and the network's id.
VIEWS = {
    activation_maps_view.VIEW: (
        activation_maps_view.draw,
        "Each tile is one channel of a layer: bright where it found its pattern in the picture.",
    ),
    before_after_view.VIEW: (
        before_after_view.draw,
        "Each tile is one channel: its map before training, after it, and the difference.",
    ),
    epochs_view.VIEW: (epochs_view.draw, "Each tile is one channel, at the epoch that you choose."),
}

title = st.container()
breadcrumb()
chosen = state.selection()
network = network_of(chosen)


def to_what_moved() -> None:
    """Begin a look at training with a layer it reached, unless the visitor chose one."""
    first, reached = network_layers.interesting(network), network_layers.moved_most(network)
    untouched = (None, first.name) if state.get("activations_seen") else (None,)  # a link may name the first one
    if view != activation_maps_view.VIEW and reached and state.bound("activations_layer") in untouched:
        before_after_view.show_layer(reached.name)


view = st.segmented_control(
    "View",
    list(VIEWS),
    default=activation_maps_view.VIEW,
    key="activations_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
if state.get("activations_seen") != (view, network):
    to_what_moved()
state.put("activations_seen", (view, network))
draw, sentence = VIEWS[view]
with title:
    header("Activations", sentence)
try:
    draw(chosen, network)
except FreezeframeError as error:
    refuse(error)
