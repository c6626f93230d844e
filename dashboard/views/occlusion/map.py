"""The view "Map": where hiding lowers the score of a class; several classes, or several fills, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.views.occlusion import figures
from dashboard.views.occlusion.canvas import linked_maps
from dashboard.views.occlusion.question import (
    Questions,
    ask,
    class_picker,
    fill_picker,
    first,
    jobs_below,
    score_picker,
    square,
)
from dashboard.views.occlusion.reading import (
    classes_picker,
    disagree,
    evidence,
    operations,
    resolve,
    strongest,
    title_of_class,
    true_class,
    view_controls,
)
from dashboard.widgets import cache
from dashboard.widgets.jobs import while_active
from dashboard.widgets.page import refuse
from dashboard.widgets.picture_picker import picture_beside, picture_picker
from models.attribution.pointing import mask_of
from models.errors import FreezeframeError
from models.networks.answers import Prediction
from models.occlusion.occlusion import FILLS, OcclusionMap
from models.occlusion.scores import PatchScores, map_of
from models.pictures import images

ONE, CLASSES, ALL_FILLS = "One", "Classes", "Fills"
_LIMITS = (
    "The map shows what this classifier loses when one square of this size and fill is hidden. It does not show "
    "what two parts do together, nor why; another patch, fill or score may give another map."
)


@dataclass(frozen=True, slots=True)
class _Look:
    """How scores are shown: which of them, on which picture."""

    show: str
    prediction: Prediction
    picture: str
    classes: tuple[int, ...]  # numbers, or roles such as the predicted one
    score: str
    opacity: float
    mask: np.ndarray | None
    outlined: bool


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for a trained classifier."""
    controls, main, aside = st.columns([10, 25, 11], gap="medium")
    try:
        with controls:
            picture = picture_picker("occlusion")
            prediction = cache.prediction(network, picture)
        with aside:
            look = _look(picture, prediction, main)
        with controls:
            spec = square(first(network, picture))
            fill = fill_picker(disabled=look.show == ALL_FILLS)
            fills = FILLS if look.show == ALL_FILLS else (fill,)
            questions = ask([replace(spec, fill=one) for one in fills], chosen.owner, controls)
        with main:
            while_active(questions.active, lambda: _picture(questions, look))
            jobs_below(questions)
            known = questions.current()
    except FreezeframeError as error:
        with main:
            refuse(error)
    if look.mask is not None and known[0] is not None and look.show == ONE and not questions.active:
        aside.caption(evidence(map_of(known[0], look.classes[0], look.score), look.mask))
    with main:
        operations(known[0])
    st.caption(_LIMITS)


def _look(picture: str, prediction: Prediction, main: DeltaGenerator) -> _Look:
    """Draw beside the map what it shows and how."""
    picture_beside(picture, prediction.height)
    show = st.segmented_control(
        "Show",
        [ONE, CLASSES, ALL_FILLS],
        default=ONE,
        required=True,
        key="occlusion_show",
        width="stretch",
        bind="query-params",
        help="One map; several classes on one scale; or the four fills, and where their maps disagree.",
    )
    if show == CLASSES:
        with main:
            classes = classes_picker(prediction, true_class(picture, prediction))
    else:
        classes = (class_picker(prediction),)
    score = score_picker()
    mask = mask_of(picture, prediction.height, prediction.width)
    opacity, outlined = view_controls(mask is not None)
    return _Look(show, prediction, picture, classes, score, opacity, mask, outlined)


def _picture(questions: Questions, look: _Look) -> None:
    """Draw what is known by now, and what it says in words."""
    current = questions.current()
    known, remark = [scores for scores in current if scores is not None], questions.remark(current)
    image = images.resize(images.load_picture(look.picture), look.prediction.height, look.prediction.width)
    if len(known) < len(questions.specs):
        st.image(images.enlarge(image, 520), alt="The picture, without a map yet")
        st.caption(remark)
        return
    titled = _maps(known, look)
    if look.show == ALL_FILLS:
        panels, scales = figures.with_disagreement(titled, look.score)
        words = disagree(titled, look.score)
    else:
        panels, scales = figures.falls(titled, look.score)
        words = strongest(titled[0][1], look.score) if look.show == ONE else ""
    alt = f"Occlusion map over the picture: {'; '.join(title for title, _ in titled)}. {words}"
    mask = look.mask if look.outlined else None
    linked_maps(image, panels, scales, key="occlusion_map", alt=alt, opacity=look.opacity, mask=mask)
    st.caption(" ".join(filter(None, [remark, words])) or "All classes share one scale.")


def _maps(known: Sequence[PatchScores], look: _Look) -> list[tuple[str, OcclusionMap]]:
    if look.show == ALL_FILLS:
        return [(scores.fill.capitalize(), map_of(scores, look.classes[0], look.score)) for scores in known]
    label = true_class(look.picture, look.prediction)
    return [
        (title_of_class(number, look.prediction, label), map_of(known[0], number, look.score))
        for number in resolve(look.classes, look.prediction, label, known[0])
    ]
