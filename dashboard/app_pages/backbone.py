"""The pretrained network, block by block and layer by layer."""

import streamlit as st

from dashboard import state
from dashboard.components.backbone_picker import backbone_picker, side_picker, weights_state
from dashboard.components.kernel_panel import kernel_panel
from dashboard.components.layer_detail import block_map, layer_table, totals
from dashboard.components.page import header
from models.backbones import BACKBONES
from models.layer_tables import table

header(
    "Backbone", "Each box is one block of layers: as tall as its maps, as wide as its channels. Click one to open it."
)
chosen = state.selection()
spec = BACKBONES[chosen.backbone]
controls, main = st.columns([4, 13], gap="medium")
with controls:
    backbone_picker(spec.id)
with main:
    picture = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        side = side_picker(spec)
        with_top = st.toggle(
            "With its original classifier",
            key="backbone_top",
            persist_state="session",
            disabled=side != spec.top_side,
            help=f"The dense layers it was trained with; they fit pictures of {spec.top_side} px only. Transfer "
            "learning takes them off and puts a new head in their place.",
        )
    layers = table(spec.id, side, include_top=with_top and side == spec.top_side)
    with picture:
        block = block_map(layers, height=300)
        st.caption(
            "Heights grow with the square root of the maps' side, widths with the logarithm of the channels. "
            "The picture does not show what a layer has learned: see the kernels below, or Activations."
        )
    weights_state(spec, chosen.owner)
totals(layers, block)
layer_table(layers, block)
kernel_panel(spec, side)
st.caption(f":material/menu_book: {spec.reference}.")
