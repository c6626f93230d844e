"""The classifier that a backbone was pretrained with, and its answer to any picture: always a class of its own."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.classes import groups, top_classes
from dashboard.labels import safe_label
from dashboard.views.backbone.pretraining import only_frame8
from dashboard.widgets import cache
from dashboard.widgets.page import lead_on, refuse
from dashboard.widgets.picture_picker import picture_beside, picture_picker, picture_title
from models.backbones.registry import DEFAULT, BackboneSpec
from models.errors import FreezeframeError
from models.frame8 import classes
from models.ids import NetworkId, PictureId
from models.networks.answers import Answers, Prediction
from models.pictures import datasets, photographs
from models.pictures.photographs import PHOTOGRAPHS
from models.wording import grouped, percent

FINE, COARSE = "Its 200 classes", "Coarse groups"
_THUMBNAIL_PX, _PHOTOGRAPH_PX = 80, 120


def draw(spec: BackboneSpec) -> None:
    """Draw the answer to the chosen picture, and the surest answers to pictures of things it has never learned."""
    if not spec.shipped:
        only_frame8(f"The original 1,000-class top of {spec.title} is not among the weights this app fetches.")
        return
    network = str(NetworkId(backbone=spec.id, side=spec.top_side, weights="top"))
    picture = picture_picker("backbone")
    try:
        _answer(network, picture, spec)
        if st.button(
            "Hide one part after the other",
            key="backbone_own_occlusion",
            icon=":material/select_all:",
            help="Which part of this picture speaks for which of these classes? On the Occlusion page, without a run",
        ):
            state.choose(run="")
            lead_on(picture, "occlusion", label="Back to its own classes", page="backbone")
        _photographs(network, spec)
        _out_of_vocabulary(network)
    except FreezeframeError as error:
        refuse(error)


def _answer(network: str, picture: str, spec: BackboneSpec) -> None:
    prediction = cache.prediction(network, picture)
    left, right = st.columns([4, 11], gap="medium")
    with left:
        picture_beside(picture, spec.top_side)
    with right:
        words = _words(spec)
        figure = (
            top_classes(prediction)
            if words == FINE
            else groups(classes.coarse(prediction.probabilities, prediction.classes))
        )
        st.plotly_chart(
            figure, key="backbone_own_answer", config=theme.CONFIG, alt=f"{_sentence(prediction, picture)} As bars."
        )
    st.markdown(_sentence(prediction, picture))
    st.caption(
        f"It always picks one of its {grouped(len(prediction.classes))} classes, even when none fits, and may still be "
        "almost certain."
        if words == FINE
        else "Each part of a bar is one class: point at it. A network trained on the coarse classes only could not "
        "tell them apart."
    )


def _words(spec: BackboneSpec) -> str:
    """Draw the choice between Frame8's classes and their groups; the classes of others have none."""
    if spec.id != DEFAULT:
        return FINE
    return st.segmented_control(
        "Its answer in",
        [FINE, COARSE],
        default=FINE,
        required=True,
        key="backbone_own_words",
        persist_state="session",
        label_visibility="collapsed",
        help="Coarse: the probabilities of related classes are added up, in fourteen groups of our own making.",
    )


def _sentence(prediction: Prediction, picture: str) -> str:
    best = int(np.argmax(prediction.probabilities))
    name, share = safe_label(prediction.classes[best]), percent(float(prediction.probabilities[best]))
    return f"It calls *{safe_label(picture_title(picture))}* **{name}**, with a probability of {share}."


def _photographs(network: str, spec: BackboneSpec) -> None:
    """Draw the photographs that come with the app, and what each is called."""
    st.markdown("## Photographs")
    columns = st.columns(len(PHOTOGRAPHS) + 1, gap="medium")
    for column, (name, photograph) in zip(columns, PHOTOGRAPHS.items(), strict=False):
        picture = str(PictureId(photo=name))
        with column:
            prediction = cache.prediction(network, picture)
            best = int(np.argmax(prediction.probabilities))
            left, right = st.columns([2, 3], gap="small", vertical_alignment="center")
            left.image(photographs.load(name), width=_PHOTOGRAPH_PX, alt=f"Photograph: {photograph.title}")
            answer = f"**{safe_label(prediction.classes[best])}**, {percent(float(prediction.probabilities[best]))}"
            right.markdown(f"{photograph.title.capitalize()}:  \n{answer}")
            right.button(
                "Choose it",
                key=f"backbone_photo_{name}",
                on_click=lambda picture=picture: state.choose(picture=picture),
            )
            st.caption(photograph.credit)
    columns[-1].caption(
        f"These are pictures of the kind that {spec.title} was pretrained on. Every page offers them, in the list of "
        "classes beside the pictures."
    )


def _out_of_vocabulary(network: str) -> None:
    """Draw, for each data set, the test picture it is surest about, and what it calls them all."""
    st.markdown("## Pictures of things it has never learned")
    columns = st.columns(len(datasets.DATASETS), gap="medium")
    for column, spec in zip(columns, datasets.DATASETS.values(), strict=True):
        with column:
            answers = cache.answers(network, spec.id)
            surest = int(np.argmax(answers.probability))
            picture = str(PictureId(spec.id, int(answers.index[surest])))
            title, name = picture_title(picture), answers.classes[answers.answer[surest]]
            left, right = st.columns([2, 3], gap="small", vertical_alignment="center")
            left.image(
                cache.enlarged_png(picture, 2 * _THUMBNAIL_PX), width=_THUMBNAIL_PX, alt=f"{spec.title}: {title}"
            )
            right.markdown(f"{title}:  \n**{name}**, {percent(float(answers.probability[surest]))}")
            st.caption(f"All {len(answers.index)} test pictures of {spec.title}: {habits(answers)}")
    st.caption(
        "For each data set you see the picture of which it is surest. None of these things is among its classes."
    )


def habits(answers: Answers) -> str:
    """Return what a classifier mostly says, and how often it is more than half sure."""
    names, counts = np.unique(answers.answer, return_counts=True)
    common = np.argsort(-counts, kind="stable")[:2]
    most = ", ".join(
        f"{percent(counts[place] / len(answers.index))} {answers.classes[names[place]]}" for place in common
    )
    sure = percent(float(np.mean(answers.probability > 0.5)))
    return f"it calls {most}. It is more than half sure of {sure}."
