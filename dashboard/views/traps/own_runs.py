"""A prepared mistake as the visitor's own trainings: start them, watch them, compare them; and their recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.views.train.presets import use_spec
from dashboard.views.traps import panel
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from dashboard.widgets.runs import queue
from models.errors import RunNotFound
from models.storage import runs
from models.training.costs.estimate import Cost
from models.training.recipes import estimate
from models.training.results import load_result
from models.training.spec import TRAINING, TrainingSpec
from models.training.traps import TRAPS, Outcome, Role, of_result
from models.wording import duration

_PROBLEM = "traps_problem"
_BOTH: tuple[Role, Role] = ("wrong", "cured")


@dataclass(frozen=True, slots=True)
class _OwnRun:
    """One of the two recipes, what it costs, and the visitor's newest run of it, if there is one.

    Attributes:
        status: Of the run.
        outcome: None where the run has not finished, or its results are damaged.
    """

    role: Role
    spec: TrainingSpec
    cost: Cost
    run: runs.Run | None
    status: runs.RunStatus | None
    outcome: Outcome | None

    @property
    def active(self) -> bool:
        """Whether the run waits or works."""
        return self.status is not None and self.status.active


def own_runs(name: str, owner: str) -> None:
    """Draw, for the wrong recipe and the cured one, the visitor's own run or the button that starts it."""
    wrong, cured = both = [_own_run(role, TRAPS[name].specs[role], owner) for role in _BOTH]
    st.markdown("## Train it yourself", help="These are ordinary runs: every page can show them.")
    if not any(own.outcome or own.active for own in both):
        _train_button("Train both", "both", both, owner)
    refusal(_PROBLEM)
    for own, other, column in zip(both, both[::-1], st.columns(2, gap="medium"), strict=True):
        with column:
            _progress_or_curves(own, other.outcome)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if own.run and own.outcome:
                    _open_button(own.role, own.run)
                elif not own.active:
                    words = "Train the wrong one" if own.role == "wrong" else "Train the cure"
                    _train_button(words, own.role, [own], owner)
                if st.button("Recipe on the Train page", key=f"traps_recipe_{own.role}", icon=":material/tune:"):
                    use_spec(own.spec)
                    state.go("train")
    if wrong.outcome and cured.outcome:
        st.markdown(panel.difference(wrong.outcome, cured.outcome))
        if st.button("Compare them", key="traps_compare", type="primary", icon=":material/compare_arrows:"):
            state.compare([own.run.id for own in both if own.run])
            state.go("compare")


def _own_run(role: Role, spec: TrainingSpec, owner: str) -> _OwnRun:
    run = TRAINING.newest(spec, owner)
    status = run.status if run else None
    outcome = None
    if run and status and status.state == "done":
        with suppress(RunNotFound):  # its results may be damaged
            outcome = of_result(spec, load_result(run))
    return _OwnRun(role, spec, estimate(spec), run, status, outcome)


def _progress_or_curves(own: _OwnRun, beside: Outcome | None) -> None:
    """Draw how far a run is, or its result with curves on the axes of the one beside it; nothing without a run."""
    if own.outcome:
        panel.training(own.role, [own.outcome], [beside] if beside else [], own=True)
    elif own.status and own.status.state == "done":
        st.warning("The results of your run are missing or damaged. Train it again.", icon=":material/warning:")
    elif own.run:
        job_panel(own.run.id, key=f"traps_job_{own.role}")


def _open_button(role: Role, run: runs.Run) -> None:
    if st.button("Open it on every page", key=f"traps_open_{role}", icon=":material/open_in_new:"):
        state.choose(run=run.id)
        state.go("train")


def _train_button(words: str, name: str, chosen: Sequence[_OwnRun], owner: str) -> None:
    """Draw the button that trains one recipe or both; the button for both is the page's main one."""
    both = len(chosen) > 1
    seconds = sum(own.cost.seconds for own in chosen)
    st.button(
        words,
        key=f"traps_train_{name}",
        type="primary" if both else "secondary",
        icon=":material/play_arrow:",
        on_click=_begin,
        args=({own.spec: own.cost for own in chosen}, owner),
        help=f"{'One after the other, about' if both else 'About'} {duration(seconds)} on one core of this machine.",
    )


def _begin(costs: Mapping[TrainingSpec, Cost], owner: str) -> None:
    """Queue these recipes, all or none; a second click does not queue them twice."""
    if any(run.status.active for spec in costs for run in TRAINING.mine(spec, owner)):
        return
    with refusal_kept(_PROBLEM):
        queue(costs, owner)
