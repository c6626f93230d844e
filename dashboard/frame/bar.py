"""The row on top of every page: backbone, data, run, and what is running."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.labels import EXAMPLE_RUN, plain_label
from dashboard.widgets.jobs import job_chip
from models.backbones import registry
from models.pictures import datasets
from models.storage import runs

_NO_RUN = ""


def run_label(run_id: str, number: int) -> str:
    """Return a run's name for the picker: number, title, and its state while it is not done."""
    if run_id == _NO_RUN:
        return "No run: the bare backbone"
    if run_id == runs.EXAMPLE:
        return EXAMPLE_RUN
    run = runs.get(run_id)
    states = {"queued": " · in progress", "running": " · in progress", "done": ""}
    state_name = run.status.state
    return f"{number} · {plain_label(run.title)}{states.get(state_name, f' · {state_name}')}"


def _run_names(current: str) -> dict[str, str]:
    """Return what every run is called, in the order in which they are offered; no run comes last."""
    run_ids = [run.id for run in state.training_runs()]
    if current not in run_ids and current != _NO_RUN:
        run_ids.insert(0, current)  # somebody shared a link to it
    mine = [run_id for run_id in run_ids if run_id != runs.EXAMPLE]
    numbers = {run_id: number for number, run_id in enumerate(reversed(mine), start=1)}
    return {run_id: run_label(run_id, numbers.get(run_id, 0)) for run_id in [*run_ids, _NO_RUN]}


def experiment_bar() -> None:
    """Draw the pickers; a choice takes effect on the rerun it causes."""
    chosen = state.selection()
    current = chosen.run.id if chosen.run else _NO_RUN
    names = _run_names(current)
    st.session_state["bar_backbone"], st.session_state["bar_data"] = chosen.backbone, chosen.dataset
    st.session_state["bar_run"] = current
    with st.container(key="experiment_bar"):
        backbone, data, run, running = st.columns([3, 3, 5, 3], gap="small", vertical_alignment="center")
        backbone.selectbox(
            "Backbone",
            list(registry.BACKBONES),
            format_func=lambda name: registry.BACKBONES[name].title,
            key="bar_backbone",
            label_visibility="collapsed",
            on_change=lambda: state.choose(backbone=st.session_state["bar_backbone"]),
            help="The pretrained network whose layers are frozen or trained.",
        )
        data.selectbox(
            "Data",
            list(datasets.DATASETS),
            format_func=lambda name: datasets.DATASETS[name].title,
            key="bar_data",
            label_visibility="collapsed",
            on_change=lambda: state.choose(dataset=st.session_state["bar_data"]),
        )
        run.selectbox(
            "Run",
            list(names),
            format_func=names.__getitem__,
            key="bar_run",
            label_visibility="collapsed",
            on_change=lambda: state.choose(run=st.session_state["bar_run"]),
        )
        with running:
            job_chip(chosen.owner, chosen.run)
