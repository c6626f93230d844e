"""Where a unit answers most strongly, cut out to what it can depend on."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import cache, state
from dashboard.components.picture_picker import picture_picker, picture_title
from dashboard.components.subject import name_of, say_random
from dashboard.components.unit_picker import open_unit, unit_picker
from models import images, network_layers, patches

_SIDE = 384  # px of the main picture


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view: the unit's pickers, and the strongest place of the chosen picture."""
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        picture = picture_picker("features")
        unit = unit_picker(
            "features", network, lambda layer: int(cache.activation_maps(network, layer.name, picture).maximum.argmax())
        )
        say_random(network)
        if st.button("On your picture", icon=":material/blur_on:", key="features_activations", width="stretch"):
            open_unit("activations", network, (unit.layer.name, unit.channel))
    answer = cache.activation_maps(network, unit.layer.name, picture)
    values, side = answer.maps[..., unit.channel], network_layers.side(network)
    row, col = (int(at) for at in np.unravel_index(values.argmax(), values.shape))
    cut = patches.cut_of(unit.layer, row, col, side, side)
    shown = patches.patch(images.resize(images.load_picture(picture), side, side), cut)
    with main.container(key="features_patches"):
        st.image(
            images.enlarge(shown, _SIDE),
            alt=f"What {unit.name} can depend on where it answers most strongly in {picture_title(picture)}",
        )
        st.caption(
            f"{picture_title(picture).capitalize()}: {unit.name} of {name_of(network, chosen)} answers most strongly, "
            f"{values[row, col]:.3g}, at row {row}, column {col}. Hatched parts lie outside the picture."
        )
