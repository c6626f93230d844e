"""A prepared mistake as the visitor's own trainings: start them, watch them, open them; and their recipes."""

from __future__ import annotations

import json

import streamlit as st

from dashboard import state
from dashboard.components.job_panel import job_panel
from dashboard.components.presets import use_spec
from dashboard.components.train_panel import duration, queue
from dashboard.components.traps_panel import ICONS, NAMES
from dashboard.labels import safe_label
from models import runs
from models.errors import FreezeframeError
from models.recipes import estimate
from models.traps import TRAPS, Role

_PROBLEM = "traps_problem"
_BOTH: tuple[Role, Role] = ("wrong", "cured")


def own_runs(name: str, owner: str) -> None:
    """Draw, for the wrong recipe and the cured one, the visitor's own run or the button that starts it."""
    trap, mine = TRAPS[name], runs.listing(owner, "training")
    st.markdown("##### Train it yourself", help="Ordinary runs: every page shows what became of them.")
    found = {role: next((run for run in mine if run.spec == trap.specs[role].to_json()), None) for role in _BOTH}
    for role, column in zip(_BOTH, st.columns(2, gap="medium"), strict=True):
        with column:
            _one(name, role, found[role], owner)
    done = [run.id for run in found.values() if run is not None and run.status.state == "done"]
    if len(done) == len(_BOTH) and st.button("Compare your two", key="traps_compare", icon=":material/compare_arrows:"):
        state.compare(done)
        state.go("compare")
    if problem := state.get(_PROBLEM):
        st.warning(safe_label(problem, 400), icon=":material/hourglass_top:")


def _one(name: str, role: Role, run: runs.Run | None, owner: str) -> None:
    spec, word = TRAPS[name].specs[role], {"wrong": "the wrong one", "cured": "the cure"}[role]

    def begin() -> None:
        try:
            queue(spec, owner)
            state.put(_PROBLEM, "")
        except FreezeframeError as error:
            state.put(_PROBLEM, str(error))

    if run is not None and run.status.state != "done":
        job_panel(run.id, key=f"traps_job_{role}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run is not None and run.status.state == "done":
            st.markdown(f"{ICONS[role]} **{NAMES[role]}, your run:** {_accuracy(run)}", width="content")
            if st.button("Open it on every page", key=f"traps_open_{role}", icon=":material/open_in_new:"):
                state.choose(run=run.id)
                state.go("train")
        elif run is None or not run.status.active:
            st.button(
                f"Train {word}",
                key=f"traps_train_{role}",
                icon=":material/play_arrow:",
                on_click=begin,
                help=f"About {duration(estimate(spec).seconds)} on one core of this machine.",
            )
        if st.button("Recipe on the Train page", key=f"traps_recipe_{role}", icon=":material/tune:"):
            use_spec(spec)
            state.go("train")


def _accuracy(run: runs.Run) -> str:
    try:
        summary = json.loads(run.path("summary.json").read_bytes())
        return f"{summary['accuracy']:.1%} of {summary['n_test']} test pictures right"
    except (OSError, ValueError, KeyError, TypeError):
        return "its results are missing or damaged; train it again"
