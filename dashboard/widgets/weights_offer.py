"""Other ways on than the chosen backbone: where its weights are not on this machine, or another serves better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from models.backbones import weights
from models.backbones.registry import BACKBONES, DEFAULT
from models.backbones.weights import WEIGHTS, WeightsSpec
from models.jobs import engine
from models.pictures import datasets
from models.representations import architectures
from models.training.spec import TrainingSpec
from models.wording import duration, file_size, fixed, p_value

_MEGABITS = 10  # a second, of a modest connection


def weights_missing(spec: TrainingSpec) -> bool:
    """Return whether the run asks for pretrained weights that are not on this machine."""
    return spec.weights == "pretrained" and not weights.available(spec.backbone)


def weights_offer(spec: TrainingSpec, owner: str, use: Callable[[TrainingSpec], None] | None = None) -> None:
    """Say that the pretrained weights are not here, and offer to download them, to go random, or to change backbone.

    `use` sets the page's controls to a recipe, so that the head stays; without it only the backbone changes.
    """
    backbone = BACKBONES[spec.backbone]
    if backbone.package:
        st.warning(
            f"The pretrained weights of {backbone.title} are missing: the package `{backbone.package}` is not "
            "installed. Install `requirements.txt` again.",
            icon=":material/inventory_2:",
        )
        _other_ways(spec, use)
        return
    here = weights.unchecked(spec.backbone)
    st.warning(
        f"A file lies where the pretrained weights of {backbone.title} belong; it has not been checked yet. Only if it "
        f"turns out to be another file are {file_size(1e6 * backbone.weights_mb)} downloaded."
        if here
        else f"The pretrained weights of {backbone.title} ({file_size(1e6 * backbone.weights_mb)}) are not "
        f"on this machine yet. At {_MEGABITS} megabits a second their download takes about "
        f"{duration(8 * backbone.weights_mb / _MEGABITS)}; without a network, {BACKBONES[_present()].title} is here.",
        icon=":material/fact_check:" if here else ":material/cloud_download:",
    )
    run = WEIGHTS.newest(WeightsSpec(spec.backbone), owner)
    if run:
        job_panel(run.id, key="train_download_panel")
    with st.container(horizontal=True):
        st.button(
            "Check the file" if here else "Download them",
            key="train_weights_download",
            disabled=run is not None and run.status.active,
            on_click=download,
            args=(spec.backbone, owner, "train_download_problem"),
        )
        _other_ways(spec, use)
    refusal("train_download_problem")


def _other_ways(spec: TrainingSpec, use: Callable[[TrainingSpec], None] | None) -> None:
    """Draw the two ways on without these weights."""
    st.button(
        "Train with random weights",
        key="train_weights_random",
        icon=":material/casino:",
        on_click=state.put,
        args=("train_weights", "random"),
    )
    present = BACKBONES[_present()]
    if use is None or spec.trainable:  # layers that were freed have other names there
        label = f"Use {present.title}, which is here"
        st.button(label, key="train_weights_shipped", on_click=lambda: state.choose(backbone=present.id))
        return
    label = f"Train the same head on {present.title}, which is here"
    other = replace(spec, backbone=present.id, side=present.default_side)
    st.button(label, key="train_weights_shipped", on_click=use, args=(other,))


def better_backbone(spec: TrainingSpec, use: Callable[[TrainingSpec], None]) -> None:
    """Say so where another backbone of this machine is clearly better on these data, and offer the same head on it."""
    found = architectures.preferable(spec.dataset, spec.backbone) if spec.weights == "pretrained" else None
    if found is None or not weights.available(found.backbone):
        return
    better, points = BACKBONES[found.backbone], fixed(100 * abs(found.difference.estimate.value), 1)
    words, button = st.columns([5, 2], vertical_alignment="center")
    words.caption(
        f":material/layers: On {datasets.get(spec.dataset).title}, a linear model gets {points} points more on "
        f"{better.title} (p {p_value(found.difference.p)}). One picture takes it {fixed(found.times_as_long, 1)} "
        "times as long."
    )
    button.button(
        f"Use {better.title}",
        key="train_better_backbone",
        width="stretch",
        on_click=use,
        args=(replace(spec, backbone=better.id, side=better.default_side, trainable=()),),
        help="The same head and recipe, with all of the backbone frozen. Backbone, Compared, shows the measurement.",
    )


def _present() -> str:
    """Return the backbone to use without a network: Lite0 where its package is installed, otherwise Frame8."""
    return "lite0" if weights.available("lite0") else DEFAULT


def download(backbone: str, owner: str, problem: str) -> None:
    """Queue the download of a backbone's weights; a refusal is kept under the key `problem`. For `on_click`."""
    with refusal_kept(problem):
        engine.submit(WEIGHTS, WeightsSpec(backbone), owner=owner)
