"""The home page's parts: where the visitor stands, and the way through the pages as a grid of small pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from models import backbones, datasets, runs

PICTURES: Final = Path(__file__).resolve().parents[2] / "assets" / "home"
PER_ROW = 4
# page, title, icon, sentence, what the picture shows
STATIONS: Final = (
    ("data", "Data", ":material/photo_library:", "Pictures with classes, split in three.", "Galaxies of five classes"),
    ("backbone", "Backbone", ":material/layers:", "What was learnt before.", "The blocks of the shipped network"),
    ("train", "Train", ":material/model_training:", "Freeze, train, prove it.", "Frozen blocks and a new head"),
    ("evaluate", "Evaluate", ":material/grid_on:", "Right, wrong, and how sure.", "Confusion matrix"),
    ("activations", "Activations", ":material/blur_on:", "What each channel answers to.", "Activation maps"),
    ("occlusion", "Occlusion", ":material/select_all:", "Hide a part, watch the score.", "Occlusion map of a galaxy"),
    ("som", "Self-organising map", ":material/apps:", "Watch a map find its order.", "A map of colours"),
)


def stations() -> None:
    """Draw one tile per page: a picture of what awaits there, a link, half a sentence."""
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    for start in range(0, len(STATIONS), PER_ROW):
        for column, station in zip(st.columns(PER_ROW), STATIONS[start : start + PER_ROW], strict=False):
            name, title, icon, sentence, alt = station
            with column:
                st.image(str(PICTURES / f"{name}-{scheme}.webp"), width="stretch", alt=alt)
                st.page_link(f"app_pages/{name}.py", label=title, icon=icon, help=sentence)


def standing(chosen: state.Selection) -> None:
    """Draw what is chosen, what is known about it, and the next step."""
    with st.container(border=True):
        backbone, data = backbones.BACKBONES[chosen.backbone], datasets.DATASETS[chosen.dataset]
        st.markdown(f"**Where you stand:** {backbone.title} and {data.title}, {data.size:,} pictures")
        if chosen.run is not None and chosen.run.status.state != "done":
            st.markdown(f":material/pending: {_result(chosen.run)}")
            st.page_link("app_pages/train.py", label="Next: back to training", icon=":material/arrow_forward:")
        elif chosen.run is None:
            st.markdown(":material/radio_button_unchecked: No classifier trained on these yet")
            st.page_link("app_pages/train.py", label="Next: freeze and train", icon=":material/arrow_forward:")
        else:
            st.markdown(f":material/check_circle: {_result(chosen.run)}")
            st.page_link("app_pages/evaluate.py", label="Next: see what it gets wrong", icon=":material/arrow_forward:")


def _result(run: runs.Run) -> str:
    name = "The shipped example run" if run.id == runs.EXAMPLE else safe_label(run.title)
    status = run.status
    if status.state != "done":
        return f"{name}: {status.state}"
    summary = json.loads(run.path("summary.json").read_bytes())
    return f"{name}: {summary['accuracy']:.1%} of {summary['n_test']} test pictures right"
