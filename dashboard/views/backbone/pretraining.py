"""The pretraining of Frame8: its curves, and how its first layer's kernels formed."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.gabor import mosaic
from dashboard.views.backbone.figures import pretraining_curves
from dashboard.widgets import cache
from dashboard.widgets.gabor_kernel import first_layer
from models.backbones.registry import BACKBONES, DEFAULT, BackboneSpec
from models.frame8.card import KernelStages
from models.intervals import wilson
from models.pictures.images import png
from models.storage.files import ASSETS
from models.wording import fixed, percent, percent_range

COLUMNS = 6
TILE = 42  # pixels of a kernel, shown at half the size: crisp on fine screens too
VALIDATION_PICTURES = 10_000


def draw(spec: BackboneSpec) -> None:
    """Draw the history of Frame8's pretraining; for other backbones, a sentence that theirs was not published."""
    if spec.id != DEFAULT:
        if spec.package:
            st.markdown((ASSETS / spec.id / "README.md").read_text("utf-8").partition("\n")[2])  # without its title
        whose = "Google" if spec.package else "Keras"
        only_frame8(f"{whose} publishes the weights of {spec.title}, but not how they came about.")
        return
    card, stages = cache.frame8_card()
    epochs = len(card.history)
    _kernels(stages)
    st.plotly_chart(
        pretraining_curves(card.history, stages.epochs),
        key="backbone_pretraining",
        config=theme.CONFIG,
        alt=f"Top-1 and loss over {epochs} epochs of pretraining; top-1 ends at {percent(card.history[-1]['top_1'])}",
    )
    reached = wilson(round(card.history[-1]["top_1"] * VALIDATION_PICTURES), VALIDATION_PICTURES)
    st.caption(
        f"**{percent(reached.value)}** (95% interval {percent_range(reached.low, reached.high)}) of the 10,000 "
        "validation "
        f"pictures named right among 200 classes (by chance 0.5%), after {epochs} epochs, "
        f"{fixed(card.hours, 1)} h on {card.machine}. The loss is that of the training pictures."
    )


def _kernels(stages: KernelStages) -> None:
    """Draw the first layer's kernels at some moments of the training, side by side."""
    columns = st.columns(len(stages.epochs), gap="small")
    for column, epoch, kernels in zip(columns, stages.epochs, stages.kernels, strict=True):
        drawn = mosaic(kernels, "kernel", columns=COLUMNS, tile=TILE).image
        title = "Before training" if epoch == 0 else f"After {epoch} epoch{'s' if epoch > 1 else ''}"
        column.markdown(f"**{title}**")
        column.image(
            png(drawn), width=drawn.shape[1] // 2, alt=f"The {kernels.shape[-1]} first-layer kernels: {title.lower()}"
        )
    if st.button(
        "See them form, with a Gabor function fitted to each", key="backbone_gabor", icon=":material/animation:"
    ):
        first_layer()
    st.caption(
        f"The same 48 kernels of conv1 at {len(stages.epochs)} moments: noise becomes edges and blobs of colour, "
        "mostly in the first epochs. Each kernel has its own scale (mid-grey is 0), so that a weak one looks as "
        "strong as a strong one."
    )


def only_frame8(reason: str) -> None:
    """Say why there is nothing to show of another backbone, and offer Frame8."""
    st.info(f"{reason} {BACKBONES[DEFAULT].title} was pretrained for this app, so everything about it can be shown.")
    st.button(
        f"Show {BACKBONES[DEFAULT].title}",
        key="backbone_show_frame8",
        on_click=lambda: state.choose(backbone=DEFAULT),
    )
