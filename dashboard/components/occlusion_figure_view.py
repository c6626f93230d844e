"""The view "The whole figure": the five panels of Zeiler and Fergus for the visitor's own picture and network."""

from __future__ import annotations

import streamlit as st

from dashboard import cache, state
from dashboard.components.job_panel import while_active
from dashboard.components.layer_picker import layer_picker
from dashboard.components.occlusion_canvas import Projection, occluder_figure
from dashboard.components.occlusion_operations import operations
from dashboard.components.occlusion_panel import TAPPED, Asked, Question, ask, fill_picker, jobs_below, square, tapped
from dashboard.components.occlusion_view import true_class
from dashboard.components.picture_picker import picture_picker, picture_title
from dashboard.components.subject import refuse
from models import images
from models.errors import FreezeframeError
from models.network_layers import LayerChoice
from models.results import Prediction

_REFERENCE = "M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014, figure 7."
_LIMITS = (
    "One square at a time: the figure does not show what two parts do together, and the square itself is something new "
    "to look at. Panel b follows one map of one layer; the answer rests on all of them."
)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for a trained classifier."""
    controls, main = st.columns([5, 18], gap="medium")
    try:
        with controls:
            picture = picture_picker("occlusion")
            said = cache.prediction(network, picture)
            layer = _layer(network)
            patch, stride = square(network)
            question = Question(network, picture, patch, stride, fill_picker(), layer.name)
            asked = ask([question], chosen.owner, controls)
        with main:
            while_active(bool(asked.active), lambda: _figure(asked, said, layer))
            jobs_below(asked)
            [scores] = asked.current()
    except FreezeframeError as error:
        with main:
            refuse(error)
    with main:
        operations(scores)
        st.caption(f"{_LIMITS} {_REFERENCE}")


def _layer(network: str) -> LayerChoice:
    """Draw which layer's strongest map is watched; it stays chosen on the other views."""
    if state.bound("occlusion_layer") is None:
        state.put("occlusion_layer", tapped(network))
    layer = layer_picker("occlusion", network)
    state.put(TAPPED, layer.name)
    return layer


def _figure(asked: Asked, said: Prediction, layer: LayerChoice) -> None:
    """Draw what is known by now."""
    [question], [scores] = asked.questions, asked.current()
    image = images.resize(images.load_picture(question.picture), said.height, said.width)
    if scores is None:
        st.image(images.enlarge(image, 520), alt="The picture, without a figure yet")
        st.caption(asked.remark([scores]))
        return
    label = true_class(question.picture, said)
    explained = int(said.probabilities.argmax()) if label is None else label
    projection = Projection(None, "", "")
    title = picture_title(question.picture)
    occluder_figure(image, scores, projection, explained=explained, picture=title, key="occlusion_figure")
    words = [asked.remark([scores])]
    if not layer.is_map:
        words.append(
            f"{layer.name} is a dense layer: it has no maps, and panel b shows the value of its strongest unit."
        )
    st.caption(" ".join(filter(None, words)) or "Panels b, d and e: every cell is one position of the square.")
