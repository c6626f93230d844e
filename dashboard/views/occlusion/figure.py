"""The view "The whole figure": the five panels of Zeiler and Fergus for the visitor's own picture and network."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.figures.activations import signed
from dashboard.labels import safe_label
from dashboard.views.occlusion import headline
from dashboard.views.occlusion.canvas import Projection, occluder_figure
from dashboard.views.occlusion.question import TAPPED, Questions, ask, fill_picker, first, jobs_below, square, tapped
from dashboard.views.occlusion.reading import operations, true_class
from dashboard.widgets import cache
from dashboard.widgets.jobs import while_active
from dashboard.widgets.page import not_shown, refuse
from dashboard.widgets.picture_picker import picture_picker, picture_title
from dashboard.widgets.unit_picker import layer_picker, open_unit
from models.errors import FreezeframeError
from models.features import patches as features_patches
from models.features.patches import PATCHES
from models.networks.answers import Prediction
from models.networks.layers import LayerChoice
from models.occlusion.scores import OcclusionSpec, PatchScores
from models.pictures import images, uploads
from models.storage import runs
from models.wording import significant

_PATCHES, _WIDTH = 3, 240  # how many strongest patches, and px of all of them side by side
_REFERENCE = "M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014, figure 7."
_LIMITS = (
    "One square is hidden at a time: the figure does not show what two parts do together. The square is itself unusual "
    "and may confuse the network. Panel b follows one map of one layer; the answer rests on all of them."
)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for a trained classifier."""
    controls, main = st.columns([5, 18], gap="medium")
    try:
        with controls:
            picture = picture_picker("occlusion")
            prediction = cache.prediction(network, picture)
            layer = _layer(network)
            spec = square(replace(first(network, picture), layer=layer.name))
            questions = ask([replace(spec, fill=fill_picker())], chosen.owner, controls)
        with main:
            while_active(questions.active, lambda: _figure(questions, prediction, layer))
            jobs_below(questions)
            [scores] = questions.current()
    except FreezeframeError as error:
        with main:
            refuse(error)
    with main:
        if scores is not None:
            strongest(chosen, network, scores)
        not_shown(f"{_LIMITS} {_REFERENCE}")
        operations(scores)


def _layer(network: str) -> LayerChoice:
    """Draw which layer's strongest map is watched; it stays chosen on the other views."""
    if state.bound("occlusion_layer") is None:
        state.put("occlusion_layer", tapped(network))
    layer = layer_picker("occlusion", network)
    state.put(TAPPED, layer.name)
    return layer


def _figure(questions: Questions, prediction: Prediction, layer: LayerChoice) -> None:
    """Draw what is known by now."""
    [spec], [scores] = questions.specs, questions.current()
    image = images.resize(images.load_picture(spec.picture), prediction.height, prediction.width)
    if scores is None:
        st.image(images.enlarge(image, 520), alt="The picture, without a figure yet")
        st.caption(questions.remark([scores]))
        return
    label = true_class(spec.picture, prediction)
    explained = int(prediction.probabilities.argmax()) if label is None else label
    headline.draw(_said(scores, explained))
    projection = projection_of(scores, spec, layer.is_map)
    title = picture_title(spec.picture)
    occluder_figure(image, scores, projection, explained=explained, picture=title, key="occlusion_figure")
    st.caption(" ".join(filter(None, [questions.remark([scores]), _reading(scores, layer)])))


def _said(scores: PatchScores, explained: int) -> str:
    """Return what the square does where the class of panel d loses most: there the square begins."""
    said = headline.of_map(scores, explained, "probability", None).text
    return said.replace("this square", "the strongest square")  # the one that is drawn can be moved away


def projection_of(scores: PatchScores, spec: OcclusionSpec, is_map: bool) -> Projection:
    """Return the watched channel's strongest value in the untouched picture, carried back to the pixels."""
    found = cache.backward_views(spec.network, scores.layer, scores.channel, spec.picture)
    channel = f"{'map' if is_map else 'unit'} {scores.channel}"
    if found.value <= 0:
        return Projection(
            None, channel, "The channel does not respond to this picture, so there is nothing to project."
        )
    drawn, _ = signed(found.deconvolution)
    gradient = f" Through {', '.join(found.others)} it is the gradient." if found.others else ""
    note = f"Deconvolution of its strongest value, {significant(found.value)}. Grey is zero.{gradient}"
    return Projection(drawn, channel, note)


def strongest(chosen: state.Selection, network: str, scores: PatchScores) -> None:
    """Draw the patches of the data that excite the watched channel most, and the way to its page."""
    patches, way = st.columns([13, 5], vertical_alignment="center")
    found = features_patches.find(network, chosen.dataset, scores.layer, chosen.owner)
    if isinstance(found, runs.Run):
        found = cache.result(PATCHES, found) if found.status.state == "done" else None
    places = () if found is None else found.of(scores.layer).places(scores.channel)[:_PATCHES]
    name = f"channel {scores.channel} of {scores.layer}"
    with patches:
        if places:
            pairs = cache.patch_pairs(network, scores.layer, scores.channel, chosen.dataset, places, "deconvolution")
            st.caption(f"What else excites {safe_label(name)}: strongest patches of the data, and their projections")
            with st.container(horizontal=True, key="occlusion_patches"):
                for sprite, what in ((pairs.patches, "Strongest patches"), (pairs.signals, "Their projections")):
                    st.image(images.enlarge(uploads.decode(sprite), _WIDTH), width=_WIDTH, alt=f"{what}: {name}")
        else:
            st.caption(f"Nobody has looked yet which pictures of the data excite {safe_label(name)} most.")
    if way.button(
        "See this channel", key="occlusion_unit", icon=":material/image_search:", help="On the Features page"
    ):
        open_unit("features", network, (scores.layer, scores.channel))


def _reading(scores: PatchScores, layer: LayerChoice) -> str:
    """Return how panel b is read."""
    name = safe_label(layer.name)
    if not layer.is_map:
        return f"{name} is a dense layer: it has no maps. Panel b shows its strongest unit, {scores.channel}."
    return (
        f"Panels b, d, e: each cell is one position of the square. Of {name}'s {layer.shape[2]} maps, b follows the "
        "one with the largest sum in the untouched picture."
    )
