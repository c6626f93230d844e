"""The caches of the som page; keys are ids, specs and numbers, never arrays."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from models.errors import InputError
from models.som import data, failures, one_step, tables
from models.som import film as som_film
from models.som.data import SomTask
from models.som.failures import Outcome
from models.som.film import SOM, SomRecord
from models.som.one_step import Trace, Trained
from models.som.samples import SomData
from models.som.spec import SomSpec
from models.som.tables import Table
from models.storage import runs


def film(run: runs.Run | None) -> SomRecord | None:
    """Return the film of a run as far as it has come, None where there is none yet; without a run the example's."""
    if run is None:
        return _example()
    version = SOM.version(run)
    return _film(run.id, version) if version else None


@st.cache_resource(show_spinner=False)
def feature_map() -> SomRecord | None:
    """Return the shipped map of a network's features; None where it is missing or damaged."""
    return som_film.feature_map()


@st.cache_resource(show_spinner=False)
def _example() -> SomRecord:
    return som_film.example()


@st.cache_resource(max_entries=16, show_spinner=False)
def _film(run_id: str, version: int) -> SomRecord | None:  # noqa: ARG001  the key
    return SOM.load(runs.get(run_id))


def samples(task: SomTask, run_id: str) -> SomData:
    """Return what a map trains on; `run_id` names the run that holds the features of a network, if it needs them."""
    return _samples(replace(task, som=SomSpec()), run_id)


@st.cache_resource(max_entries=4, show_spinner="Getting the samples…")
def _samples(task: SomTask, run_id: str) -> SomData:
    return data.load(task, runs.get(run_id).folder if run_id else None)


@st.cache_resource(max_entries=8, show_spinner="Training up to this step…")
def trace(task: SomTask, run_id: str) -> Trace:
    """Return the online training of a map, to be followed step by step."""
    return Trace(samples(task, run_id).features, task.som)


@st.cache_data(max_entries=32, max_size="32MB", show_spinner="Training both maps…")
def trained(task: SomTask, run_id: str) -> Trained:
    """Return a map at the end of its training, of some thousand steps at most."""
    return one_step.trained(samples(task, run_id).features, task.som)


@st.cache_resource(max_entries=8, show_spinner=False)
def table(table_id: str) -> Table:
    """Return an uploaded table by its id, which nobody can guess; read-only."""
    return tables.load(table_id)


def rows_of(task: SomTask) -> dict[str, list[str]]:
    """Return which rows of a table the samples are: "line" and "name"; empty for others, or where the table is gone."""
    try:
        return _rows_of(task.table, task.columns) if task.table else {}
    except InputError:
        return {}


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows_of(table_id: str, columns: tuple[str, ...]) -> dict[str, list[str]]:
    return tables.rows_of_samples(table(table_id), columns)


@st.cache_resource(max_entries=16, show_spinner=False)
def failure(name: str, *, cured: bool) -> Outcome:
    """Return a prepared failure or its cure: about a second of arithmetic."""
    return failures.outcome(name, cured)
