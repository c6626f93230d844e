"""Backbone: the pretrained network, layer by layer; how it was pretrained, and its own classifier."""

import streamlit as st

from dashboard import state
from dashboard.views.backbone import own_classes, pretraining
from dashboard.views.backbone.layers import block_map, kernel_panel, layer_table, totals
from dashboard.views.backbone.picker import backbone_picker, side_picker, top_toggle, weights_state
from dashboard.widgets.page import header, stage
from models.backbones.registry import BACKBONES
from models.backbones.tables import table

LAYERS, PRETRAINING, OWN = "Its layers", "How it was pretrained", "Its own classes"
SENTENCES = {
    LAYERS: "Each box is one block of layers: as tall as its maps, as wide as its channels. Click one to open it.",
    PRETRAINING: "From noise to edges and colours: the first layer's kernels while the network learnt.",
    OWN: "The classifier it was pretrained with, asked about any picture: it knows its own classes and no others.",
}
chosen = state.selection()
spec = BACKBONES[chosen.backbone]
header("Backbone", SENTENCES.get(str(state.bound("backbone_view")), SENTENCES[LAYERS]))
controls, main = st.columns([4, 13], gap="medium")
with controls:
    backbone_picker(spec.id)
with main:
    view = st.segmented_control(
        "View",
        list(SENTENCES),
        default=LAYERS,
        required=True,
        key="backbone_view",
        bind="query-params",
        label_visibility="collapsed",
    )
    with stage(f"backbone {view}", "beside"):
        if view == PRETRAINING:
            pretraining.draw(spec)
        elif view == OWN:
            own_classes.draw(spec)
        else:
            picture = st.container()
            with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
                side = side_picker(spec)
                with_top = top_toggle(spec, side)
            layers = table(spec.id, side, include_top=with_top)
            with picture:
                block = block_map(layers, height=300)
                st.caption(
                    "Heights grow with the square root of the maps' side, widths with the logarithm of the channels. "
                    "The picture does not show what a layer has learned: see the kernels below, or Activations."
                )
            weights_state(spec, chosen.owner)
with stage(f"backbone {view}", "below"):
    if view == LAYERS:
        totals(layers, block)
        layer_table(layers, block)
        kernel_panel(spec, side)
st.caption(f":material/menu_book: {spec.reference}.")
