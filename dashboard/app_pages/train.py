"""Choose what is frozen, build a head, train it, and see the proof that frozen layers stayed as they were."""

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.views.train import explained, progress, same_run, steps
from dashboard.views.train import result as train_result
from dashboard.views.train.baselines import baselines
from dashboard.views.train.freezing import freeze_map, freeze_picker
from dashboard.views.train.presets import preset_row
from dashboard.views.train.proof import proof
from dashboard.views.train.run_list import run_list
from dashboard.views.train.start import head_and_recipe, settings_switch, train_button
from dashboard.widgets.page import header
from dashboard.widgets.runs import mistake_warning
from dashboard.widgets.weights_offer import weights_missing, weights_offer
from models.backbones import tables
from models.backbones.registry import BACKBONES
from models.training.recipes import DEFAULT
from models.training.spec import TRAINING

header("Train", "Blue layers keep what they know. Orange layers, and the new head, learn from your pictures.")
chosen = state.selection()
base = replace(DEFAULT, backbone=chosen.backbone, dataset=chosen.dataset, side=BACKBONES[chosen.backbone].default_side)
recipe = same_run.start_from(chosen.run, base)
spec = recipe or base
presets = st.container()
controls, picture = st.columns([4, 11], gap="medium")
with controls:
    settings_switch()
    spec = freeze_picker(tables.table(spec.backbone, spec.side), spec)
    spec = head_and_recipe(spec, chosen.picture)
    train_button(spec, chosen.owner, chosen.run)
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
        weights_offer(spec, chosen.owner)
    result = None
    if chosen.run is not None:
        trained = TRAINING.spec_of(chosen.run)
        same_run.result_title(chosen.run, changes)
        mistake_warning(trained)
        result = train_result.read(chosen.run)
        if result is None:
            progress.running(chosen.run, trained)
        else:
            train_result.finished(chosen.run, result)
    elif not missing:
        st.info(
            "Nothing trained yet with this backbone and these data. Press **Train** to start.",
            icon=":material/play_arrow:",
        )
if chosen.run is not None and result is not None:
    train_result.next_pages(chosen.run, result)
    baselines(chosen.run, result, chosen.owner)
    train_result.gap_note(trained, result)
    proof(chosen.run, result)
    train_result.result_details(chosen.run, trained, result)
run_list(chosen.run)
