"""Jobs as the visitor sees them: waiting, working, stopped or done. Polls only while something is going on."""

from __future__ import annotations

import collections
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import plain_label, safe_label
from models.errors import FreezeframeError
from models.jobs import engine
from models.jobs.job import Job
from models.storage import runs
from models.wording import duration, whole_percent

_POLL_S = 1.0
_CHIP_POLL_S = 3.0  # every poll costs the browser a new look at the whole page
_LATELY_S, _INTERVALS = 10.0, 3  # how far back a job's pace is looked at, and how many reports at least
_FIRST_S, _FIRST_SHARE = 2.0, 0.03  # what has to be known before anything is said


@dataclass(frozen=True, slots=True)
class Reached:
    """A share of a job's work (0..1), and when it was reported first and last, in seconds since the epoch."""

    share: float
    first: float
    last: float


def shares_reached(events: Iterable[Any], since: float) -> list[Reached]:
    """Return the shares that a job has reached since it was begun, or taken up again after a kill, in order."""
    reached: list[Reached] = []
    for event in events:
        if not isinstance(event, dict) or "share" not in event or event.get("at", -math.inf) < since:
            continue
        share, at = float(event["share"]), float(event["at"])
        if reached and share < reached[-1].share:  # it does some of the work again
            reached.clear()
        if reached and share == reached[-1].share:
            reached[-1] = replace(reached[-1], last=at)
        else:
            reached.append(Reached(share, at, at))
    return reached


def seconds_left(reached: Sequence[Reached], now: float) -> float | None:
    """Return how long a job still takes as fast as it has been of late; None while too little is known.

    What is estimated when something is reported counts down from there, so that it never rises while nothing is. From
    one report to the next it may fall at will, but rises by no more than the time that has passed: a rest of a minute
    puts the end off by a minute or two, not by an hour.
    """
    left, at, begin = math.inf, 0.0, 0
    for number, newest in enumerate(reached):
        while begin < number - _INTERVALS and reached[begin + 1].last < newest.first - _LATELY_S:
            begin += 1
        known = newest.first - reached[begin].last
        if known < _FIRST_S or newest.share < _FIRST_SHARE:
            continue
        fresh = known * (1 - newest.share) / (newest.share - reached[begin].share)
        left, at = min(fresh, left + newest.first - at), newest.first
    return None if math.isinf(left) else left - (now - at)


def time_left(run: runs.Run, now: float) -> str:
    """Return "about 12 s left" of a run; an empty text while too little is known, and once it takes longer."""
    left = seconds_left(shares_reached(run.events(), run.status.started or now), now)
    return "" if left is None or left <= 0 else f"about {duration(left)} left"


def still_takes(run: runs.Run, now: float) -> float | None:
    """Return how many seconds a run still takes, by its pace or as it was predicted; None where neither is known."""
    status = run.status
    begun = status.started or now
    left = seconds_left(shares_reached(run.events(), begun), now)
    if left is None and run.seconds is not None:
        left = run.seconds - (now - begun)
    return None if left is None else max(left, 0.0)


def waits_for(ahead: Sequence[runs.Run], now: float) -> str:
    """Return what a job waits for and how long: "Waiting for 2 trainings, about 4 min"; how long only where known.

    The jobs may be anybody's: their number and kind are all that is said of them.
    """
    kinds = {run.kind for run in ahead}
    noun = "training" if kinds == {"training"} else "job"
    count = f"a {noun}" if len(ahead) == 1 else f"{len(ahead)} {noun}s"
    times = [still_takes(run, now) for run in ahead]
    known = [seconds for seconds in times if seconds is not None]
    return f"Waiting for {count}" + (f", about {duration(sum(known))}" if len(known) == len(times) else "")


def describe(run: runs.Run) -> str:
    """Return one line on where the job stands."""
    status = run.status
    if status.state == "queued":
        ahead = engine.ahead(run.id)
        return waits_for(ahead, time.time()) if ahead else "Starting…"
    if status.state == "running":
        return " · ".join(filter(None, [status.note or "Working", time_left(run, time.time())]))
    ends = {"done": "Finished", "cancelled": "Cancelled", "failed": "Stopped"}
    return ends[status.state]


def distinct_names(newest_first: dict[str, runs.Run]) -> dict[str, str]:
    """Return a name of its own for every run, as select boxes show it: the browser answers with a name, not a key."""
    names: dict[str, str] = {}
    times: collections.Counter[str] = collections.Counter()
    for key, run in reversed(newest_first.items()):
        name = plain_label(run.title)
        times[name] += 1
        names[key] = name if times[name] == 1 else f"{name} ({times[name]})"
    return {key: names[key] for key in newest_first}


