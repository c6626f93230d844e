"""The train panel: head and recipe, what a run will cost, and the button that starts it, or why it cannot start."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.components import head_builder, recipe_panel
from dashboard.components.weights_offer import weights_missing
from models import engine, runs
from models.backbones import BACKBONES
from models.datasets import DATASETS
from models.errors import FreezeframeError, QueueFull
from models.recipes import Cost, estimate, validate
from models.training_specs import TrainingSpec


def head_and_recipe(spec: TrainingSpec) -> TrainingSpec:
    """Draw the head and the recipe behind two buttons, and in short what they say; return `spec` with their values."""
    left, right = st.columns(2, gap="small")
    with left.popover("Head", icon=":material/add_box:", width="stretch", key="train_head"):
        spec = replace(spec, head=head_builder.head_builder(spec.head))
    with right.popover("Recipe", icon=":material/tune:", width="stretch", key="train_recipe"):
        spec = recipe_panel.recipe_panel(spec)
    head = head_builder.summary(spec.head, len(DATASETS[spec.dataset].classes))
    st.caption(f"{head} classes · {recipe_panel.summary(spec)}")
    return spec


def cost_lines(cost: Cost) -> None:
    """Draw what a run would cost: parameters exactly, time and memory roughly."""
    times = f"about {cost.seconds:.0f} s" if cost.seconds < 120 else f"about {cost.seconds / 60:.0f} min"
    memory = f"{cost.peak_mb / 1000:.1f} GB"
    kept = f"  \n:material/movie: keeps {kept_words(cost)}" if cost.kept_epochs else ""
    once = "once" if cost.cached else "anew in every epoch: too large to keep"
    st.markdown(
        f":orange[:material/local_fire_department:] **{cost.parameters_trainable:,}** trainable  \n"
        f":blue[:material/ac_unit:] **{cost.parameters_frozen:,}** frozen  \n"
        f":material/timer: {times} · :material/memory: {memory}{kept}",
        help="Parameters are exact. Time and memory are estimates, made from the layer tables before anything runs. "
        f"The {cost.frozen_prefix_layers} layers below everything that learns are computed {once}.",
    )


def kept_words(cost: Cost) -> str:
    """Return how many epochs a run would keep and what they take: "20 epochs, 40 MB"."""
    return f"{cost.kept_epochs} epochs, {cost.kept_epochs * cost.moving_mb:.2g} MB"


def train_button(spec: TrainingSpec, owner: str, run: runs.Run | None) -> None:
    """Draw the cost and the button, or the sentence that says what must change first."""
    problem = ""
    try:
        validate(spec)
        cost_lines(estimate(spec))
    except FreezeframeError as error:
        problem = str(error)
    missing = not problem and weights_missing(spec)
    held, icon = bool(problem) or missing, ":material/play_arrow:"
    if st.button("Train", key="train_start", type="primary", icon=icon, width="stretch", disabled=held):
        _start(spec, owner, run)
    if problem:
        st.error(problem, icon=":material/error:")
    if missing:
        st.caption(":material/arrow_forward: First choose how to go on without these weights.")
    if spec.weights == "random":
        st.caption(":material/casino: Random weights: this backbone knows nothing yet.")


def _start(spec: TrainingSpec, owner: str, run: runs.Run | None) -> None:
    """Queue the run and show it; a second click on the same settings does not queue them twice."""
    if run is not None and run.status.active and not run.cancel_asked and run.spec == spec.to_json():
        return
    try:
        run_id = engine.submit("training", spec.to_json(), owner=owner, title=title(spec))
    except QueueFull as error:
        st.error(str(error), icon=":material/error:")
        return
    state.choose(run=run_id)
    st.rerun()


def title(spec: TrainingSpec) -> str:
    """Return the name a run goes by: data, backbone, and what learns in it."""
    learns = f"{len(spec.trainable)} layers learn" if spec.trainable else "frozen"
    random = ", random weights" if spec.weights == "random" else ""
    shots = f", {spec.shots} shots" if spec.shots else ""
    return f"{DATASETS[spec.dataset].title}: {BACKBONES[spec.backbone].title} {learns}{random}{shots}"
