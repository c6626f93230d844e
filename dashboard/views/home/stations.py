"""The home page's parts: where the visitor stands, and the way through the pages as a grid of small pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.widgets import cache
from models.backbones import registry
from models.pictures import datasets
from models.storage import runs

PICTURES: Final = Path(__file__).resolve().parents[3] / "assets" / "home"
PER_ROW = 6
# page, title, sentence, what the picture shows
STATIONS: Final = (
    ("data", "Data", "Pictures with classes, split in three.", "Galaxies of five classes"),
    ("backbone", "Backbone", "What was learnt before.", "The blocks of the shipped network"),
    ("train", "Train", "Freeze, train, prove it.", "Frozen blocks and a new head"),
    ("evaluate", "Evaluate", "Right, wrong, and how sure.", "Confusion matrix"),
    (
        "sweeps",
        "Sweeps",
        "One choice, many trainings.",
        "Accuracy by how much is frozen",
    ),
    (
        "compare",
        "Compare",
        "Trainings side by side.",
        "Two accuracies with their intervals",
    ),
    (
        "traps",
        "What goes wrong",
        "Mistakes beside their cures.",
        "Learning curves of a training gone wrong",
    ),
    ("activations", "Activations", "What each channel answers to.", "Activation maps"),
    ("features", "Features", "What a channel looks for.", "Patches that excite a channel"),
    ("occlusion", "Occlusion", "Hide a part, watch the score.", "Occlusion map of a galaxy"),
    ("general", "General or specific?", "Which layers serve another task.", "Measured curves"),
    ("som", "Self-organising map", "Watch a map find its order, step by step.", "A map of colours"),
)


def stations() -> None:
    """Draw one tile per page: a picture of what awaits there, a link, half a sentence."""
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    for start in range(0, len(STATIONS), PER_ROW):
        for column, station in zip(st.columns(PER_ROW), STATIONS[start : start + PER_ROW], strict=False):
            name, title, sentence, alt = station
            with column:
                st.image(cache.jpeg(str(PICTURES / f"{name}-{scheme}.webp")), width="stretch", alt=alt)
                st.page_link(f"app_pages/{name}.py", label=title, help=sentence)


def standing(chosen: state.Selection) -> None:
    """Draw what is chosen, what is known about it, and the next step."""
    with st.container(border=True):
        backbone, data = registry.BACKBONES[chosen.backbone], datasets.DATASETS[chosen.dataset]
        st.markdown(f"**Where you stand:** {backbone.title} and {data.title}, {data.size:,} pictures")
        line, page, label = _known(chosen.run)
        st.markdown(line)
        st.page_link(f"app_pages/{page}.py", label=f"Next: {label}", icon=":material/arrow_forward:")


def _known(run: runs.Run | None) -> tuple[str, str, str]:
    """Return what is known about a run, and the page and the label of the next step."""
    if run is None:
        return ":material/radio_button_unchecked: No classifier trained on these yet", "train", "freeze and train"
    name = "The shipped example run" if run.id == runs.EXAMPLE else safe_label(run.title)
    status = run.status
    if status.state != "done":
        return f":material/pending: {name}: {status.state}", "train", "back to training"
    try:
        summary = json.loads(run.path("summary.json").read_bytes())
        right = f"{summary['accuracy']:.1%} of {summary['n_test']} test pictures right"
    except (OSError, ValueError, KeyError, TypeError):
        return f":material/error: {name}: its results are missing or damaged", "train", "train it again"
    return f":material/check_circle: {name}: {right}", "evaluate", "see what it gets wrong"
