"""Choose what is frozen, build a head, train it, and see the proof that frozen layers stayed as they were."""

import streamlit as st

from dashboard import state
from dashboard.views.train import explained, live, same_run, steps
from dashboard.views.train import result as train_result
from dashboard.views.train.freezing import freeze_map, freeze_picker
from dashboard.views.train.presets import preset_row, use_spec
from dashboard.views.train.run_list import run_list
from dashboard.views.train.start import head_and_recipe, settings_switch, train_button
from dashboard.widgets.page import header
from dashboard.widgets.weights_offer import better_backbone, weights_missing, weights_offer
from models.backbones import tables

header("Train", "Blue layers keep what they know. Orange layers, and the new head, learn from your pictures.")
chosen = state.selection()
recipe = same_run.recipe_shown(chosen)
spec = recipe or same_run.default_for(chosen)
presets = st.container()
controls, picture = st.columns([4, 11], gap="medium")
with controls:
    settings_switch()
    spec = freeze_picker(tables.table(spec.backbone, spec.side), spec)
    spec = head_and_recipe(spec, chosen.picture)
    live.switch(spec, train_button(spec, chosen.owner, chosen.run), chosen)
    shows_keras = explained.code_toggle()
steps.remember(spec)
with presets:
    preset_row(spec)
with picture:
    changes = same_run.difference_line(spec, chosen.run, recipe) if chosen.run else []
    freeze_map(tables.table(spec.backbone, spec.side), spec)
    steps.lowered_note(spec, recipe)
    if shows_keras:
        explained.keras_code(spec)
    missing = weights_missing(spec)
    if missing:
        weights_offer(spec, chosen.owner, use_spec)
    else:
        better_backbone(spec, use_spec)
    result = None
    if chosen.run is not None:
        result = train_result.beside(chosen.run, changes)
    elif not missing:
        train_result.none_yet()
if chosen.run is not None and result is not None:
    train_result.below(chosen.run, result, chosen.owner)
run_list(chosen.run)
