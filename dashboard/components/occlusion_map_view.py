"""The view "Map": one occlusion map over its picture."""

from __future__ import annotations

import streamlit as st

from dashboard import cache, state
from dashboard.components.occlusion_panel import answer, class_picker, settings
from dashboard.components.occlusion_view import evidence, mask_of, strongest, view_controls
from dashboard.components.picture_picker import picture_beside, picture_picker
from dashboard.components.subject import refuse
from dashboard.figures import theme
from dashboard.figures.occlusion import overlay
from models import images
from models.errors import FreezeframeError


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for a trained classifier."""
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
        "The map shows what this classifier loses when one square of this size and fill is hidden. It does not show "
        "what two parts do together, nor why; another patch, fill or score may give another map."
    )
