"""What every channel of a layer answers to one picture: now, before training, and on the way."""

import streamlit as st

from dashboard import state
from dashboard.views.activations import before_after, epochs, now
from dashboard.widgets import own_picture
from dashboard.widgets.page import breadcrumb, header, network_of, refuse, stage
from models.errors import FreezeframeError
from models.networks import layers

# Every view draws itself for the visitor's choices and the network's id.
VIEWS = {
    now.VIEW: (
        now.draw,
        "Each tile shows the activations of one channel: bright where it found its pattern in the picture.",
    ),
    before_after.VIEW: (
        before_after.draw,
        "Each tile shows one channel three times: before training, after it, and the difference.",
    ),
    epochs.VIEW: (epochs.draw, "Each tile is one channel, at the epoch that you choose."),
}
title = st.container()
breadcrumb()
chosen = state.selection()
network = network_of(chosen)


def to_what_moved() -> None:
    """Begin a look at training with a layer it reached, unless the visitor chose one."""
    first, reached = layers.interesting(network), layers.moved_most(network)
    untouched = (None, first.name) if state.get("activations_seen") else (None,)  # a link may name the first one
    if view != now.VIEW and reached and state.bound("activations_layer") in untouched:
        before_after.show_layer(reached.name)


view = st.segmented_control(
    "View",
    list(VIEWS),
    default=now.VIEW,
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
with stage(f"activations {view}"):
    own_picture.banner(chosen, network)
    try:
        draw(chosen, network)
    except FreezeframeError as error:
        refuse(error)
