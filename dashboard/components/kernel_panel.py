"""The first layer's kernels as pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.components.gabor_kernel_panel import first_layer
from dashboard.figures.kernels import SCALES, mosaic
from models import gabor, weights
from models.backbones import BackboneSpec
from models.errors import FreezeframeError
from models.images import png

COLUMNS = 16
_WEIGHTS = {"pretrained": "Pretrained", "random": "Random"}


def kernel_panel(spec: BackboneSpec, side: int) -> None:
    """Draw the kernels of the first convolution; random ones only when asked for, and labelled."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("##### First-layer kernels")
        which = st.segmented_control(
            "Weights",
            list(_WEIGHTS),
            default="pretrained",
            required=True,
            format_func=lambda name: _WEIGHTS[name],
            key="backbone_kernel_weights",
            persist_state="session",
            label_visibility="collapsed",
        )
        scale = st.segmented_control(
            "Scale",
            list(SCALES),
            default="kernel",
            required=True,
            format_func=lambda name: SCALES[name],
            key="backbone_kernel_scale",
            persist_state="session",
            label_visibility="collapsed",
        )
        if which == "random":
            st.badge("random weights, not pretrained", icon=":material/casino:", color="gray")
    if which == "pretrained" and not weights.available(spec.id):
        st.info(
            "These kernels can be shown once the pretrained weights are on this machine: download them above, "
            "or choose **Random** to see what they start from.",
            icon=":material/cloud_download:",
        )
        return
    try:
        kernels = cache.first_kernels(f"backbone:{spec.id}:{side}{':random' if which == 'random' else ''}")
    except FreezeframeError as error:
        st.warning(str(error), icon=":material/hourglass_top:")
        return
    drawn = mosaic(kernels.values, scale, columns=COLUMNS)
    height, width, _, count = kernels.values.shape
    st.image(
        png(drawn.image),
        width=min(drawn.image.shape[1], 956),
        alt=f"The {count} kernels of {kernels.layer} as small colour pictures, {drawn.columns} in a row",
    )
    limit = "its own largest weight" if drawn.limit is None else f"±{drawn.limit:.3g}, the largest of all"
    largest = np.abs(kernels.values).max(axis=(0, 1, 2))
    st.caption(
        f"{count} kernels of {kernels.layer}, {height} × {width} × 3 (red, green, blue). Mid-grey is 0; a kernel's "
        f"brightest and darkest values stand for {limit}; nothing is clipped. Largest weights: {largest.min():.3g} to "
        f"{largest.max():.3g}. The kernels show what the first layer looks for, not how often it finds it."
    )
    if not gabor.too_small(height, width) and st.button(
        "A Gabor function for each kernel", key="backbone_gabor", icon=":material/waves:"
    ):
        first_layer()
