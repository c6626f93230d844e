"""The caches of Home: what the shipped classifier answers, and how it was made."""

from __future__ import annotations

import streamlit as st

from models.jobs import engine
from models.occlusion.flow import EXAMPLE, FLOW, Flow
from models.storage import runs
from models.training.spec import TRAINING, TrainingSpec


@st.cache_data(max_entries=32, max_size="32MB", show_spinner="Sending your picture through the network…")
def flow(picture: str, steps: int) -> Flow:
    """Return what the shipped classifier answers; a shipped picture needs no worker."""
    return engine.call(FLOW, network=EXAMPLE, picture=picture, steps=steps)


@st.cache_data(max_entries=1, show_spinner=False)
def recipe() -> TrainingSpec:
    """Return how the shipped classifier was trained."""
    return TRAINING.spec_of(runs.get(runs.EXAMPLE))
