"""One click that fine-tunes the last block and keeps its epochs: for views that need a run in which something moved."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.activations import now
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from dashboard.widgets.runs import kept_words, queue
from dashboard.widgets.weights_offer import weights_missing
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError, RunNotFound
from models.storage import runs
from models.training.recipes import DEFAULT, PRESETS, apply_preset, validate
from models.training.spec import TRAINING, TrainingSpec
from models.wording import duration, significant

_PROBLEM = "activations_offer_problem"


def shown_instead(chosen: state.Selection, view: str) -> tuple[state.Selection, bool]:
    """Return what a look at training shows, and whether that is the shipped fine-tuned run in place of the example.

    In the example nothing of the backbone moved. A run of the visitor's own stays, whatever it did.
    """
    example = chosen.run is not None and chosen.run.id == runs.EXAMPLE
    if view == now.VIEW or not example:
        return chosen, False
    try:
        return replace(chosen, run=runs.get(runs.FINE_TUNED)), True
    except RunNotFound:
        return chosen, False


def say_instead() -> None:
    """Say which run is shown in place of the chosen one, and offer to choose it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="activations_instead"):
        st.caption(
            ":material/info: In the chosen run, the shipped example, the whole backbone was frozen: nothing of it "
            "moved. Shown is the shipped run in which the last block learnt, too.",
            width="stretch",
        )
        st.button(
            "Choose this run",
            key="activations_choose_tuned",
            on_click=lambda: state.choose(run=runs.FINE_TUNED),
            help="On every page.",
        )


def last_block(chosen: state.Selection) -> TrainingSpec:
    """Return the preset "Last block" on the chosen backbone and data, as large as the chosen run's pictures."""
    side = BACKBONES[chosen.backbone].default_side
    base = replace(DEFAULT, backbone=chosen.backbone, dataset=chosen.dataset, side=side)
    if chosen.run is not None:
        base = TRAINING.spec_of(chosen.run)
    return replace(apply_preset("last_block", base), head_epochs=0, keep_epochs=True)


def fine_tune_offer(chosen: state.Selection) -> None:
    """Draw what it would cost and the button; while the chosen run works, its progress instead."""
    if chosen.run is not None and chosen.run.status.active:
        job_panel(chosen.run.id, key="activations_job")
        st.caption("The maps will be here when it has finished.")
        return
    spec = last_block(chosen)
    try:
        cost = validate(spec)
    except FreezeframeError as error:
        st.warning(safe_label(str(error), 400), icon=":material/memory:")
        return
    missing = weights_missing(spec)

    def begin() -> None:
        with refusal_kept(_PROBLEM):
            state.choose(run=queue({spec: cost}, chosen.owner)[0])

    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "Fine-tune the last block",
            key="activations_offer",
            type="primary",
            icon=":material/local_fire_department:",
            on_click=begin,
            disabled=missing,
            help=PRESETS["last_block"].description,
        )
        st.caption(
            f"{spec.epochs} epochs at a rate of {significant(spec.learning_rate, 6)}: about {duration(cost.seconds)}. "
            "It keeps "
            f"the weights of {kept_words(cost)}, and becomes the chosen run.",
            width="stretch",
        )
    if missing:
        st.caption("Its pretrained weights are not on this machine: the Train page offers ways on.")
        st.page_link("app_pages/train.py", label="Train", icon=":material/model_training:")
    refusal(_PROBLEM)
