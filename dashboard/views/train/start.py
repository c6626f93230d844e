"""The controls of a run behind buttons, what the run will cost, and the button that starts it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.labels import day, safe_label
from dashboard.views.train import augmentation, recipe
from dashboard.views.train.explained import last_layer_explained
from dashboard.views.train.presets import put_controls
from dashboard.widgets.runs import kept_words, queue
from dashboard.widgets.weights_offer import weights_missing
from models.errors import FreezeframeError
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.training.costs.estimate import Cost
from models.training.recipes import LONG, quick_look, remarks, validate
from models.training.spec import TRAINING, TrainingSpec
from models.wording import duration, file_size, grouped

SETTINGS = {"simple": "Simple", "all": "All settings"}
_ADVANCED = ("train_how", "train_norm", "train_recipe", "train_augment", "train_break")
HIDDEN = f"<style>{', '.join(f'.st-key-{key}' for key in _ADVANCED)} {{display: none}}</style>"


def settings_switch() -> None:
    """Draw the switch between the settings that a first training needs and all of them.

    In the simple view the others are there, but not seen: they keep their values, also those of a link.
    """
    chosen = st.segmented_control(
        "Settings", tuple(SETTINGS), default="simple", required=True, format_func=lambda name: SETTINGS[name],
        key="train_settings", bind="query-params", label_visibility="collapsed", width="stretch",
    )  # fmt: skip
    if chosen == "simple":
        st.html(HIDDEN)


def head_and_recipe(spec: TrainingSpec, picture: str) -> TrainingSpec:
    """Draw head, data, recipe, augmentation and mistakes behind buttons, and a summary of them.

    Args:
        spec: Holds what is frozen, and the values that the controls begin with.
        picture: The chosen picture's id, to show augmentation on.

    Returns:
        `spec` with the values of the controls.
    """
    left, right = st.columns([1, 1], gap="xsmall")
    with left.popover("Head", icon=":material/add_box:", width="stretch", key="train_head"):
        layers, explanation = st.tabs(["Layers", "Last layer and loss"])
        with layers:
            head = recipe.head_controls(spec.head)
    with right.popover("Data", icon=":material/photo_library:", width="stretch", key="train_data"):
        spec = recipe.data_controls(replace(spec, head=head))
        parts = st.container()
    with left.popover("Recipe", icon=":material/tune:", width="stretch", key="train_recipe"):
        spec = recipe.recipe_controls(spec)
    augment = right.popover(
        "Augment", icon=":material/transform:", width="stretch", key="train_augment", on_change="rerun"
    )
    with augment:
        spec = augmentation.augmentation_panel(spec, picture, is_open=bool(augment.open))
    with st.popover("Break it on purpose", icon=":material/dangerous:", width="stretch", key="train_break"):
        spec = recipe.mistake_controls(spec)
    with parts:
        recipe.split_caption(spec)
    n_classes = len(DATASETS[spec.dataset].classes)
    with explanation:
        last_layer_explained(spec, n_classes)
    _summary(spec, n_classes)
    return spec


def _summary(spec: TrainingSpec, n_classes: int) -> None:
    """Draw all settings in sentences, those too that the simple view does not show."""
    others = ", ".join(filter(None, (spec.data_summary, augmentation.summary(spec.augmentation))))
    parts = (recipe.head_summary(spec.head, n_classes), recipe.summary(spec), f"Data: {others}." if others else "")
    st.caption(" ".join(filter(None, parts)))


def cost_lines(spec: TrainingSpec, cost: Cost) -> None:
    """Draw what a run of `spec` would cost: parameters exactly, time and memory roughly."""
    memory = file_size(1e6 * cost.peak_mb)
    kept = f"  \n:material/movie: keeps {kept_words(cost)}" if cost.kept_epochs else ""
    if spec.augmentation.on:
        once = "anew in every epoch, for every epoch sees other pictures"
    else:
        once = "once" if cost.cached else "anew in every epoch: too large to keep"
    st.markdown(
        f":orange[:material/local_fire_department:] **{grouped(cost.parameters_trainable)}** trainable  \n"
        f":blue[:material/ac_unit:] **{grouped(cost.parameters_frozen)}** frozen{_statistics(cost)}  \n"
        f"**{grouped(_in_all(cost))}** parameters in all  \n"
        f":material/timer: about {duration(cost.seconds)}{_phase_times(cost)} · :material/memory: {memory}{kept}",
        help="Parameters are exact. Time and memory are estimates, made from the layer tables before anything runs. "
        f"{_rates_sentence(cost)} Memory is that of the whole process at its peak, within about a quarter. "
        f"The {cost.frozen_prefix_layers} layers below everything that learns are computed {once}.",
    )


def _in_all(cost: Cost) -> int:
    """Return how many numbers the whole network has."""
    return cost.parameters_trainable + cost.parameters_frozen + cost.parameters_statistics


def _statistics(cost: Cost) -> str:
    """Return how many numbers follow the batches without being learnt; "" where there are none."""
    count = cost.parameters_statistics
    return f" · **{grouped(count)}** BatchNorm statistics" if count else ""


def _rates_sentence(cost: Cost) -> str:
    """Return on which machine the speed behind the predicted time was measured."""
    if cost.measured:
        return (
            f"How fast this machine is was measured on {day(cost.measured)}; other work on it makes a run take longer."
        )
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


def train_button(spec: TrainingSpec, owner: str, run: runs.Run | None) -> Cost | None:
    """Draw the cost and the button, or above it the sentence about what must change first.

    Returns:
        The cost; None where `spec` cannot be trained as it is.
    """
    problem, cost, above = "", None, st.container()
    try:
        cost = validate(spec)
        cost_lines(spec, cost)
        for sentence in remarks(spec):
            st.caption(f":material/info: {sentence}")
        _quick_look(spec, cost)
    except FreezeframeError as error:
        problem = str(error)
    missing = not problem and weights_missing(spec)
    held, icon = cost is None or missing, ":material/play_arrow:"
    if missing:
        st.caption(":material/arrow_forward: First choose how to go on without these weights.")
    if st.button("Train", key="train_start", type="primary", icon=icon, width="stretch", disabled=held) and cost:
        problem = _start(spec, cost, owner, run)
    if problem:
        above.error(safe_label(problem, 400), icon=":material/error:")
    if spec.weights == "random":
        st.caption(":material/casino: Random weights: this backbone has learned nothing yet.")
    return None if held else cost


def _quick_look(spec: TrainingSpec, cost: Cost) -> None:
    """Offer a shorter training in place of a long one; a click sets the controls to it and starts nothing."""
    found = quick_look(spec) if cost.seconds > LONG else None
    if found is None:
        return
    shorter, shorter_cost = found
    what = f"{shorter.shots} pictures a class" if shorter.shots != spec.shots else ""
    epochs = f"{shorter.epochs} epochs" if shorter.epochs != spec.epochs else ""
    st.button(
        f"Quick look: {', '.join(filter(None, (what, epochs)))}, about {duration(shorter_cost.seconds)}",
        key="train_quick",
        icon=":material/bolt:",
        width="stretch",
        on_click=put_controls,
        args=(shorter,),
        help="Sets the controls to a shorter training. Nothing starts yet.",
    )


def start_again(run: runs.Run, spec: TrainingSpec) -> None:
    """Offer to train a run once more, by the same recipe."""
    again = st.button("Train it again", key="train_again", icon=":material/replay:", disabled=weights_missing(spec))
    if not again:
        return
    try:
        problem = _start(spec, validate(spec), state.selection().owner, run)
    except FreezeframeError as error:
        problem = str(error)
    st.error(safe_label(problem, 400), icon=":material/error:")


def _start(spec: TrainingSpec, cost: Cost, owner: str, run: runs.Run | None) -> str:
    """Queue the run and show it, or return why not; a second click on the same settings does not queue them twice."""
    if run is not None and run.status.active and TRAINING.spec_of(run) == spec:
        return ""
    try:
        (run_id,) = queue({spec: cost}, owner)
    except FreezeframeError as error:
        return str(error)
    state.choose(run=run_id)
    st.rerun()
