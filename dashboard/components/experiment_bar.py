"""The row on top of every page: backbone, data, run, and what is running."""

from __future__ import annotations

import time

import streamlit as st

from dashboard import state
from dashboard.components.job_panel import job_chip
from dashboard.labels import plain_label
from models import backbones, datasets, runs

_NO_RUN = ""


def run_label(run_id: str) -> str:
    """Return a run's name for the picker: title, state or age."""
    if run_id == _NO_RUN:
        return "No run: the bare backbone"
    run = runs.get(run_id)
    if run.id == runs.EXAMPLE:
        return "Example run (shipped)"
    status = run.status
    minutes = max(int((time.time() - run.created) / 60), 0)
    age = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    return f"{plain_label(run.title)} · {age if status.state == 'done' else status.state}"


def experiment_bar() -> None:
    """Draw the pickers; a choice takes effect on the rerun it causes."""
    chosen = state.selection()
    run_ids = [run.id for run in state.training_runs()]
    current = chosen.run.id if chosen.run else _NO_RUN
    if current not in run_ids and current != _NO_RUN:
        run_ids.insert(0, current)  # somebody shared a link to it
    st.session_state["bar_backbone"], st.session_state["bar_data"] = chosen.backbone, chosen.dataset
    st.session_state["bar_run"] = current
    with st.container(key="experiment_bar"):
        backbone, data, run, running = st.columns([3, 3, 5, 3], gap="small", vertical_alignment="center")
        backbone.selectbox(
            "Backbone",
            list(backbones.BACKBONES),
            format_func=lambda name: backbones.BACKBONES[name].title,
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
            [*run_ids, _NO_RUN],
            format_func=run_label,
            key="bar_run",
            label_visibility="collapsed",
            on_change=lambda: state.choose(run=st.session_state["bar_run"]),
        )
        with running:
            job_chip(chosen.owner)
