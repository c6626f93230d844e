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
    "two_phases": ":material/stairs:",
    "everything": ":material/local_fire_department:",
    "lecture": ":material/school:",
}


def preset_row(spec: TrainingSpec) -> None:
    """Draw one button per preset; each sets every control of the page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for preset in PRESETS.values():
            st.button(
                preset.title,
                key=f"train_preset_{preset.id}",
                icon=ICONS[preset.id],
                help=preset.description,
                on_click=use_preset,
                args=(preset.id, spec),
            )


def use_preset(preset: str, spec: TrainingSpec) -> None:
    """Set every control to the preset."""
    use_spec(apply_preset(preset, spec))


def use_spec(spec: TrainingSpec) -> None:
    """Set every control of the page, and backbone and data in the frame, to `spec`."""
    chosen = state.selection()
    if (spec.backbone, spec.dataset) != (chosen.backbone, chosen.dataset):
        state.choose(backbone=spec.backbone, dataset=spec.dataset)
    table = tables.table(spec.backbone, spec.side)
    values = {
        **freezing.choices(table, spec),
        **recipe.choices(spec),
        **augmentation.choices(spec.augmentation),
    }
    for key, value in values.items():
        state.put(key, value)
