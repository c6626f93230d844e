"""The view "First layer": every kernel beside the Gabor function that fits it best, and how good the fits are."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.figures import gabor as figures_gabor
from dashboard.figures.gabor import mosaic
from dashboard.views.features import cache as features_cache
from dashboard.views.features import gabor_compared
from dashboard.widgets import cache, gabor_kernel
from dashboard.widgets.gabor_kernel import KERNEL
from dashboard.widgets.page import has_classifier, not_shown
from dashboard.widgets.tiles import channel_grid
from models.backbones import weights
from models.backbones.registry import BACKBONES, BackboneSpec
from models.features import gabor
from models.ids import NetworkId
from models.pictures.images import png
from models.training.spec import TRAINING

_WEIGHTS = "features_weights"
_WELL = "features_well"
_REFERENCES = (
    "J. Jones, L. Palmer: An evaluation of the two-dimensional Gabor filter model of simple receptive fields in cat "
    "striate cortex. J. Neurophysiology 58 (1987). A. Krizhevsky et al.: ImageNet classification with deep "
    "convolutional neural networks. NeurIPS 2012. J. Yosinski et al.: How transferable are features in deep neural "
    "networks? NeurIPS 2014: on photographs, first layers come out like this whatever the task."
)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for the chosen backbone and run; `network` is what other pages look into."""
    gabor_compared.take_choice()
    spec = BACKBONES[chosen.backbone]
    layer = gabor.first_row(spec.id, spec.default_side)
    networks, frozen = _networks(chosen, spec, layer.name)
    small = gabor.too_small(layer.kernel, layer.kernel)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = _choice(networks)
        if not small:
            by, well = _controls()
    if which == "Random":
        st.caption(":material/casino: **Random weights**: what training begins with, nothing here was learnt.")
    if not weights.available(spec.id):
        st.caption(
            f"The pretrained weights of {spec.title} are not on this machine: download them on the Backbone page."
        )
    if small:
        _pictures_only(networks[which], small)
        return
    fits = features_cache.gabor_fits(networks[which])
    numbers = figures_gabor.order(fits, by, well)
    number = gabor_kernel.chosen_kernel(len(fits), int(numbers[0]))
    left, right = st.columns([9, 8], gap="medium")
    with left:
        alt = f"The {len(fits)} kernels of {fits.layer}, {which.lower()}, each beside its Gabor function"
        grid = figures_gabor.sheet(fits, numbers, well)
        channel_grid(grid, number, key="features_kernels", alt=alt, on_choose=lambda one: state.put(KERNEL, one))
    with right:
        linked = network if networks[which] == network or (which == "Pretrained" and frozen) else ""
        gabor_kernel.draw(fits, number, well, linked)
    st.caption("In each pair the kernel is on the left and its fit on the right; below are its number and R².")
    not_shown(
        "How often a kernel finds its pattern, and whether later layers use it. Some kernels look for something that "
        "no Gabor function describes: a corner, a spot, a texture."
    )
    every = {name: features_cache.gabor_fits(networks[name]) for name in networks}
    gabor_compared.draw(every, features_cache.gabor_noise(*fits.kernels.shape[:2]), which, number, well, frozen)
    gabor_compared.film(spec, well)
    st.caption(f":material/menu_book: {_REFERENCES}")


def _networks(chosen: state.Selection, spec: BackboneSpec, layer: str) -> tuple[dict[str, str], bool]:
    """Return networks by the name of their weights, and whether the chosen run kept the pretrained first layer."""
    bare = NetworkId(backbone=spec.id, side=spec.default_side)
    found = {"Pretrained": str(bare)} if weights.available(spec.id) else {}
    found["Random"] = str(replace(bare, weights="random"))
    if chosen.run is None or not has_classifier(chosen):
        return found, False
    recipe = TRAINING.spec_of(chosen.run)
    if layer in recipe.trainable or recipe.weights == "random":
        return found | {"This run": str(NetworkId(chosen.run.id))}, False
    return found, True


def _choice(networks: dict[str, str]) -> str:
    """Draw the choice of weights; begins with the run's where they were learnt, else with the pretrained ones."""
    if state.bound(_WEIGHTS) not in networks:
        state.put(_WEIGHTS, "This run" if "This run" in networks else next(iter(networks)))
    chosen = st.segmented_control("Weights", list(networks), required=True, key=_WEIGHTS, bind="query-params")
    return str(chosen)


def _controls() -> tuple[str, float]:
    """Draw the order of the kernels and what counts as well fitted."""
    by = st.selectbox(
        "Order",
        list(figures_gabor.ORDERS),
        format_func=lambda name: figures_gabor.ORDERS[name],
        key="features_order",
        bind="query-params",
        width=190,
    )
    well = st.slider(
        "Well fitted from R²",
        0.3,
        0.95,
        step=0.05,
        key=_WELL,
        persist_state="session",
        width=230,
        help="R² is the share of a kernel's variation about its mean colour that one Gabor function in one colour "
        "explains. At 0.8 at most a fifth is left over. There is no natural border: move it and see that the order of "
        "the rows below stays.",
    )
    return str(by), float(well)


def _pictures_only(network: str, reason: str) -> None:
    """Draw kernels that are too small for a fit, and say why there is none."""
    found = cache.first_kernels(network)
    height, width, _, count = found.values.shape
    drawn = mosaic(found.values, "kernel", columns=16)
    alt = f"The {count} kernels of {found.layer} as small colour pictures"
    st.image(png(drawn.image), width=min(drawn.image.shape[1], 956), alt=alt)
    st.caption(
        f"{count} kernels of {found.layer}, {height} × {width} × 3, each on its own scale (mid-grey is 0). They show "
        "what the first layer looks for, not how often it finds it."
    )
    st.info(f"No Gabor functions here. {reason} Frame8, ResNet50 V2 and DenseNet121 have 7 × 7.")
