"""The row on top of every page: network, data, run, what is running, the search, and the address to be shared."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import state
from dashboard.frame import share, words
from dashboard.labels import SHIPPED_RUNS, plain_label, safe_label
from dashboard.pages import PAGES
from dashboard.widgets.jobs import job_chip
from models.backbones import registry
from models.pictures import datasets
from models.storage import runs

_NO_RUN = ""
SHORT = {runs.EXAMPLE: "Example", runs.FINE_TUNED: "Fine-tuned example"}


def run_label(run_id: str, number: int) -> str:
    """Return a run's name for the picker: number, title, and its state while it is not done."""
    if run_id == _NO_RUN:
        return "No run: the bare backbone"
    if run_id in SHIPPED_RUNS:
        return SHIPPED_RUNS[run_id]
    run = runs.get(run_id)
    states = {"queued": " · in progress", "running": " · in progress", "done": ""}
    state_name = run.status.state
    return f"{number} · {plain_label(run.title)}{states.get(state_name, f' · {state_name}')}"


def _run_names(current: str) -> dict[str, str]:
    """Return what every run is called, in the order in which they are offered; no run comes last."""
    run_ids = [run.id for run in state.training_runs()]
    if current not in run_ids and current != _NO_RUN:
        run_ids.insert(0, current)  # somebody shared a link to it
    mine = [run_id for run_id in run_ids if run_id not in runs.SHIPPED]
    numbers = {run_id: number for number, run_id in enumerate(reversed(mine), start=1)}
    return {run_id: run_label(run_id, numbers.get(run_id, 0)) for run_id in [*run_ids, _NO_RUN]}


def _pickers(bar: str, names: Mapping[str, str], chosen: state.Selection) -> None:
    """Draw the three pickers; a choice takes effect on the rerun it causes.

    Args:
        bar: Begins their keys.
        names: What every run is called.
        chosen: The visitor's choices.
    """
    session = st.session_state
    session[f"{bar}_backbone"], session[f"{bar}_data"] = chosen.backbone, chosen.dataset
    session[f"{bar}_run"] = chosen.run.id if chosen.run else _NO_RUN
    st.selectbox(
        "Network",
        list(registry.BACKBONES),
        format_func=lambda name: registry.BACKBONES[name].title,
        key=f"{bar}_backbone",
        on_change=lambda: state.choose(backbone=session[f"{bar}_backbone"]),
    )
    st.selectbox(
        "Data",
        list(datasets.DATASETS),
        format_func=lambda name: datasets.DATASETS[name].title,
        key=f"{bar}_data",
        on_change=lambda: state.choose(dataset=session[f"{bar}_data"]),
    )
    st.selectbox(
        "Run",
        list(names),
        format_func=names.__getitem__,
        key=f"{bar}_run",
        on_change=lambda: state.choose(run=session[f"{bar}_run"]),
    )


def matters(page: str) -> bool:
    """Return whether the experiment bar changes what the page shows now."""
    return str(state.bound(f"{page}_view") or "") not in PAGES[page].without_bar


def experiment_bar(page: str) -> None:
    """Draw the pickers where they matter, what is running, the search, and the buttons that share the page."""
    share.hall()
    if state.presenting():
        share.draw()
        return
    chosen = state.selection()
    with st.container(key="experiment_bar", horizontal=True, vertical_alignment="center", gap="small"):
        if matters(page):
            names = _run_names(chosen.run.id if chosen.run else _NO_RUN)
            with st.container(key="bar_wide", horizontal=True, gap="small", width="stretch"):
                _pickers("bar", names, chosen)
            with st.container(key="bar_narrow", width="stretch"), st.popover(_in_short(chosen), width="stretch"):
                _pickers("bar_phone", names, chosen)
        else:  # what was there goes at once, and what follows stays in its place
            st.empty()
            st.empty()
        with st.container(key="bar_running", width="content"):
            job_chip(chosen.owner, chosen.run)
        words.draw(page)
        share.draw()


def _in_short(chosen: state.Selection) -> str:
    """Return the experiment in one line."""
    run = "no run" if chosen.run is None else SHORT.get(chosen.run.id, chosen.run.title)
    texts = (registry.BACKBONES[chosen.backbone].title, datasets.DATASETS[chosen.dataset].title, run)
    return " · ".join(safe_label(text, 24) for text in texts)
