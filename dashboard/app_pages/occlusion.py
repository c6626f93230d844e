"""What in the picture does the answer rest on? Hide one part after the other and watch the score of a class fall."""

import streamlit as st

from dashboard import state
from dashboard.views.occlusion import figure, map, methods, trust
from dashboard.widgets import own_picture
from dashboard.widgets.page import breadcrumb, empty, explained, header, stage

TRUST = "Can I trust it?"  # of a run: it asks about the test pictures of the run's classes
# Every view draws itself for the visitor's choices and the network's id.
VIEWS = {
    "Map": (
        map.draw,
        "Occlusion hides one place after the other. Purple: the score of the class falls. Green: it rises.",
    ),
    "The whole figure": (figure.draw, "Move the square: every class and one activation map answer at once."),
    "Other methods": (methods.draw, "Other ways to ask which pixels matter, on the same picture and class."),
    TRUST: (trust.draw, "Three tests of these maps, and what each test cannot tell."),
}
title = st.container()
breadcrumb()
chosen = state.selection()
network = explained(chosen)
if network is None:
    with title:
        header("Occlusion", "Hide one part of a picture after the other, and watch what the classifier answers.")
    missing = "There is none for this backbone and these data yet." if chosen.run is None else "This run has none."
    sentence = f"Occlusion explains a trained classifier's answer. {missing}"
    empty(sentence, "Train one", "train", ":material/model_training:")
view = st.segmented_control(
    "View",
    [name for name in VIEWS if name != TRUST or chosen.run is not None],
    default="Map",
    key="occlusion_view",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
draw, sentence = VIEWS[view]
with title:
    header("Occlusion", sentence)
with stage(f"occlusion {view}"):
    own_picture.banner(chosen, network)
    draw(chosen, network)
