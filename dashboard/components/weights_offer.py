"""What to do when pretrained weights are not on this machine: three ways on, none of them silent."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components.job_panel import job_panel
from models import engine, runs
from models.backbones import BACKBONES, DEFAULT
from models.recipes import TrainingSpec


def offer_weights(spec: TrainingSpec, owner: str) -> None:
    """Say that the pretrained weights are not on this machine, and offer three ways on."""
    backbone = BACKBONES[spec.backbone]
    job = state.get("train_download")
    if job and runs.get(job).spec.get("backbone") == spec.backbone:
        job_panel(job, key="train_download_panel")
        if runs.get(job).status.active:
            return
    st.warning(f"The ImageNet weights of {backbone.title} ({backbone.weights_mb:.0f} MB) are not on this machine yet.")
    if st.button("Download them", key="train_weights_download", icon=":material/download:", width="stretch"):
        state.put(
            "train_download", engine.submit("weights", {"backbone": spec.backbone}, owner=owner, title=backbone.title)
        )
        st.rerun()
    st.button(
        "Train with random weights", key="train_weights_random", icon=":material/casino:", width="stretch",
        on_click=state.put, args=("train_weights", "random"),
    )  # fmt: skip
    st.button(
        f"Use {BACKBONES[DEFAULT].title}, which is here", key="train_weights_shipped", icon=":material/ac_unit:",
        width="stretch", on_click=lambda: state.choose(backbone=DEFAULT),
    )  # fmt: skip
