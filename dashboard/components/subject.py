"""Which network the pages look into: the chosen run's classifier, or what stands in for it."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from models import backbones, weights
from models.errors import FreezeframeError


def has_classifier(chosen: state.Selection) -> bool:
    """Return whether the chosen run has finished: only then is there a classifier to look into."""
    return chosen.run is not None and chosen.run.status.state == "done"


def network_of(chosen: state.Selection) -> str:
    """Return the id of the run's classifier, else of the bare backbone: pretrained where possible, else random."""
    if chosen.run is not None and has_classifier(chosen):
        return f"run:{chosen.run.id}"
    side = backbones.BACKBONES[chosen.backbone].default_side
    return f"backbone:{chosen.backbone}:{side}" + ("" if weights.available(chosen.backbone) else ":random")


def name_of(network: str, chosen: state.Selection) -> str:
    """Return what the network is called in a sentence; random weights are always said."""
    title = backbones.BACKBONES[chosen.backbone].title
    match network.split(":"):
        case ["run", _, "start"] | ["run", _, "epoch", "0"]:
            return f"the classifier of this run before its first epoch ({title})"
        case ["run", _, "epoch", epoch]:
            return f"the classifier of this run after epoch {epoch} ({title})"
    if network.startswith("run:"):
        return f"the classifier of this run ({title})"
    return f"the bare {title} with {'random' if network.endswith(':random') else 'pretrained'} weights"


def say_random(network: str) -> None:
    """Say it where the network's weights are random: nothing it shows was learnt."""
    if network.endswith(":random"):
        st.caption(":material/casino: **Random weights**: the pretrained ones are not on this machine.")


def refuse(error: FreezeframeError) -> None:
    """Say why there is no answer, and end the page."""
    st.error(safe_label(str(error), 400), icon=":material/error:")
    st.button("Try again", key="subject_again", icon=":material/refresh:")
    st.stop()
