"""A prepared mistake as the visitor's own trainings: start them, watch them, open them; and their recipes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import state
from dashboard.components import traps_panel
from dashboard.components.job_panel import job_panel
from dashboard.components.presets import use_spec
from dashboard.components.train_panel import duration, queue, title
from dashboard.labels import safe_label
from models import costs, engine, runs
from models.errors import FreezeframeError, RunNotFound
from models.recipes import estimate
from models.training_results import load_result
from models.training_specs import TrainingSpec
from models.trap_recordings import Outcome, of_result
from models.traps import TRAPS, Role

_PROBLEM = "traps_problem"
_BOTH: tuple[Role, Role] = ("wrong", "cured")


def own_runs(name: str, owner: str) -> None:
    """Draw, for the wrong recipe and the cured one, the visitor's own run or the button that starts it."""
    specs, mine = TRAPS[name].specs, runs.listing(owner, "training")
    st.markdown("##### Train it yourself", help="Ordinary runs: every page shows what became of them.")
    found = {role: next((run for run in mine if run.spec == specs[role].to_json()), None) for role in _BOTH}
    made = {role: outcome for role, run in found.items() if run and (outcome := _outcome(run, specs[role]))}
    if not made and not any(run and run.status.active for run in found.values()):
        _train_both([specs[role] for role in _BOTH], owner)
    if problem := state.get(_PROBLEM):
        st.warning(safe_label(problem, 400), icon=":material/hourglass_top:")
    for role, other, column in zip(_BOTH, _BOTH[::-1], st.columns(2, gap="medium"), strict=True):
        with column:
            if role in made:
                traps_panel.training(role, [made[role]], [made[other]] if other in made else [], own=True)
            _one(role, specs[role], found[role], owner, done=role in made)
    if len(made) == len(_BOTH):
        st.markdown(traps_panel.difference(made["wrong"], made["cured"]))
        if st.button("Compare them", key="traps_compare", type="primary", icon=":material/compare_arrows:"):
            state.compare([run.id for run in found.values() if run])
            state.go("compare")


def _outcome(run: runs.Run, spec: TrainingSpec) -> Outcome | None:
    """Return what a run of this recipe gave; None where it has not finished, or its results are damaged."""
    if run.status.state != "done":
        return None
    try:
        return of_result(spec, load_result(run))
    except RunNotFound:
        return None


def _train_both(specs: list[TrainingSpec], owner: str) -> None:
    """Draw the button that queues both recipes, or neither."""

    def both() -> None:
        ids = engine.submit_all("training", [(spec.to_json(), title(spec)) for spec in specs], owner=owner)
        for run_id, spec in zip(ids, specs, strict=True):
            costs.keep(runs.get(run_id).folder, estimate(spec))

    st.button(
        "Train both",
        key="traps_train_both",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_begin,
        args=(both,),
        help=f"One after the other, about {duration(sum(estimate(spec).seconds for spec in specs))} on one core of "
        "this machine.",
    )


def _begin(start: Callable[[], object]) -> None:
    """Queue something, or keep the sentence that says why it could not be."""
    try:
        start()
        state.put(_PROBLEM, "")
    except FreezeframeError as error:
        state.put(_PROBLEM, str(error))


def _one(role: Role, spec: TrainingSpec, run: runs.Run | None, owner: str, *, done: bool) -> None:
    """Draw how far the run is, and what can be done: train it or open it, or take its recipe along."""
    if run is not None and run.status.state != "done":
        job_panel(run.id, key=f"traps_job_{role}")
    elif run is not None and not done:
        st.warning("The results of your run are missing or damaged. Train it again.", icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run is not None and done:
            if st.button("Open it on every page", key=f"traps_open_{role}", icon=":material/open_in_new:"):
                state.choose(run=run.id)
                state.go("train")
        elif run is None or not run.status.active:
            st.button(
                f"Train {'the wrong one' if role == 'wrong' else 'the cure'}",
                key=f"traps_train_{role}",
                icon=":material/play_arrow:",
                on_click=_begin,
                args=(partial(queue, spec, owner),),
                help=f"About {duration(estimate(spec).seconds)} on one core of this machine.",
            )
        if st.button("Recipe on the Train page", key=f"traps_recipe_{role}", icon=":material/tune:"):
            use_spec(spec)
            state.go("train")
