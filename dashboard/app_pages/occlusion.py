"""Hide one part of a picture after the other and watch the score of a class fall."""

import streamlit as st

from dashboard import cache, state
from dashboard.components.occlusion_panel import answer, class_picker, settings
from dashboard.components.occlusion_view import evidence, mask_of, strongest, view_controls
from dashboard.components.page import empty, header
from dashboard.components.picture_picker import picture_beside, picture_picker
from dashboard.components.subject import has_classifier, network_of, refuse
from dashboard.components.trail import breadcrumb
from dashboard.figures import theme
from dashboard.figures.occlusion import overlay
from models import images
from models.errors import FreezeframeError

header("Occlusion", "Orange: hiding this place lowers the score of the class. Blue: hiding it raises the score.")
breadcrumb()
chosen = state.selection()
if not has_classifier(chosen):
    missing = "There is none for this backbone and these data yet." if chosen.run is None else "This run has none."
    sentence = f"Occlusion explains a trained classifier's answer. {missing}"
    empty(sentence, "Train one", "train", ":material/model_training:")
network = network_of(chosen)
controls, main, aside = st.columns([5, 13, 5], gap="medium")
try:
    with controls:
        picture = picture_picker("occlusion")
        said = cache.prediction(network, picture)
    with aside:
        picture_beside(picture, said.height)
        class_index = class_picker(said)
    with controls:
        question = settings(network, picture, class_index)
    with main:
        drawing = st.container()
        result, remark = answer(question, chosen.owner, controls)
except FreezeframeError as error:
    with main:
        refuse(error)

image, mask = images.resize(images.load_picture(picture), said.height, said.width), mask_of(picture, said.height)
with aside:
    opacity, outlined = view_controls(mask is not None)
    if result is not None and mask is not None:
        st.caption(evidence(result, mask))
words = "" if result is None else strongest(result, question.score)
with drawing:
    if result is None:
        st.image(images.enlarge(image, 520), alt="The picture, without a map yet")
    else:
        figure = overlay(image, result, unit=question.score, opacity=opacity, mask=mask if outlined else None)
        alt = f"Occlusion map of the class {said.classes[class_index]} over the picture. {words}"
        st.plotly_chart(figure, key="occlusion_map", config=theme.CONFIG, alt=alt)
main.caption(f"{remark} {words}")
st.caption(
    "The map shows what this classifier loses when one square of this size and fill is hidden. It does not show what "
    "two parts do together, nor why; another patch, fill or score may give another map."
)
