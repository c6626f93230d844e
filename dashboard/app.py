"""The frame around every page: sidebar, experiment bar, and the chosen page in it.

streamlit run dashboard/app.py
"""

import sys
from pathlib import Path

import pandas  # noqa: F401  Plotly takes it from sys.modules, half loaded too while another visitor's page imports it
import streamlit as st

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:  # `streamlit run` puts only dashboard/ on the path
    sys.path.insert(0, ROOT)

from dashboard import state
from dashboard.frame.bar import experiment_bar
from dashboard.frame.browser import one_entry_per_page, remember
from dashboard.frame.tour import tour_bar
from dashboard.labels import safe_label
from models.jobs import engine
from models.storage import files

ICON = Path(ROOT, "assets", "icon.svg")
PAGES = {
    "Transfer": [
        ("home", "Home", ":material/home:", "What this is, and where you stand"),
        ("data", "Data", ":material/photo_library:", "The pictures, their classes and their split"),
        ("backbone", "Backbone", ":material/layers:", "The pretrained network, layer by layer"),
        ("train", "Train", ":material/model_training:", "Freeze some layers, train the rest"),
        ("evaluate", "Evaluate", ":material/grid_on:", "What the classifier gets right and wrong"),
        ("sweeps", "Sweeps", ":material/stacked_line_chart:", "One choice, several values, several seeds"),
        ("compare", "Compare", ":material/compare_arrows:", "Trainings side by side: recipe, curves, accuracy, layers"),
        ("traps", "What goes wrong", ":material/warning:", "Trainings that go wrong on purpose, and their cures"),
    ],
    "See inside": [
        ("activations", "Activations", ":material/blur_on:", "What every channel of a layer answers to a picture"),
        (
            "features",
            "Features",
            ":material/travel_explore:",
            "What a channel looks for, in pictures",
        ),
        ("occlusion", "Occlusion", ":material/select_all:", "Hide a patch and watch the score fall"),
    ],
    "Understand": [
        ("general", "General or specific?", ":material/timeline:", "Which layers serve another task, measured"),
        ("som", "Self-organising map", ":material/apps:", "Watch a map organise itself"),
    ],
}


def pages() -> dict[str, list[st.Page]]:
    """Return the navigation: one plain script per page."""
    return {
        group: [
            st.Page(f"app_pages/{name}.py", title=title, icon=icon, help=text, default=name == "home", url_path=name)
            for name, title, icon, text in entries
            if Path(__file__).with_name("app_pages").joinpath(f"{name}.py").exists()
        ]
        for group, entries in PAGES.items()
    }


st.set_page_config(page_title="Freezeframe", page_icon=str(ICON), layout="wide", initial_sidebar_state=240)
state.prepare()
st.html(Path(__file__).with_name("style.css"))
st.logo(str(ICON), size="large")
page = st.navigation(pages(), position="sidebar", expanded=True)
experiment_bar()
for note in filter(None, (files.storage_note(), state.get("ff_run_problem"))):
    st.warning(safe_label(note, 400), icon=":material/folder_off:")
tour_bar(page.url_path or "home")
page.run()
remember()
one_entry_per_page()
engine.start()  # after the first paint: the workers warm up while the visitor reads
if page.url_path in ("train", "sweeps", "traps"):
    engine.warm_up_jobs()
