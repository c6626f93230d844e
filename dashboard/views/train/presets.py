"""Presets: one click sets every control of the Train page, backbone and head included."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.views.train import augmentation, freezing, recipe
from models.backbones import tables
from models.training.recipes import PRESETS, apply_preset
from models.training.spec import TrainingSpec

ICONS = {
    "features": ":material/ac_unit:",
    "last_block": ":material/vertical_align_bottom:",
    "everything": ":material/local_fire_department:",
    "lecture": ":material/school:",
}
_KEY = "train_preset"
FOLLOWED = "train_followed"  # the run whose recipe the controls have had, or that stands beside another one


def preset_row(spec: TrainingSpec) -> None:
    """Draw the presets, the one that `spec` is marked; each sets every control of the page."""
    state.put(_KEY, active(spec))
    st.segmented_control(
        "Preset",
        tuple(PRESETS),
        format_func=lambda name: f"{ICONS[name]} {PRESETS[name].title}",
        key=_KEY,
        label_visibility="collapsed",
        on_change=_use_chosen,
        args=(spec,),
        help="\n".join(f"- **{preset.title}:** {preset.description}" for preset in PRESETS.values()),
    )


def active(spec: TrainingSpec) -> str | None:
    """Return the preset that a recipe is; None if it is none of them."""
    return next((name for name in PRESETS if apply_preset(name, spec) == spec), None)


def _use_chosen(spec: TrainingSpec) -> None:
    if chosen := state.get(_KEY):  # a click on the one that is marked takes nothing back
        use_preset(chosen, spec)


def use_preset(preset: str, spec: TrainingSpec) -> None:
    """Set every control to the preset."""
    use_spec(apply_preset(preset, spec))


def use_spec(spec: TrainingSpec) -> None:
    """Set every control of the page, and backbone and data in the frame, to `spec`, whatever run comes with them."""
    chosen = state.selection()
    if (spec.backbone, spec.dataset) != (chosen.backbone, chosen.dataset):
        state.choose(backbone=spec.backbone, dataset=spec.dataset)
        chosen = state.selection()
    state.put(FOLLOWED, chosen.run.id if chosen.run else "")
    put_controls(spec)


def put_controls(spec: TrainingSpec) -> None:
    """Set every control of the page to `spec`."""
    values = {
        **freezing.choices(tables.table(spec.backbone, spec.side), spec),
        **recipe.choices(spec),
        **augmentation.choices(spec.augmentation),
    }
    for key, value in values.items():
        state.put(key, value)
