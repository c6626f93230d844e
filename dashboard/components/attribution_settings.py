"""The settings of the attribution methods, each with the value it begins with."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from models import network_layers
from models.attribution_maps import BASELINES, NOISE, SAMPLES, UPSAMPLING, ExplanationSpec

_LAST = "the last one"
_BASELINES = {"mean": "the mean colour", "black": "black", "grey": "grey", "blur": "the blurred picture"}
_ENLARGED = {"bilinear": "interpolated", "nearest": "as it is"}


def settings(spec: ExplanationSpec) -> tuple[ExplanationSpec, str]:
    """Draw the settings of all methods; return the question with them, and how Grad-CAM's grid is enlarged."""
    with st.expander("Settings of the methods", key="occlusion_methods_settings"):
        samples = st.select_slider(
            "SmoothGrad: noisy copies", [5, 10, SAMPLES, 50, 100], SAMPLES, key="occlusion_smooth_copies",
            persist_state="session", help="More copies leave less noise in the map.",
        )  # fmt: skip
        noise = st.slider(
            "SmoothGrad: noise (% of the range)", 0, 50, NOISE, 5, key="occlusion_smooth_noise",
            persist_state="session",
            help="Standard deviation, in % of the difference between the picture's brightest and darkest value.",
        )  # fmt: skip
        baseline = st.selectbox(
            "Integrated gradients: baseline", BASELINES, key="occlusion_baseline", persist_state="session",
            format_func=lambda name: _BASELINES[name],
            help="The picture that stands for nothing. Pixels that look like it get nothing: with black, a dark sky "
            "never matters.",
        )  # fmt: skip
        maps = [layer.name for layer in reversed(network_layers.layers(spec.network)) if layer.is_map]
        layer = st.selectbox(
            "Grad-CAM: layer", [_LAST, *maps], key="occlusion_cam_layer", persist_state="session",
            help="Deeper maps know more of the class and less of the place.",
        )  # fmt: skip
        enlarge = st.segmented_control(
            "Grad-CAM: enlarged", list(UPSAMPLING), default=UPSAMPLING[0], required=True, key="occlusion_cam_enlarge",
            persist_state="session", format_func=lambda name: _ENLARGED[name],
            help="Interpolation looks finer than the grid is.",
        )  # fmt: skip
    known = layer if layer in maps else ""
    return replace(spec, samples=samples, noise=noise, baseline=baseline, layer=known), str(enlarge)
