"""The script that runs for every visitor: sidebar, experiment bar, and the chosen page in them."""

import sys
from pathlib import Path

import pandas  # noqa: F401  Plotly takes it from sys.modules, half loaded too while another visitor's page imports it
import streamlit as st

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:  # `streamlit run` puts only dashboard/ on the path
    sys.path.insert(0, ROOT)

from dashboard import link, state
from dashboard.frame.bar import experiment_bar
from dashboard.frame.browser import one_entry_per_gesture, remember
from dashboard.frame.tour.bar import tour_around
from dashboard.frame.tour.stops import settle
from dashboard.labels import safe_label
from dashboard.pages import GROUPS, HOME, PAGES
from models.jobs import engine
from models.storage import files

ICON = Path(ROOT, "assets", "icon.svg")


def navigation() -> dict[str, list[st.Page]]:
    """Return the pages as Streamlit lists them: one plain script each."""
    return {
        group: [
            st.Page(
                page.script,
                title=page.title,
                icon=page.icon,
                help=page.sentence,
                default=page.name == HOME,
                url_path=page.name,
            )
            for page in pages
        ]
        for group, pages in GROUPS.items()
    }


st.set_page_config(page_icon=str(ICON), layout="wide", initial_sidebar_state=240)
state.prepare()
st.html(Path(__file__).with_name("style.css"))
st.logo(str(ICON), size="large")
page = st.navigation(navigation(), position="sidebar", expanded=True)
name = page.url_path or HOME
st.set_page_config(page_title=f"{PAGES[name].title} · Freezeframe")
settle(name)
experiment_bar(name)
for note in filter(None, (files.storage_note(), state.get("ff_run_problem"))):
    st.warning(safe_label(note, 400), icon=":material/folder_off:")
about_the_link = st.container(key="about_the_link")
with tour_around(name), link.compared(state.SHARED):
    page.run()
if unmet := link.sentences():
    until = "The address keeps what it names until you choose."
    about_the_link.info(safe_label(" ".join([*unmet, until]), 900), icon=":material/link_off:")
remember()
one_entry_per_gesture()
engine.start()  # after the first paint: the workers warm up while the visitor reads
if PAGES[name].starts_jobs:
    engine.warm_up_jobs()
