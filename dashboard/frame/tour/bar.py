"""The bar of the tour above a page: the question of the stop, its answer, the way on; and how far the own run is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.frame.tour import answers, end, stops
from dashboard.frame.tour.stops import STOPS, Place, Stop
from dashboard.labels import safe_label
from dashboard.pages import HOME
from dashboard.widgets.jobs import describe, still_takes
from models.storage import runs
from models.wording import duration

_POLL_S = 1.0


@contextmanager
def tour_around(page: str) -> Iterator[None]:
    """Draw the bar of the tour, if there is one, above the page that the body draws, which may say the answer."""
    at = stops.place()
    if at is None or state.presenting():
        yield
        return
    if at.stop == stops.END:
        if page == HOME:
            end.card()
        yield
        return
    here = page == at.stop
    state.said()  # of an earlier page
    headline = _bar(at, here=here)
    ready = answers.answer(page, "") if here else ""
    if ready:
        headline.markdown(f"### {ready}")
    try:
        yield
    finally:  # a page may end itself
        said = state.said()
        if here and said:
            headline.markdown(f"### {answers.answer(page, said)}")


def _bar(at: Place, *, here: bool) -> DeltaGenerator:
    """Draw the bar and return the place of the answer."""
    stop, count = STOPS[at.number], len(STOPS)
    with st.container(border=True, gap="xsmall", key="tour_bar"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="tour_line"):
            question = stop.question.format(thing=answers.thing())
            st.markdown(f":material/flag: **Tour {at.number + 1}/{count} · {question}**", width="stretch")
            _way_on(at, stop, here=here)
            st.button("End tour", key="tour_end", on_click=stops.leave, type="tertiary")
        headline = st.empty()
        _ribbon(at)
    return headline


def _way_on(at: Place, stop: Stop, *, here: bool) -> None:
    """Draw the link to the next stop, to the last card, or back from a page that is no stop."""
    following = STOPS[at.number + 1] if here and at.number + 1 < len(STOPS) else stop
    if here and following is stop:
        if st.button("Next: what you saw", key="tour_finish", icon=":material/arrow_forward:", type="tertiary"):
            state.put_tour(str(Place(stops.END, at.run)))
            state.go(HOME)
        return
    label = f"Next: {following.title}" if here else f"Back to the tour: {following.title}"
    state.link_to(following.page, label, ":material/arrow_forward:", following.also)


def _ribbon(at: Place) -> None:
    """Draw how far the visitor's own run is, in one line, whose height stays the same when it is done."""
    run = stops.own_run(at)
    if run is None:
        text = "You see the example run that comes with the app."
        if why := stops.problem():
            text = f"Your own run could not be started, so that you see the example. {why}"
        st.caption(f":material/inventory_2: {safe_label(text, 400)}")
        return
    if not run.status.active:
        st.caption(_ended(run))
        return

    @st.fragment(run_every=_POLL_S)
    def going_on() -> None:
        if not run.status.active:
            if stops.takes_over(run):
                stops.take_over(run)
            st.rerun()
        st.caption(f":material/model_training: **{_takes(run)}** Until then this page shows the example.")

    going_on()


def _takes(run: runs.Run) -> str:
    """Return how long a run will still take, or what it waits for, as a sentence."""
    if run.status.state == "queued":
        return f"Your own run is queued. {describe(run).rstrip('…')}."
    left = still_takes(run, time.time())
    return f"Your own run is training{'' if left is None else f': about {duration(max(left, 1.0))}'}."


def _ended(run: runs.Run) -> str:
    """Return how the run of the tour ended."""
    shown = state.selection().run
    if run.status.state == "done":
        own = shown is not None and shown.id == run.id
        return ":material/check: This page shows your own run." if own else ":material/check: Your own run is done."
    why = f": {safe_label(run.status.message, 300)}" if run.status.message else "."
    what = "was cancelled" if run.status.state == "cancelled" else "stopped"
    return f":material/info: Your own run {what}{why} The tour goes on with the example."
