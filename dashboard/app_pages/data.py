"""Data: the pictures, class by class, how many there are, and how they are divided."""

import streamlit as st

from dashboard import state
from dashboard.views.data.gallery import PARTS, chosen_picture, class_gallery, class_sizes, how_divided, next_screenful
from dashboard.widgets import page
from models.pictures import datasets
from models.wording import grouped

chosen = state.selection()
spec = datasets.get(chosen.dataset)
page.header(
    "Data",
    f"{grouped(spec.size)} pictures of {spec.height} × {spec.width} pixels in {len(spec.classes)} classes, one row "
    "each. Which two would you confuse?",
)
st.session_state["data_set"] = chosen.dataset
with st.container(horizontal=True, vertical_alignment="center"):
    st.segmented_control(
        "Data set",
        list(datasets.DATASETS),
        format_func=lambda name: datasets.DATASETS[name].title,
        key="data_set",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: state.choose(dataset=st.session_state["data_set"]),
    )
    part = st.segmented_control(
        "Part of the split",
        list(PARTS),
        default="Training",
        key="data_part",
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    st.button("Other pictures", key="data_other", icon=":material/shuffle:", on_click=next_screenful)
    outlined = spec.has_masks and st.toggle(
        f"Outline the {spec.title.lower()}",
        key="data_outline",
        persist_state="session",
        help=f"The mask: {spec.mask}. It is known exactly, because a program drew the picture.",
    )
# The browser's back button empties what is bound to the address: without a part, the first is shown.
with page.stage(f"data {spec.id}"):
    rows, beside = st.columns([4, 1], gap="medium")
    with rows:
        class_gallery(
            spec.id, part or next(iter(PARTS)), split=chosen.split_seed, selected=chosen.picture, outlined=outlined
        )
    with beside:
        chosen_picture(chosen.picture, outlined=outlined)
    page.not_shown(spec.limits)
    balance, facts = st.columns([3, 2], gap="large")
    with balance:
        class_sizes(spec.id, chosen.split_seed)
    with facts:
        how_divided(spec.id, chosen.split_seed)
        st.markdown(f"**How it was made.** {spec.description}")
        st.caption(spec.source)
        st.page_link("app_pages/backbone.py", label="Next: the backbone", icon=":material/arrow_forward:")
