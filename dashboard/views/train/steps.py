"""Steps that suit what learns: freed layers bring two phases and a low rate; one click takes them back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from dashboard import state
from models.training import recipes
from models.training.spec import TrainingSpec
from models.wording import significant

_DRAWN = "train_drawn"  # the recipe that the controls showed last


def remember(spec: TrainingSpec) -> None:
    """Keep the recipe that the controls show, for the gesture that comes next."""
    state.put(_DRAWN, spec)


def follow(trainable: Collection[str]) -> None:
    """Set the controls of the steps to what suits the layers that a gesture has just left to learn."""
    before = state.get(_DRAWN)
    if before is not None:
        _set(recipes.follow_freezing(before, replace(before, trainable=tuple(trainable))))


def _set(spec: TrainingSpec) -> None:
    for key, value in choices(spec).items():
        state.put(key, value)


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Return the widget values that stand for the phases of `spec`, by key."""
    return {
        "train_epochs": spec.epochs,
        "train_rate": spec.learning_rate,
        "train_head_epochs": spec.head_epochs,
        "train_head_rate": spec.head_rate,
    }


def lowered(spec: TrainingSpec) -> bool:
    """Whether the steps of `spec` are those that freeing pretrained layers brings."""
    return bool(spec.learning) and recipes.after_the_head(recipes.in_one_phase(spec)) == spec and spec.head_epochs > 0


def lowered_note(spec: TrainingSpec, recipe: TrainingSpec | None) -> None:
    """Say why the rate is low, with one click back; nothing where it is not, or where the run shown has it too."""
    if not lowered(spec) or (recipe is not None and choices(recipe) == choices(spec)):
        return
    before = significant(spec.head_rate, 6)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_lowered"):
        st.markdown(
            f":orange[:material/stairs:] Rate lowered to {significant(spec.learning_rate, 6)} because pretrained "
            "layers learn now.",
            help=f"First the head learns alone, {spec.head_epochs} epochs at {before}; then all that is not frozen, "
            f"{spec.epochs} epochs.",
            width="content",
        )
        st.button(
            f"Keep {before}",
            key="train_keep_rate",
            type="tertiary",
            help="Lets everything learn at once, as fast as the head. Pretrained layers may then lose what they know.",
            on_click=_set,
            args=(recipes.in_one_phase(spec),),
        )
