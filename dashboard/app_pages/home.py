"""Home: what this is, the way through the pages, and where the visitor stands."""

import streamlit as st

from dashboard import state
from dashboard.frame import tour
from dashboard.labels import safe_label
from dashboard.views.home.stations import standing, stations
from dashboard.widgets import page
from models.pictures import datasets

chosen = state.selection()
page.header("Freezeframe", "Freeze some layers of a pretrained network, train the rest, and see what each one learned.")
text, now = st.columns([3, 2], gap="large")
with text:
    st.markdown(
        "A network that has seen many pictures has learned edges, textures and parts that other tasks can use. "
        "Keep those layers **frozen** :material/ac_unit:, put a small **head** on top, and train only that: "
        "a few hundred pictures and a few seconds are enough. Then look inside."
    )
    st.button(
        f"Run the whole tour on {datasets.DATASETS[chosen.dataset].title}",
        key="home_tour",
        type="primary",
        icon=":material/play_arrow:",
        on_click=tour.begin,
        help="Trains a head on the frozen backbone with the defaults and leads you through the results.",
    )
    if problem := state.get("ff_tour_problem"):
        st.error(safe_label(problem, 400), icon=":material/error:")
with now:
    standing(chosen)
stations()
st.caption(
    "The pictures above were taken from this app. "
    "Most show one network on one data set; another may have learned other things."
)
