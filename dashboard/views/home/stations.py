"""Home's parts: the pages as a grid of small pictures, and where the visitor stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.pages import PAGES
from dashboard.widgets import cache
from models.backbones import registry
from models.pictures import datasets
from models.storage import runs
from models.wording import grouped, percent

PICTURES: Final = Path(__file__).resolve().parents[3] / "assets" / "home"
PER_ROW = 6


def stations() -> None:
    """Draw one tile per page: a picture of what awaits there, a link, half a sentence."""
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    tiled = [page for page in PAGES.values() if page.station]
    for start in range(0, len(tiled), PER_ROW):
        for column, page in zip(st.columns(PER_ROW), tiled[start : start + PER_ROW], strict=False):
            with column:
                picture = str(PICTURES / f"{page.name}-{scheme}.webp")
                st.image(cache.jpeg(picture), width="stretch", alt=page.picture)
                st.page_link(page.script, label=page.title, help=page.station)


def standing(chosen: state.Selection) -> None:
    """Draw what is chosen, what is known about it, and the next step."""
    with st.container(border=True):
        backbone, data = registry.BACKBONES[chosen.backbone], datasets.DATASETS[chosen.dataset]
        st.markdown(f"**Where you stand:** {backbone.title} and {data.title}, {grouped(data.size)} pictures")
        line, page, label = _known(chosen.run)
        st.markdown(line)
        st.page_link(PAGES[page].script, label=f"Next: {label}", icon=":material/arrow_forward:")


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
        right = f"{percent(summary['accuracy'])} of {summary['n_test']} test pictures right"
    except (OSError, ValueError, KeyError, TypeError):
        return f":material/error: {name}: its results are missing or damaged", "train", "train it again"
    return f":material/check_circle: {name}: {right}", "evaluate", "see what it gets wrong"
