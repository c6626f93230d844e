"""What a unit of the network looks for: the patches that excite it most, and what it sees in them."""

import streamlit as st

from dashboard import state
from dashboard.views.features import gabor, maximisation, patches
from dashboard.widgets import own_picture
from dashboard.widgets.page import breadcrumb, header, network_of, refuse, stage
from models.errors import FreezeframeError

SENTENCES = {
    "First layer": "Each kernel of the first layer beside the striped pattern that fits it best and fades out at the "
    "edges (a Gabor function).",
    "What it looks for": "A picture made for one channel of a layer, so that it responds as strongly as possible.",
}
USUAL = "The patches of real pictures that excite one channel of a layer most."
header("Features", SENTENCES.get(str(state.bound("features_view")), USUAL))
breadcrumb()
chosen = state.selection()
network = network_of(chosen)
views = {
    "Strongest patches": lambda: patches.draw(chosen, network),
    "What it looks for": lambda: maximisation.draw(chosen, network),
    "First layer": lambda: gabor.draw(chosen, network),
}
view = st.segmented_control(
    "View",
    [*views],
    default="Strongest patches",
    key="features_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
with stage(f"features {view}"):
    if view == "What it looks for":  # the one that asks about the chosen picture
        own_picture.banner(chosen, network)
    try:
        views[view]()
    except FreezeframeError as error:
        refuse(error)
