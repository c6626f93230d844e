"""The controls of augmentation, and a strip of what the coming epochs would make of the chosen picture."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.train import cache as train_cache
from dashboard.views.train.fields import share
from dashboard.widgets.picture_picker import picture_title
from models.errors import FreezeframeError
from models.pictures import images
from models.training.spec import GENTLE, LIMITS, OFF, AugmentationSpec, TrainingSpec

SHOWN = 7  # epochs in the strip, beside the picture as it is
_TILE_PX = 74
_ROLL = "train_augment_roll"
_SHARES = {
    "shift": ("Shift", "Moves a picture by up to this share of its height and width; the border is mirrored."),
    "zoom": ("Zoom", "Enlarges or shrinks by up to this share."),
    "brightness": ("Brightness", "Adds or takes away up to this share of the range from black to white."),
    "contrast": ("Contrast", "Spreads or narrows the distance from the picture's mean grey by up to this share."),
    "saturation": ("Saturation", "Spreads or narrows the distance of colours from grey by up to this share."),
    "cutout": ("Cut-out", "Covers a square of this share of the side, so that no single part decides."),
}
_DEGREES = {
    "rotation": ("Rotation", "Turns by up to so many degrees, either way."),
    "hue": ("Hue", "Turns all colours around the colour wheel by up to so many degrees, either way."),
}
_FLIPS = {
    "flip_horizontal": ("Flip left-right", "Mirrors half of the pictures."),
    "flip_vertical": (
        "Flip top-bottom",
        "Turns half of the pictures upside down: fine for galaxies, wrong for digits.",
    ),
}


def augmentation_panel(spec: TrainingSpec, picture: str, *, is_open: bool) -> TrainingSpec:
    """Draw the strip and the controls below it; return `spec` with the values of the controls.

    Args:
        spec: Also holds the defaults.
        picture: The chosen picture's id.
        is_open: Whether the visitor sees it; only then a worker computes the strip.
    """
    strip = st.container()
    with st.container(horizontal=True, vertical_alignment="center"):
        flips = {name: _flip(name, getattr(spec.augmentation, name)) for name in _FLIPS}
        st.button("A gentle mix", key="train_augment_gentle", on_click=_put, args=(GENTLE,))
        st.button("All off", key="train_augment_off", on_click=_put, args=(OFF,))
        st.button("Another roll", key="train_augment_again", icon=":material/casino:", on_click=_roll)
    columns = st.columns(4)
    amounts: dict[str, Any] = {}
    for place, name in enumerate(
        ("rotation", "shift", "zoom", "cutout", "brightness", "contrast", "saturation", "hue")
    ):
        with columns[place % 4]:
            default = getattr(spec.augmentation, name)
            amounts[name] = _degrees(name, default) if name in _DEGREES else _share(name, default)
    spec = replace(spec, augmentation=AugmentationSpec(**flips, **amounts))
    with strip:
        if not spec.augmentation.on:
            st.caption("Off: every epoch sees the pictures as they are. Switch something on and see what it does.")
        elif is_open:
            _preview(spec, picture)
    return spec


def _flip(name: str, default: bool) -> bool:
    label, explanation = _FLIPS[name]
    return st.toggle(label, default, key=f"train_{name}", bind="query-params", help=explanation)


def _share(name: str, default: float) -> float:
    label, explanation = _SHARES[name]
    return share(label, name, LIMITS[name], default, explanation)


def _degrees(name: str, default: float) -> float:
    label, explanation = _DEGREES[name]
    return float(
        st.slider(
            label,
            0.0,
            LIMITS[name],
            default,
            5.0,
            format="%d°",
            key=f"train_{name}",
            bind="query-params",
            help=explanation,
        )
    )


def _preview(spec: TrainingSpec, picture: str) -> None:
    """Draw the picture and what epochs of a run would make of it, by the code that trains."""
    first = SHOWN * state.get(_ROLL, 0)
    try:
        shown = train_cache.augmented_pictures(picture, spec.side, spec.augmentation, spec.seed, first, SHOWN)
    except FreezeframeError as error:
        st.caption(f":material/error: {safe_label(str(error), 400)}")
        return
    tiles = [(shown.picture, "as it is", f"The picture without augmentation: {picture_title(picture)}")]
    for number, (changed, words) in enumerate(zip(shown.changed, shown.words, strict=True), start=first + 1):
        tiles.append((changed, f"epoch {number}", f"In epoch {number}: {words}"))
    with st.container(horizontal=True, gap="xsmall"):
        for tile, caption, alt in tiles:
            with st.container(gap=None, width=_TILE_PX):
                st.image(images.enlarge(tile, 2 * _TILE_PX), width=_TILE_PX, alt=alt)
                st.caption(caption)
    when = "in the second phase " if spec.head_epochs else ""
    st.caption(
        f"So {when}each epoch sees this picture, if it learns from it: only training pictures change. The frozen part "
        "then runs in every epoch."
    )


def _roll() -> None:
    """Show the epochs after those shown."""
    state.put(_ROLL, state.get(_ROLL, 0) + 1)


def _put(augmentation: AugmentationSpec) -> None:
    """Set every control."""
    for key, value in choices(augmentation).items():
        state.put(key, value)


def choices(augmentation: AugmentationSpec) -> dict[str, object]:
    """Return the widget values that stand for `augmentation`, by key."""
    return {f"train_{name}": value for name, value in asdict(augmentation).items()}


def summary(augmentation: AugmentationSpec) -> str:
    """Return in a few words whether pictures change; "" if not."""
    kinds = sum(bool(value) for value in asdict(augmentation).values())
    return f"augmented in {kinds} way{'s' if kinds > 1 else ''}" if kinds else ""
