"""The stops of the tour, where a visitor is in it, and the run of his own that belongs to it.

The address says both, "evaluate-0123…", so that a reload or a link begins at the same stop. A link never starts a
training: whoever opens one into a stop sees the run that it names, or the example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from dashboard import state
from dashboard.pages import HOME, PAGES
from dashboard.widgets.runs import queue
from models.errors import FreezeframeError, RunNotFound
from models.som.film import SOM
from models.storage import runs
from models.training import recipes
from models.training.spec import TRAINING

END: Final = "end"  # the place behind the last stop; its card lies on Home
_LEAVE, _TAKEN, _PROBLEM = "ff_tour_leave", "ff_tour_taken", "ff_tour_problem"  # keys of the session


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour.

    Attributes:
        page: Its page, by name.
        question: The one question it asks; `{thing}` is filled with what the pictures show.
        also: Values of widgets of the page that are bound to the address.
    """

    page: str
    question: str
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The page's title."""
        return PAGES[self.page].title


STOPS: Final = (
    Stop("train", "Can a frozen network learn new classes when only a small head on top of it is trained?"),
    Stop("evaluate", "Which two classes does it confuse most often?"),
    Stop("activations", "How much of the picture does one value of the network depend on?"),
    Stop("occlusion", "Does the answer rest on the {thing}, or on the background?", {"occlusion_view": "Map"}),
    Stop(
        "som",
        "Does a map that was never shown the classes tell them apart?",
        {"som_view": "Read the map", "som_read_layer": "Class pies"},
    ),
)
_PLACE: Final = re.compile(rf"({'|'.join([*(stop.page for stop in STOPS), END])})(?:-([0-9a-f]{{32}}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor is: a stop by its page, or `END`; and the run that the tour began, "" for none."""

    stop: str
    run: str = ""

    def __str__(self) -> str:
        """Return it as the address says it."""
        return "-".join(filter(None, (self.stop, self.run)))

    @property
    def number(self) -> int:
        """Return the number of the stop, from 0; that behind the last for the end."""
        return next((number for number, stop in enumerate(STOPS) if stop.page == self.stop), len(STOPS))


def place() -> Place | None:
    """Return where the visitor is; None outside of the tour, and for an address that names no place of it."""
    found = _PLACE.fullmatch(state.tour())
    return Place(found[1], found[2] or "") if found else None


def own_run(at: Place) -> runs.Run | None:
    """Return the run that the tour began; None without one, or where it is gone."""
    try:
        run = runs.get(at.run) if at.run else None
    except RunNotFound:
        return None
    return run if run is not None and run.kind == TRAINING.kind and not TRAINING.problem(run) else None


def begin() -> None:
    """Show the example, train a head of the visitor's own meanwhile, and go to the first stop; for `on_click`.

    A training that is refused ends nothing: the tour then stays with the example, and says why.
    """
    chosen, run_id, problem = state.selection(), "", ""
    spec = replace(recipes.DEFAULT, dataset=chosen.dataset)
    going = TRAINING.newest(spec, chosen.owner)
    if going is not None and going.status.active:  # a second click
        run_id = going.id
    else:
        try:
            (run_id,) = queue({spec: recipes.validate(spec)}, chosen.owner)
        except FreezeframeError as error:
            problem = str(error)
    state.put(_PROBLEM, problem)
    state.put(_TAKEN, "")
    state.put(_LEAVE, True)
    state.show(SOM, "")
    state.choose(run=runs.EXAMPLE if state.example() is not None else run_id)
    state.put_tour(str(Place(STOPS[0].page, run_id)))


def settle(page: str) -> None:
    """Leave for the first stop if the tour has just begun, and show the example or the run of its own, whichever it is.

    To be called before anything is drawn.
    """
    at = place()
    if at is None:
        state.put_tour("")
        return
    if state.get(_LEAVE):
        state.put(_LEAVE, False)
        state.go(STOPS[0].page)
    if page in [stop.page for stop in STOPS] or (page == HOME and at.stop == END):
        at = replace(at, stop=END if page == HOME else page)
        state.put_tour(str(at))
    run, shown = own_run(at), state.selection().run
    if run is None or shown is None:
        return
    if run.status.active and shown.id == run.id and state.example() is not None:  # a link to a run that goes on
        state.choose(run=runs.EXAMPLE)
        state.write_address()
    elif takes_over(run):
        take_over(run)
        state.write_address()


def takes_over(run: runs.Run) -> bool:
    """Return whether the tour's own run has just become what the pages should show."""
    shown = state.selection().run
    waits = state.get(_TAKEN) != run.id and shown is not None and shown.id == runs.EXAMPLE
    return run.status.state == "done" and waits


def take_over(run: runs.Run) -> None:
    """Show the tour's own run from now on; once, for the visitor may go back to the example."""
    state.put(_TAKEN, run.id)
    state.choose(run=run.id)


def problem() -> str:
    """Return why there is no run of the visitor's own; "" where there is one."""
    return str(state.get(_PROBLEM, ""))


def leave() -> None:
    """End the tour; for `on_click`."""
    state.put(_PROBLEM, "")
    state.put_tour("")
