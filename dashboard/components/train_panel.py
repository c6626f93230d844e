"""The train panel: head, recipe, data, augmentation, what a run will cost, and the button that starts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.components import augmentation_panel, head_builder, learning_data_panel, recipe_panel
from dashboard.components.last_layer_explained import last_layer_explained
from dashboard.components.weights_offer import weights_missing
from models import costs, engine, runs
from models.backbones import BACKBONES
from models.datasets import DATASETS
from models.errors import FreezeframeError
from models.recipes import Cost, estimate, validate
from models.training_specs import TrainingSpec


def head_and_recipe(spec: TrainingSpec, picture: str) -> TrainingSpec:
    """Draw head, recipe, data and augmentation behind four buttons, and in short what they say.

    Args:
        spec: Holds what is frozen, and the defaults.
        picture: The chosen picture's id, to show augmentation on.

    Returns:
        `spec` with what the controls say.
    """
    left, right = st.columns([9, 11], gap="xsmall")
    with left.popover("Head", icon=":material/add_box:", width="stretch", key="train_head"):
        layers, explanation = st.tabs(["Layers", "Last layer and loss"])
        with layers:
            head = head_builder.head_builder(spec.head)
    with right.popover("Recipe", icon=":material/tune:", width="stretch", key="train_recipe"):
        spec = recipe_panel.recipe_panel(replace(spec, head=head))
    with left.popover("Data", icon=":material/photo_library:", width="stretch", key="train_data"):
        spec = learning_data_panel.learning_data_panel(spec)
    augment = right.popover(
        "Augment", icon=":material/transform:", width="stretch", key="train_augment", on_change="rerun"
    )
    with augment:
        spec = augmentation_panel.augmentation_panel(spec, picture, is_open=bool(augment.open))
    n_classes = len(DATASETS[spec.dataset].classes)
    with explanation:
        last_layer_explained(spec, n_classes)
    parts = (
        f"{head_builder.summary(spec.head, n_classes)} classes",
        recipe_panel.summary(spec),
        learning_data_panel.summary(spec),
        augmentation_panel.summary(spec.augmentation),
    )
    st.caption(" · ".join(filter(None, parts)))
    return spec


def cost_lines(spec: TrainingSpec, cost: Cost) -> None:
    """Draw what a run of `spec` would cost: parameters exactly, time and memory roughly."""
    memory = f"{cost.peak_mb / 1000:.1f} GB"
    kept = f"  \n:material/movie: keeps {kept_words(cost)}" if cost.kept_epochs else ""
    if spec.augmentation.on:
        once = "anew in every epoch, for every epoch sees other pictures"
    else:
        once = "once" if cost.cached else "anew in every epoch: too large to keep"
    st.markdown(
        f":orange[:material/local_fire_department:] **{cost.parameters_trainable:,}** trainable  \n"
        f":blue[:material/ac_unit:] **{cost.parameters_frozen:,}** frozen  \n"
        f":material/timer: about {duration(cost.seconds)}{_phase_times(cost)} · :material/memory: {memory}{kept}",
        help="Parameters are exact. Time and memory are estimates, made from the layer tables before anything runs. "
        f"{_rates_words(cost)} Memory is that of the whole process at its peak, within about a quarter. "
        f"The {cost.frozen_prefix_layers} layers below everything that learns are computed {once}.",
    )


def duration(seconds: float) -> str:
    """Return seconds in words: "8 s", "3 min"."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _rates_words(cost: Cost) -> str:
    """Return whose speed the predicted time is."""
    if cost.measured:
        return f"How fast this machine is was measured on {cost.measured}; other work on it makes a run take longer."
    return (
        "How fast this machine is has not been measured yet, so the time is that of a usual laptop; it is measured "
        "once, when the process that trains has started."
    )


def _phase_times(cost: Cost) -> str:
    """Return how long each of two phases takes; "" for one."""
    if len(cost.phase_seconds) == 1:
        return ""
    head, tuning = cost.phase_seconds
    return f" (head {duration(head)}, fine-tuning {duration(tuning)})"


def kept_words(cost: Cost) -> str:
    """Return how many epochs a run would keep and what they take: "20 epochs, 40 MB"."""
    return f"{cost.kept_epochs} epochs, {cost.kept_epochs * cost.moving_mb:.2g} MB"


def train_button(spec: TrainingSpec, owner: str, run: runs.Run | None) -> None:
    """Draw the cost and the button, or above it the sentence that says what must change first."""
    problem, above = "", st.container()
    try:
        validate(spec)
        cost_lines(spec, estimate(spec))
    except FreezeframeError as error:
        problem = str(error)
    missing = not problem and weights_missing(spec)
    held, icon = bool(problem) or missing, ":material/play_arrow:"
    if missing:
        st.caption(":material/arrow_forward: First choose how to go on without these weights.")
    if st.button("Train", key="train_start", type="primary", icon=icon, width="stretch", disabled=held):
        problem = _start(spec, owner, run)
    if problem:
        above.error(problem, icon=":material/error:")
    if spec.weights == "random":
        st.caption(":material/casino: Random weights: this backbone knows nothing yet.")


def _start(spec: TrainingSpec, owner: str, run: runs.Run | None) -> str:
    """Queue the run and show it, or return why not; a second click on the same settings does not queue them twice."""
    if run is not None and run.status.active and run.spec == spec.to_json():
        return ""
    try:
        (run_id,) = queue([spec], owner)
    except FreezeframeError as error:
        return str(error)
    state.choose(run=run_id)
    st.rerun()


def queue(specs: Sequence[TrainingSpec], owner: str) -> list[str]:
    """Queue runs, all or none, keep with each what it is predicted to cost, and return their ids.

    Raises:
        FreezeframeError: The visitor has too many jobs already, or nothing takes them.
    """
    queued = engine.submit_all("training", [(spec.to_json(), title(spec)) for spec in specs], owner=owner)
    for run_id, spec in zip(queued, specs, strict=True):
        costs.keep(runs.get(run_id).folder, estimate(spec))
    return queued


def title(spec: TrainingSpec) -> str:
    """Return the name a run goes by: data, backbone, and what learns in it."""
    learns = f"{len(spec.trainable)} layers learn" if spec.trainable else "frozen"
    random = ", random weights" if spec.weights == "random" else ""
    first = "head first, then " if spec.head_epochs else ""
    data = learning_data_panel.summary(spec)
    more = f"{random}{', ' if data else ''}{data}{', augmented' if spec.augmentation.on else ''}"
    return f"{DATASETS[spec.dataset].title}: {BACKBONES[spec.backbone].title} {first}{learns}{more}"
