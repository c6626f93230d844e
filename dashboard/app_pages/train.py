"""Choose what is frozen, build a head, train it, and see the proof that frozen layers stayed as they were."""

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.components import keras_code, training_progress, training_result
from dashboard.components.controls_panel import controls_panel
from dashboard.components.freeze_map import freeze_map
from dashboard.components.freeze_picker import freeze_picker
from dashboard.components.freezing_proof import proof
from dashboard.components.made_wrong import made_wrong
from dashboard.components.page import header
from dashboard.components.presets import preset_row
from dashboard.components.run_list import run_list
from dashboard.components.train_panel import head_and_recipe, train_button
from dashboard.components.weights_offer import weights_missing, weights_offer
from models import layer_tables
from models.backbones import BACKBONES
from models.recipes import DEFAULT

header("Train", "Blue layers keep what they know. Orange layers, and the new head, learn from your pictures.")
chosen = state.selection()
spec = replace(DEFAULT, backbone=chosen.backbone, dataset=chosen.dataset, side=BACKBONES[chosen.backbone].default_side)
presets = st.container()
controls, picture = st.columns([4, 11], gap="medium")
with controls:
    spec = freeze_picker(layer_tables.table(spec.backbone, spec.side), spec)
    spec = head_and_recipe(spec, chosen.picture)
    train_button(spec, chosen.owner, chosen.run)
    shows_keras = keras_code.toggle()
with presets:
    preset_row(spec)
with picture:
    freeze_map(layer_tables.table(spec.backbone, spec.side), spec)
    if shows_keras:
        keras_code.code(spec)
    if weights_missing(spec):
        weights_offer(spec, chosen.owner)
    if chosen.run is not None:
        made_wrong(chosen.run.spec)
    result = training_result.read(chosen.run) if chosen.run is not None else None
    if chosen.run is None and not weights_missing(spec):
        st.info(
            "Nothing trained yet with this backbone and these data. Press **Train** to start.",
            icon=":material/play_arrow:",
        )
    elif chosen.run is not None and result is None:
        training_progress.running(chosen.run)
    elif chosen.run is not None and result is not None:
        training_result.finished(chosen.run, result)
if chosen.run is not None and result is not None:
    training_result.onward(chosen.run, result)
    training_result.gap(chosen.run, result)
    proof(chosen.run, result)
    controls_panel(chosen.run, result, chosen.owner)
    training_result.account(chosen.run, result)
run_list(chosen.run)
