"""What every channel of a layer answers to one picture: now, before training, and on the way."""

import streamlit as st

from dashboard import state
from dashboard.views.activations import before_after, epochs, fine_tune, now
from dashboard.widgets import own_picture
from dashboard.widgets.page import breadcrumb, header, network_of, refuse, stage
from models.errors import FreezeframeError

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

view = st.segmented_control(
    "View",
    list(VIEWS),
    default=now.VIEW,
    key="activations_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
chosen, instead = fine_tune.shown_instead(chosen, view)
network = network_of(chosen)
if state.get("activations_seen") != (view, network) and view != now.VIEW:
    before_after.begin(network)
state.put("activations_seen", (view, network))
draw, sentence = VIEWS[view]
with title:
    header("Activations", sentence)
with stage(f"activations {view}"):
    if instead:
        fine_tune.say_instead()
    own_picture.banner(chosen, network)
    try:
        draw(chosen, network)
    except FreezeframeError as error:
        refuse(error)
