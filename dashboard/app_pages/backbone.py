"""Backbone: the pretrained network, layer by layer; how it was pretrained, and its own classifier."""

import streamlit as st

from dashboard import state
from dashboard.views.backbone import compared, own_classes, pretraining
from dashboard.views.backbone.layers import block_map, kernel_panel, layer_table, totals
from dashboard.views.backbone.picker import backbone_picker, side_picker, top_toggle, weights_state
from dashboard.widgets.page import header, not_shown, stage
from models.backbones.registry import BACKBONES
from models.backbones.tables import table

LAYERS, PRETRAINING, OWN = "Its layers", "How it was pretrained", "Its own classes"
COMPARED = "Compared"
SENTENCES = {
    LAYERS: "Each box is one block of layers. Click one to open it.",
    PRETRAINING: "The kernels of Frame8's first layer while it was pretrained: noise becomes edges and colours.",
    OWN: "The original classifier of the network answers about any picture. It always picks one of its own classes.",
    COMPARED: "Which backbone serves these pictures best, and at what cost? All are measured on the same pictures.",
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
        elif view == COMPARED:
            compared.draw(chosen)
        else:
            picture = st.container()
            with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
                side = side_picker(spec)
                with_top = top_toggle(spec, side)
            layers = table(spec.id, side, include_top=with_top)
            with picture:
                block = block_map(layers, height=300)
                st.caption("Taller: larger maps. Wider: more channels. (Not to scale.)")
            weights_state(spec, side, chosen.owner)
with stage(f"backbone {view}", "below"):
    if view == LAYERS:
        totals(layers, block)
        layer_table(layers, block)
        not_shown("What a layer has learned. For that, see the kernels below or the Activations page.")
        kernel_panel(spec, side)
st.caption(f":material/menu_book: {spec.reference}.")
