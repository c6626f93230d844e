"""The caches of the som page; keys are ids, digests and numbers, never arrays."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from models.som import data, depth, failures, film, rotation, tables
from models.som.data import SomData, SomTask
from models.som.depth import DepthResult
from models.som.failures import Outcome
from models.som.film import SomRecord
from models.som.one_step import Trace, Trained, trained
from models.som.rotation import RotationResult
from models.som.spec import SomSpec
from models.som.tables import Table
from models.storage import runs


@st.cache_resource(show_spinner=False)
def som_example() -> SomRecord:
    """Return the map of a first visit."""
    return film.example()


@st.cache_resource(max_entries=16, show_spinner=False)
def som_film(run_id: str, version: int) -> SomRecord | None:
    """Return the film of a run as it was at this version of its file; read-only."""
    return film.load(runs.get(run_id)) if version else None


def som_samples(task: SomTask, run_id: str) -> SomData:
    """Return what a map trains on; `run_id` names the run that holds the features of a network, if it needs them."""
    return _som_samples(replace(task, som=SomSpec()), run_id)


@st.cache_resource(max_entries=4, show_spinner="Getting the samples…")
def _som_samples(task: SomTask, run_id: str) -> SomData:
    return data.load(task, runs.get(run_id).folder if run_id else None)


@st.cache_resource(max_entries=8, show_spinner="Training up to this step…")
def som_trace(task: SomTask, run_id: str) -> Trace:
    """Return the online training of a map, to be followed step by step."""
    return Trace(som_samples(task, run_id).features, task.som)


@st.cache_data(max_entries=32, max_size="32MB", show_spinner="Training both maps…")
def som_trained(task: SomTask, run_id: str) -> Trained:
    """Return a map at the end of its training, of some thousand steps at most."""
    return trained(som_samples(task, run_id).features, task.som)


@st.cache_resource(max_entries=8, show_spinner=False)
def som_table(table: str) -> Table:
    """Return an uploaded table by its id, which nobody can guess; read-only."""
    return tables.load(table)


@st.cache_resource(max_entries=16, show_spinner=False)
def som_failure(name: str, *, cured: bool) -> Outcome:
    """Return a prepared failure or its cure: about a second of arithmetic."""
    return failures.outcome(name, cured)


@st.cache_resource(max_entries=16, show_spinner=False)
def som_depth(run_id: str) -> DepthResult | None:
    """Return the purity by depth that a finished run measured."""
    return depth.load(runs.get(run_id))


@st.cache_resource(show_spinner=False)
def som_depth_shipped() -> DepthResult | None:
    """Return the purity by depth that comes with the app."""
    return depth.depth()


@st.cache_resource(max_entries=16, show_spinner=False)
def som_rotation(run_id: str) -> RotationResult | None:
    """Return the comparison of both maps that a finished run measured."""
    return rotation.load(runs.get(run_id))


@st.cache_resource(show_spinner=False)
def som_rotation_shipped() -> RotationResult | None:
    """Return the comparison that comes with the app."""
    return depth.rotation()
