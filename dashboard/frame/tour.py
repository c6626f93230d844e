"""The tour: one click trains with the defaults, then a bar on every page shows the way to the next result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.pages import PAGES
from dashboard.widgets.runs import queue
from models.errors import FreezeframeError
from models.training import recipes


@dataclass(frozen=True, slots=True)
class Step:
    """One stop of the tour: a page by its name, and what to look for there."""

    page: str
    sentence: str

    @property
    def title(self) -> str:
        """The page's title."""
        return PAGES[self.page].title


STEPS: Final = (
    Step("train", "The backbone is frozen and only the head learns. Watch the curves, then the proof below."),
    Step("evaluate", "Each row is a true class. Click a cell off the diagonal to see what went wrong."),
    Step("activations", "Each tile is one channel. Go from the first layer to the last: edges, then parts."),
    Step("occlusion", "Purple: hiding this spot lowers the score. Is it the object, or the background?"),
    Step("som", "Press play: neighbours on the map become alike. Nobody told it the classes."),
)


def begin() -> None:
    """Train with the defaults on the chosen data and start the tour; for a button's `on_click`."""
    chosen = state.selection()
    spec = replace(recipes.DEFAULT, dataset=chosen.dataset)
    try:
        (run_id,) = queue({spec: recipes.validate(spec)}, chosen.owner)
    except FreezeframeError as error:
        state.put("ff_tour_problem", str(error))
        return
    state.put("ff_tour_problem", "")
    state.put("ff_tour", 0)
    state.put("ff_tour_leave", True)
    state.choose(run=run_id)


def tour_bar(page: str) -> None:
    """Draw where the tour stands and the way to its next stop; nothing when there is no tour."""
    if state.get("ff_tour") is None:
        return
    if state.get("ff_tour_leave"):
        state.put("ff_tour_leave", False)
        state.go("train")
    here = next((i for i, step in enumerate(STEPS) if step.page == page), None)
    if here is not None:
        state.put("ff_tour", here)
    number = state.get("ff_tour")
    step = STEPS[number]
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium", key="tour_bar"):
        st.markdown(f":material/flag: **Tour {number + 1}/{len(STEPS)}: {step.title}**", width="content")
        st.caption(step.sentence, width="stretch")
        following = STEPS[number + 1 : number + 2] if here is not None else (step,)  # beside the tour: back to its stop
        for stop in following:
            st.page_link(PAGES[stop.page].script, label=f"Next: {stop.title}", icon=":material/arrow_forward:")
        st.button("End tour", key="tour_end", on_click=state.put, args=("ff_tour", None), type="tertiary")
