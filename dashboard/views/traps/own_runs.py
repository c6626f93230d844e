"""A prepared mistake as the visitor's own trainings: start them, watch them, compare them; and their recipes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.labels import duration
from dashboard.views.train.presets import use_spec
from dashboard.views.traps import panel
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from dashboard.widgets.runs import queue
from models.errors import RunNotFound
from models.storage import runs
from models.training.recipes import estimate
from models.training.results import load_result
from models.training.spec import TrainingSpec
from models.training.traps import TRAPS, Outcome, Role, of_result

_PROBLEM = "traps_problem"
_BOTH: tuple[Role, Role] = ("wrong", "cured")


def own_runs(name: str, owner: str) -> None:
    """Draw, for the wrong recipe and the cured one, the visitor's own run or the button that starts it."""
    specs, mine = TRAPS[name].specs, runs.listing(owner, "training")
    st.markdown("##### Train it yourself", help="Ordinary runs: every page shows what became of them.")
    found = {role: next((run for run in mine if run.spec == specs[role].to_json()), None) for role in _BOTH}
    states = {role: run.status for role, run in found.items() if run}
    made = {
        role: outcome
        for role, run in found.items()
        if run and states[role].state == "done" and (outcome := _outcome(run, specs[role]))
    }
    if not made and not any(at.active for at in states.values()):
        both = [specs[role] for role in _BOTH]
        _train_button("Train both", "both", both, owner, said="One after the other, about", primary=True)
    refusal(_PROBLEM)
    for role, other, column in zip(_BOTH, _BOTH[::-1], st.columns(2, gap="medium"), strict=True):
        with column:
            if run := found[role]:
                _follow(role, run, states[role], made.get(role), made.get(other))
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                if run and role in made:
                    _open_button(role, run)
                elif run is None or not states[role].active:
                    words = "Train the wrong one" if role == "wrong" else "Train the cure"
                    _train_button(words, role, [specs[role]], owner, said="About")
                if st.button("Recipe on the Train page", key=f"traps_recipe_{role}", icon=":material/tune:"):
                    use_spec(specs[role])
                    state.go("train")
    if len(made) == len(_BOTH):
        st.markdown(panel.difference(made["wrong"], made["cured"]))
        if st.button("Compare them", key="traps_compare", type="primary", icon=":material/compare_arrows:"):
            state.compare([run.id for run in found.values() if run])
            state.go("compare")


def _outcome(run: runs.Run, spec: TrainingSpec) -> Outcome | None:
    """Return what a finished run of this recipe gave; None where its results are damaged."""
    try:
        return of_result(spec, load_result(run))
    except RunNotFound:
        return None


def _follow(role: Role, run: runs.Run, at: runs.RunStatus, made: Outcome | None, other: Outcome | None) -> None:
    """Draw how far a run is, or what it gave, on axes that hold the other's curves too."""
    if made:
        panel.training(role, [made], [other] if other else [], own=True)
    elif at.state == "done":
        st.warning("The results of your run are missing or damaged. Train it again.", icon=":material/warning:")
    else:
        job_panel(run.id, key=f"traps_job_{role}")


def _open_button(role: Role, run: runs.Run) -> None:
    if st.button("Open it on every page", key=f"traps_open_{role}", icon=":material/open_in_new:"):
        state.choose(run=run.id)
        state.go("train")


def _train_button(
    words: str, name: str, specs: Sequence[TrainingSpec], owner: str, *, said: str, primary: bool = False
) -> None:
    st.button(
        words,
        key=f"traps_train_{name}",
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        on_click=_begin,
        args=(specs, owner),
        help=f"{said} {duration(sum(estimate(spec).seconds for spec in specs))} on one core of this machine.",
    )


def _begin(specs: Sequence[TrainingSpec], owner: str) -> None:
    """Queue these recipes, all or none; a second click does not queue them twice."""
    asked = [spec.to_json() for spec in specs]
    if any(run.status.active and run.spec in asked for run in runs.listing(owner, "training")):
        return
    with refusal_kept(_PROBLEM):
        queue(specs, owner)