def choose_job(
    job: Job[Any, Any],
    owner: str,
    label: str,
    example: str,
    *,
    key: str,
    among: Callable[[runs.Run], bool] = lambda _: True,
) -> runs.Run | None:
    """Draw the choice among a visitor's runs of one kind and return the chosen one; None is the example.

    Args:
        job: The kind. The run in the address is offered too; it may be somebody else's.
        owner: The visitor.
        label: Of the choice, for those who cannot see it.
        example: The example's title.
        key: Of the widget.
        among: Which runs are offered.
    """
    shown = state.shown(job)
    found = {run.id: run for run in [*runs.listing(owner, job.kind), *([shown] if shown else [])] if among(run)}
    names = {"": f"Example: {example}"} | distinct_names(found)
    state.put(key, shown.id if shown and shown.id in found else "")
    chosen = st.selectbox(
        label,
        list(names),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: state.show(job, state.get(key)),
    )
    return found.get(chosen)


@contextmanager
def refusal_kept(key: str) -> Iterator[None]:
    """Keep why the body, which queues a job, was refused under `key`, for `refusal` to draw."""
    try:
        yield
        state.put(key, "")
    except FreezeframeError as error:
        state.put(key, str(error))


def refusal(key: str, place: DeltaGenerator | None = None) -> None:
    """Draw, in `place` or here, why a job was refused, where it was."""
    if problem := state.get(key):
        (place or st).warning(safe_label(problem, 400), icon=":material/hourglass_top:")


def while_active(active: bool, body: Callable[[], None]) -> None:
    """Draw `body`, again and again while a job is active.

    What has ended is no fragment: a poll that was under way at the end would leave its place empty.
    """
    if active:
        st.fragment(run_every=_POLL_S)(body)()
    else:
        with st.container():
            body()


def job_panel(run_id: str, *, key: str, below: Callable[[], None] | None = None) -> None:
    """Draw progress, time left, cancel and the end of a job; reruns the page once when the job ends.

    Args:
        run_id: The job to follow.
        key: A widget key prefix, unique on the page.
        below: Draws what is known so far, as often as the progress: one poll for both.
    """
    active = runs.get(run_id).status.active

    def panel() -> None:
        job_lines(run_id, key=key, active=active)
        if below is not None:
            below()

    while_active(active, panel)


def job_lines(run_id: str, *, key: str, active: bool) -> None:
    """Draw the lines of `job_panel`, for a caller that polls; the job was `active` when the page was drawn."""
    run = runs.get(run_id)
    status = run.status
    if active and not status.active:
        st.rerun()
    if status.active:
        bar, button = st.columns([5, 1], vertical_alignment="center")
        bar.progress(min(status.share, 1.0), text=describe(run))
        owner = state.selection().owner
        if run.owner == owner:  # a link to a run lets others watch, not stop it
            button.button("Cancel", key=f"{key}_cancel", on_click=engine.cancel, args=(run_id, owner))
    elif status.state == "failed":
        st.error(safe_label(status.message, 400), icon=":material/error:")
    elif status.state == "cancelled":
        st.info(describe(run), icon=":material/cancel:")


def job_chip(owner: str, shown: runs.Run | None = None) -> None:
    """Draw the visitor's running job in the experiment bar: what, how far, cancel; `shown` is the chosen training."""
    active = [run for run in runs.listing(owner) if run.status.active]
    others = shown if shown is not None and shown.owner != owner and shown.status.active else None
    polls = bool(active or others)

    @st.fragment(run_every=_CHIP_POLL_S if polls else None)
    def chip() -> None:
        going = [run for run in active if run.status.active]
        if len(going) < len(active) or (others is not None and not others.status.active):
            st.rerun()
        if not going and others is not None:
            st.caption(f":material/progress_activity: Somebody else's training, {whole_percent(others.status.share)}")
            return
        if not going:
            st.caption(":material/check: Nothing is running")
            return
        run = going[-1]
        status = run.status
        with st.popover(f"{run.kind.capitalize()} {whole_percent(status.share)}", icon=":material/progress_activity:"):
            for job in reversed(going):
                st.markdown(f"**{safe_label(job.title)}**")
                st.caption(describe(job))
                st.button("Cancel", key=f"bar_cancel_{job.id}", on_click=engine.cancel, args=(job.id, owner))

    chip()
