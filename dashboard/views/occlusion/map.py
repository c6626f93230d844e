"""The view "Map": where hiding lowers the score of a class; several classes, or several fills, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.occlusion import figures, headline
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
    lowest,
    operations,
    resolve,
    title_of_class,
    true_class,
    view_controls,
)
from dashboard.widgets import cache
from dashboard.widgets.jobs import while_active
from dashboard.widgets.page import not_shown, refuse
from dashboard.widgets.picture_picker import picture_beside, picture_picker
from models.attribution.pointing import mask_of
from models.errors import FreezeframeError
from models.networks.answers import Prediction
from models.occlusion.occlusion import FILLS, OcclusionMap
from models.occlusion.scores import PatchScores, floor, map_of
from models.pictures import images

ONE, CLASSES, ALL_FILLS = "One", "Classes", "Fills"
_LIMITS = (
    "The map is of one square of this size and fill at a time. It does not show what two parts do together, nor why "
    "the score falls. Another size, fill or score may give another map. A change of the probability by less than 1 "
    "point, or of the logit by less than 1% of the distance between the highest and the lowest logit, gets no colour."
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
    with main:
        not_shown(_LIMITS)
        operations(known[0])


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
    least, said = floor(look.score, known[0].base_logits), _said(known, titled, look)
    drawn = figures.with_disagreement if look.show == ALL_FILLS else figures.falls
    panels, scales = drawn(titled, look.score, least)
    mask, where = look.mask if look.outlined else None, lowest(titled[0][1], look.score)
    headline.draw(said.text, said.advice)
    state.say(said.text)
    alt = f"Occlusion map over the picture: {'; '.join(title for title, _ in titled)}. {said.text}"
    key, square = "occlusion_map", said.square
    linked_maps(image, panels, scales, key=key, alt=alt, opacity=look.opacity, mask=mask, square=square)
    words = {ONE: where, CLASSES: "All classes share one scale.", ALL_FILLS: "Trust what all four fills show."}
    st.caption(" ".join(filter(None, [remark, words[look.show]])))


def _said(known: Sequence[PatchScores], titled: Sequence[tuple[str, OcclusionMap]], look: _Look) -> headline.Headline:
    """Return the headline: of the first map, or of all fills."""
    if look.show == ALL_FILLS:
        text = disagree(titled, look.score, floor(look.score, known[0].base_logits))
        return headline.Headline(text, advice=headline.ADVICE[look.score] if text == headline.NOTHING else "")
    label = true_class(look.picture, look.prediction)
    number = resolve(look.classes, look.prediction, label, known[0])[0]
    said = headline.of_map(known[0], number, look.score, look.mask, headline.thing_of(look.picture))
    if look.show == CLASSES:
        return replace(said, text=f"{safe_label(look.prediction.classes[number]).capitalize()}: {said.text}")
    return said


def _maps(known: Sequence[PatchScores], look: _Look) -> list[tuple[str, OcclusionMap]]:
    if look.show == ALL_FILLS:
        return [(scores.fill.capitalize(), map_of(scores, look.classes[0], look.score)) for scores in known]
    label = true_class(look.picture, look.prediction)
    return [
        (title_of_class(number, look.prediction, label), map_of(known[0], number, look.score))
        for number in resolve(look.classes, look.prediction, label, known[0])
    ]
