"""A picture of no data set: what the classifier knows, whatever it is shown, and how the picture becomes square."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.classes import top_classes
from dashboard.labels import safe_label
from dashboard.pages import PAGES
from dashboard.widgets import cache
from models.backbones import registry
from models.errors import FreezeframeError
from models.ids import FRAMES, NetworkId, PictureId
from models.networks.answers import Prediction
from models.pictures import datasets, images
from models.wording import percent

_FRAMES: Final = {"squeeze": "Squeeze it", "crop": "Crop it", "pad": "Add borders"}
_HELP: Final = (
    "The network takes squares. Squeezing keeps everything and changes the shape of things. Cropping keeps the shape "
    "and loses what is outside the middle square. Borders in the picture's mean colour keep both."
)


def is_square(picture: PictureId) -> bool:
    """Return whether a picture of no data set was square as it came."""
    height, width = images.load_picture(str(replace(picture, frame="squeeze"))).shape[:2]
    return bool(height == width)


def frame_picker(page: str, picture: str) -> None:
    """Draw how the chosen picture becomes square, if it is of no data set and is not; the choice is part of its id.

    Args:
        page: The page's name; begins the key of the widget.
        picture: Id of the chosen picture.
    """
    found = PictureId.parse(picture)
    if found.dataset or is_square(found):
        return
    key = f"{page}_frame"
    state.put(key, found.frame)  # the picture decides: it may come from a link or from another page
    st.selectbox(
        "This picture is not square",
        FRAMES,
        format_func=_FRAMES.__getitem__,
        key=key,
        help=_HELP,
        on_change=_choose,
        args=(key, found),
    )


def _choose(key: str, picture: PictureId) -> None:
    state.choose(picture=str(replace(picture, frame=state.get(key))))


def banner(chosen: state.Selection, network: str) -> None:
    """Say, over a picture of no data set, which classes the classifier knows, and what the backbone itself answers."""
    spec = registry.BACKBONES[chosen.backbone]
    if NetworkId.parse(network).weights == "top":
        _original(spec.title, chosen)
        return
    if PictureId.parse(chosen.picture).dataset:
        return
    run = bool(NetworkId.parse(network).run)
    own = _own_answer(chosen.picture, spec) if spec.shipped else None
    if not run and own is None:
        return
    with st.container(border=True, key="own_picture"):
        left, right = st.columns([1, 1], gap="medium", vertical_alignment="center") if own else (st.container(), None)
        with left:
            if run:
                st.markdown(f"**{known_classes(chosen.dataset)}**")
            st.caption(_advice(own, spec.title))
        if own and right:
            alt = f"The five most probable of the {len(own.classes)} classes that {spec.title} was pretrained with"
            right.plotly_chart(top_classes(own, 132), key="own_picture_classes", config=theme.CONFIG, alt=alt)


def _original(title: str, chosen: state.Selection) -> None:
    """Say that the backbone's original classifier answers, and how to get one for the data."""
    words, way = st.columns([5, 2], vertical_alignment="center")
    words.caption(
        f":material/layers: You see the original classifier of {title}: it must choose among the classes of its "
        f"pretraining, whatever it is shown. No run is chosen, so none knows the classes of "
        f"{datasets.get(chosen.dataset).title}."
    )
    with way:
        st.page_link(PAGES["train"].script, label="Train one", icon=":material/model_training:")


def known_classes(dataset: str) -> str:
    """Return what a classifier of a data set can answer, whatever it is shown."""
    names = ", ".join(safe_label(name) for name in datasets.get(dataset).classes)
    return f"This classifier knows only: {names}. It must choose one."


def _advice(own: Prediction | None, title: str) -> str:
    if own is None:
        return "Its answer means something only for pictures like those it was trained on."
    best = int(np.argmax(own.probabilities))
    name, share = safe_label(own.classes[best]), percent(float(own.probabilities[best]))
    return (
        f"{title} itself was pretrained with {len(own.classes)} other classes. Of these it chooses **{name}**: {share}."
        " It must choose, too, even where none of them fits."
    )


def _own_answer(picture: str, spec: registry.BackboneSpec) -> Prediction | None:
    """Return the answer of the backbone's own classifier; None where there is none now: the banner does without."""
    try:
        return cache.prediction(str(NetworkId(backbone=spec.id, side=spec.top_side, weights="top")), picture)
    except FreezeframeError:
        return None
