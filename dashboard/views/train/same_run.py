"""The controls and the run shown: they start from its recipe; a line says what differs, and one click undoes it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.train.presets import FOLLOWED, put_controls
from dashboard.views.train.recipe import SHOTS, WIDTHS
from models.backbones.registry import BACKBONES
from models.storage import runs
from models.training.comparison import settings
from models.training.recipes import DEFAULT, MAX_EPOCHS
from models.training.spec import TRAINING, TrainingSpec

_BATCH, _SMOOTHING, _DROPOUT = 512, 0.9, 0.9  # the largest that the controls offer
_CHARTS = ("interval", "wall", "curves", "live_accuracy", "live_loss", "controls_chart", "weight_change")
DIMMED = f"<style>{', '.join(f'.st-key-train_{name}' for name in _CHARTS)} {{opacity: 0.45}}</style>"


def name_of(run: runs.Run) -> str:
    """Return what a run is called on this page, safe in Markdown."""
    shipped = {runs.EXAMPLE: "the example run", runs.FINE_TUNED: "the fine-tuned example"}
    return shipped.get(run.id) or safe_label(run.title, 48)


def recipe_shown(chosen: state.Selection) -> TrainingSpec | None:
    """Return the recipe that the controls start from: that of the run shown; None without one that they can show.

    A run that was chosen while the controls are there sets all of them. Where they are not there yet, they take what
    a link says of them, and all else from the run.
    """
    run = chosen.run
    recipe = TRAINING.spec_of(run) if run is not None else None
    if run is None or recipe is None or (recipe.backbone, recipe.dataset) != (chosen.backbone, chosen.dataset):
        state.put(FOLLOWED, "")
        return None
    if reason := cannot_show(recipe):
        st.info(
            f"The controls cannot show the recipe of {name_of(run)}: {safe_label(reason, 200)}.", icon=":material/tune:"
        )
        state.put(FOLLOWED, run.id)
        return None
    followed = state.get(FOLLOWED) == run.id or state.travelled()  # Back brings the controls that the run had then
    if not followed and state.get("train_how") is not None:
        put_controls(recipe)
    state.put(FOLLOWED, run.id)
    return recipe


def default_for(chosen: state.Selection) -> TrainingSpec:
    """Return the recipe that the controls start from without a run."""
    side = BACKBONES[chosen.backbone].default_side
    return replace(DEFAULT, backbone=chosen.backbone, dataset=chosen.dataset, side=side)


def cannot_show(spec: TrainingSpec) -> str:
    """Return why the controls cannot show a recipe that can be trained; "" where they can."""
    head = spec.head
    limits = (
        (len(head.widths) > 2, f"it has {len(head.widths)} hidden layers, and the controls have two"),
        (not set(head.widths) <= set(WIDTHS), "its hidden layers have widths that are not offered"),
        (spec.shots is not None and spec.shots not in SHOTS, f"{spec.shots} pictures a class are not offered"),
        (spec.batch > _BATCH, f"batches of {spec.batch} are not offered"),
        (max(spec.epochs, spec.head_epochs, spec.patience) > MAX_EPOCHS, "it has more epochs than are offered"),
        (spec.label_smoothing > _SMOOTHING, "its label smoothing is stronger than is offered"),
        (head.dropout > _DROPOUT, "its dropout is stronger than is offered"),
    )
    return next((words for applies, words in limits if applies), "")


def differences(spec: TrainingSpec, recipe: TrainingSpec) -> list[str]:
    """Return as Markdown what the controls change of a recipe, a setting each: "Epochs: 60 instead of 30"."""
    if not spec.head_epochs and not recipe.head_epochs:
        spec = replace(spec, head_rate=recipe.head_rate)  # without effect
    if set(spec.learning) == set(recipe.learning):
        spec = replace(spec, trainable=recipe.trainable)  # other names for the same
    return [
        f"{safe_label(row.name.capitalize())}: {_safe(row.values[1])} instead of {_safe(row.values[0])}"
        for row in settings([recipe, spec])
        if row.differs
    ]


def _safe(value: str) -> str:
    return safe_label(value, 80) or "none"


def difference_line(spec: TrainingSpec, run: runs.Run, recipe: TrainingSpec | None) -> list[str]:
    """Draw whether the diagram is the run's own, or what differs from it, with the way back; return what differs."""
    changes = differences(spec, recipe) if recipe is not None else []
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", height=40, border=False, key="train_same_run"
    ):
        if recipe is None:
            st.caption(f"Not trained yet. Below: {name_of(run)}.")
        elif not changes:
            st.caption(f":material/check: The recipe of **{name_of(run)}**.")
        else:
            named = "\n".join(f"- {change}" for change in changes)
            number = f"{len(changes)} change{'s' if len(changes) > 1 else ''}"
            st.markdown(
                f":material/edit: **Not trained yet:** {number} from *{name_of(run)}*", help=named, width="content"
            )
            st.button("Undo", key="train_undo", icon=":material/undo:", on_click=put_controls, args=(recipe,))
    return changes


def result_title(run: runs.Run, changes: list[str]) -> None:
    """Say whose results follow, and draw their pictures paler while the controls say something else."""
    name = name_of(run)
    st.markdown(f"## Results of {name}")
    if changes:
        st.html(DIMMED)
