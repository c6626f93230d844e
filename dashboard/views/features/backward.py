"""A unit's strongest answer to the chosen picture, carried back to the pixels by three rules, side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from dashboard.figures.activations import CLIPPED, signed
from dashboard.widgets import cache
from dashboard.widgets.page import not_shown
from dashboard.widgets.picture_picker import picture_title
from dashboard.widgets.unit_picker import Unit
from models.pictures import images
from models.wording import percent, significant

_SIDE, _SENT = 168, 512  # px of a picture on the page, and as it is sent
_RULES: Final = {
    "gradient": (
        "Gradient",
        "How the answer changes with each pixel. A ReLU passes the signal where its value was positive.",
    ),
    "deconvolution": (
        "Deconvolution",
        "A ReLU passes only positive signals, wherever they arrive (Zeiler and Fergus).",
    ),
    "guided": (
        "Guided backpropagation",
        "A ReLU passes only positive signals, and only where its value was positive (Springenberg et al.).",
    ),
}
_NOT_SHOWN = (
    "Why the channel responds. Guided backpropagation hardly changes when upper layers get random "
    "weights (Adebayo et al. 2018): it recovers the picture's edges rather than explains the unit (Nie et al. 2018)."
)


def backward(unit: Unit, network: str, picture: str) -> None:
    """Draw the picture as the network sees it and the signal of each rule, on one kind of scale."""
    found = cache.backward_views(network, unit.layer.name, unit.channel, picture)
    st.markdown(f"**In {picture_title(picture)}: which pixels made {unit.name} respond**")
    signals = {rule: getattr(found, rule) for rule in _RULES}
    height, width = found.guided.shape[:2]
    seen = images.resize(images.load_picture(picture), height, width)
    with st.container(horizontal=True, gap="small", key="features_backward"):
        with st.container(width=_SIDE):
            st.image(images.enlarge(seen, _SENT), width=_SIDE, alt=f"The picture: {picture_title(picture)}")
            st.caption("The picture")
        for rule, (title, sentence) in _RULES.items():
            drawn, scale = signed(signals[rule])
            with st.container(width=_SIDE):
                alt = f"{title} of {unit.name} in {picture_title(picture)}; grey is zero"
                st.image(images.enlarge(drawn, _SENT), width=_SIDE, alt=alt)
                st.caption(f"{title}, ±{significant(scale)}", help=sentence)
    logit = " before the softmax" if unit.layer.name == "head_output" else ""
    place = f" at row {found.row}, column {found.col}" if unit.layer.is_map else logit
    silent = (
        " It does not respond here, so there is nothing to follow back."
        if not any(map(np.any, signals.values()))
        else ""
    )
    st.caption(
        f"Followed back from its strongest value, {significant(found.value)}{place}.{silent} Grey is zero, brighter "
        "raises the answer, darker lowers it, separately for red, green and blue. Each picture has its own scale, "
        f"clipped at {percent(CLIPPED)} of its values (given, per grey level). "
        f"{_others(found.n_rectified, found.others)}"
    )
    not_shown(_NOT_SHOWN)


def _others(n_rectified: int, others: tuple[str, ...]) -> str:
    """Return where the rules do not apply."""
    if others:
        return f"The rules are for ReLU; through {', '.join(others)} all three take the gradient. "
    return "There is no ReLU on the way, so that all three are the same. " if not n_rectified else ""
