"""The run shown, beside and below the diagram: its progress or its results, titled by its name."""

from __future__ import annotations

import streamlit as st

from dashboard.views.train import progress
from dashboard.views.train import result as train_result
from dashboard.views.train.baselines import baselines
from dashboard.views.train.proof import proof
from dashboard.views.train.same_run import result_title
from dashboard.widgets.runs import mistake_warning
from models.storage import runs
from models.training.results import TrainingResult
from models.training.spec import TRAINING


def beside(run: runs.Run, changes: list[str]) -> TrainingResult | None:
    """Draw how far a run is, or its result; return the result, None while there is none.

    Args:
        run: The run shown.
        changes: What the controls change of its recipe.
    """
    spec = TRAINING.spec_of(run)
    result_title(run, changes)
    mistake_warning(spec)
    result = train_result.read(run)
    if result is None:
        progress.running(run, spec)
    else:
        train_result.finished(run, result)
    return result


def below(run: runs.Run, result: TrainingResult, owner: str) -> None:
    """Draw where to go next, whether pretraining was needed, the proof of freezing, and how the run was computed."""
    spec = TRAINING.spec_of(run)
    train_result.next_pages(run, result)
    baselines(run, result, owner)
    train_result.gap_note(spec, result)
    proof(run, result)
    train_result.result_details(run, spec, result)


def none_yet() -> None:
    """Say what to do where there is no run."""
    st.info(
        "Nothing trained yet with this backbone and these data. Press **Train** to start.",
        icon=":material/play_arrow:",
    )
