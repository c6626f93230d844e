"""What to do when pretrained weights are not on this machine: three ways on, none of them silent."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.widgets.jobs import job_panel
from models.backbones import weights
from models.backbones.registry import BACKBONES, DEFAULT, BackboneSpec
from models.errors import FreezeframeError
from models.jobs import engine
from models.storage import runs
from models.training.spec import TrainingSpec


def weights_missing(spec: TrainingSpec) -> bool:
    """Return whether the run asks for pretrained weights that are not on this machine."""
    return spec.weights == "pretrained" and not weights.available(spec.backbone)


def weights_offer(spec: TrainingSpec, owner: str) -> None:
    """Say that the pretrained weights are not here, and offer to download them, to go random, or to change backbone."""
    backbone = BACKBONES[spec.backbone]
    st.warning(
        f"The pretrained weights of {backbone.title} ({backbone.weights_mb:.0f} MB) are not on this machine yet.",
        icon=":material/cloud_download:",
    )
    job = state.get(f"train_download_{spec.backbone}")
    if job:
        job_panel(job, key="train_download_panel")
    with st.container(horizontal=True):
        if st.button("Download them", key="train_weights_download", disabled=bool(job) and runs.get(job).status.active):
            _download(backbone, owner)
        st.button(
            "Train with random weights",
            key="train_weights_random",
            icon=":material/casino:",
            on_click=state.put,
            args=("train_weights", "random"),
        )
        shipped = f"Use {BACKBONES[DEFAULT].title}, which comes with the app"
        st.button(shipped, key="train_weights_shipped", on_click=lambda: state.choose(backbone=DEFAULT))


def _download(backbone: BackboneSpec, owner: str) -> None:
    """Queue the download and follow it here."""
    try:
        job = engine.submit_old("weights", {"backbone": backbone.id}, owner=owner, title=f"Weights of {backbone.title}")
    except FreezeframeError as error:
        st.error(str(error), icon=":material/error:")
        return
    state.put(f"train_download_{backbone.id}", job)
    st.rerun()
