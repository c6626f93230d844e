"""The only reader and writer of the session and of the address bar.

Eight choices are shared by all pages and kept in the address, so that a link reproduces them: `backbone`, `data`,
`run`, `picture`, `map` (the self-organising map shown), `slice` (a live slice of the transferability experiment),
`compare` (runs side by side) and `sweep`. Beside them stand `present` while a projector is shown to a hall, and `tour`:
how far in it the visitor is.
A page's own widgets use keys `<page>_<thing>`; give their default in
`DEFAULTS` and pass `bind="query-params"` (worth a link) or `persist_state="session"` (not), never `value=`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import streamlit as st

from dashboard import link
from dashboard.pages import PAGES
from models import wording
from models.backbones import registry
from models.errors import PictureError, RunNotFound
from models.ids import PictureId
from models.jobs.job import Job
from models.pictures import datasets, images
from models.pictures.photographs import PHOTOGRAPHS
from models.som.film import SOM
from models.storage import runs
from models.sweeps.spec import SWEEP
from models.training.spec import TRAINING, TrainingSpec
from models.transferability.slice import SLICE

COOKIE = "freezeframe_visitor"
# The choices in the address, in their order there; for a run the job it is of.
_SHARED: Final[dict[str, Job[Any, Any] | None]] = {
    "backbone": None,
    "data": None,
    "run": TRAINING,
    "picture": None,
    "map": SOM,
    "slice": SLICE,
    "compare": None,
    "sweep": SWEEP,
}
_RUNS: Final = {name: job for name, job in _SHARED.items() if job is not None}
_KEYS: Final = {job.kind: f"ff_{name}" for name, job in _RUNS.items()}
_PRESENT, _TOUR = "present", "tour"
SHARED: Final = (*_SHARED, _PRESENT, _TOUR)  # names in the address that are no widget's
_VISITOR = re.compile(r"[0-9a-f]{32}")
# Defaults of widgets that keep their value across pages: key -> value.
DEFAULTS: dict[str, Any] = {
    "data_outline": False,
    "features_well": 0.8,
    "general_slice_digits": [0, 1, 2, 3, 4],
    "general_slice_seed": 0,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """What the visitor has chosen, valid at all times."""

    backbone: str
    dataset: str
    run: runs.Run | None
    picture: str  # a picture id
    owner: str

    @property
    def split_seed(self) -> int:
        """Return the split of the data that the chosen run was made with; 0 without one."""
        spec = None if self.run is None else TRAINING.spec_of(self.run)
        return spec.split_seed if spec and spec.dataset == self.dataset else 0


def prepare() -> None:
    """Fill the session from the address once, give every key a valid value, write the address; first in the frame."""
    session = st.session_state
    for key, value in DEFAULTS.items():
        session.setdefault(key, value)
    if "ff_owner" not in session:
        cookie = str(st.context.cookies.get(COOKIE, ""))
        session["ff_owner"] = cookie if _VISITOR.fullmatch(cookie) else secrets.token_hex(16)
        session["ff_cookie_kept"] = session["ff_owner"] == cookie
        for name in _SHARED:
            session[f"ff_{name}"] = st.query_params.get(name, "")
        link.arrive(SHARED)
        session["ff_present"] = "1" if st.query_params.get(_PRESENT) == "1" else ""
        session["ff_tour"] = st.query_params.get(_TOUR, "")
        _first_visit()
        named = {name: st.query_params.get(name, "") for name in _SHARED}
        unmet = {name: value for name, value in named.items() if value and not _can_be_shown(name, value)}
        _validate()
        for name, value in unmet.items():
            shown = session[f"ff_{name}"]
            said = name in _RUNS and session["ff_run_problem"]  # by the warning of the frame
            link.keep(name, value, shown, "" if said else _unmet_sentence(name, value, shown))
    else:
        if link.travelled():
            session.update({f"ff_{name}": link.named(name) for name in SHARED})
        _validate()
    write_address()


def _first_visit() -> None:
    """Show the shipped example run to who comes without a link."""
    session = st.session_state
    if not any(session[f"ff_{name}"] for name in ("backbone", "data", "run")) and example() is not None:
        session["ff_run"] = runs.EXAMPLE
    if spec := _recipe(_run(session["ff_run"])):
        session["ff_backbone"], session["ff_data"] = spec.backbone, spec.dataset


def _recipe(run: runs.Run | None) -> TrainingSpec | None:
    """Return what a training was asked to do; None where it cannot be shown, or is none."""
    shown = run is not None and run.kind == TRAINING.kind and not TRAINING.problem(run)
    return TRAINING.spec_of(run) if run and shown else None


def _validate() -> None:
    session = st.session_state
    if session["ff_backbone"] not in registry.BACKBONES:
        session["ff_backbone"] = next(iter(registry.BACKBONES))
    if session["ff_data"] not in datasets.DATASETS:
        session["ff_data"] = next(iter(datasets.DATASETS))
    _validate_runs()
    session["ff_compare"] = ",".join(dict.fromkeys(run.id for run in compared()))
    if not _valid_picture(session["ff_picture"], session["ff_data"]):
        session["ff_picture"] = str(PictureId(session["ff_data"], datasets.DATASETS[session["ff_data"]].cover))


def _validate_runs() -> None:
    """Let go of runs that cannot be shown; why is kept to be read until another run is chosen."""
    session = st.session_state
    problems = [_let_go(name, job) for name, job in _RUNS.items()]
    shown = tuple(session[f"ff_{name}"] for name in _RUNS)
    if any(problems) or shown != session.get("ff_shown"):
        session["ff_run_problem"] = " ".join(dict.fromkeys(filter(None, problems)))
    session["ff_shown"] = shown


def _let_go(name: str, job: Job[Any, Any]) -> str:
    """Take a run that cannot be shown out of the session and return why; "" where it can, or none is chosen."""
    chosen = st.session_state[f"ff_{name}"]
    if not chosen:
        return ""
    try:
        run = runs.get(chosen)
        problem = job.problem(run) if run.kind == job.kind else ""
        fits = run.kind == job.kind and not problem
    except RunNotFound as error:
        fits, problem = False, str(error)
    if not fits:
        st.session_state[f"ff_{name}"] = ""
    return problem


def _valid_picture(picture: str, dataset: str) -> bool:
    try:
        found = PictureId.parse(picture)
    except PictureError:
        return False
    if not found.dataset:  # it goes with every data set
        return found.photo in PHOTOGRAPHS or images.is_kept(found)
    return found.dataset == dataset and found.index < datasets.DATASETS[dataset].size


def _in_address() -> dict[str, str]:
    """Return what every page has in its address."""
    return {name: st.session_state[f"ff_{name}"] for name in SHARED}


def write_address() -> None:
    """Write what changed of the shared choices, in one go: every message to the browser costs it a new address."""
    shared = {name: link.in_address(name, value) for name, value in _in_address().items()}
    for name in [name for name, value in shared.items() if not value and name in st.query_params]:
        del st.query_params[name]
    changed = {name: value for name, value in shared.items() if value and st.query_params.get(name) != value}
    if changed:
        st.query_params.update(changed)


def _can_be_shown(name: str, value: str) -> bool:
    """Whether what a link names for a shared choice is there; asked before anything is replaced."""
    if name == "backbone":
        return value in registry.BACKBONES
    if name == "data":
        return value in datasets.DATASETS
    if name == "picture":
        dataset = st.session_state["ff_data"]
        return _valid_picture(value, dataset if dataset in datasets.DATASETS else next(iter(datasets.DATASETS)))
    job = TRAINING if name == "compare" else _RUNS[name]
    found = [_run(one) for one in (value.split(",") if name == "compare" else [value])]
    return all(run is not None and run.kind == job.kind and not job.problem(run) for run in found)


def _unmet_sentence(name: str, value: str, shown: str) -> str:
    """Say what a link names that is not there, and what is shown instead."""
    if name == "picture":
        return f"This link names {_named_picture(value)}. Shown: picture {PictureId.parse(shown).index}."
    what = {"data": "the data set", "compare": "the runs", "map": "the map", "slice": "the slice", "sweep": "the sweep"}
    instead = shown or {"run": "no run", "compare": "the example"}.get(name, "the shipped example")
    return (
        f"This link names {what.get(name, f'the {name}')} {link.quoted(value)}, not to be found here. Shown: {instead}."
    )


def _named_picture(value: str) -> str:
    """Say which picture a link names, and why it is not shown."""
    try:
        found = PictureId.parse(value)
    except PictureError:
        return f"the picture {link.quoted(value)}, which is no picture's name"
    if found.photo:
        return f"the photograph {link.quoted(found.photo)}, which does not come with the app"
    if found.upload:
        return "an uploaded picture that is no longer kept; upload it again to see it"
    if found.dataset == st.session_state["ff_data"]:
        size = datasets.DATASETS[found.dataset].size
        return f"picture {link.quoted(str(found.index))}; this set has {wording.grouped(size)}, numbered from 0"
    return f"picture {link.quoted(str(found.index))} of {link.quoted(found.dataset)}, which are not the chosen data"


def _run(run_id: str) -> runs.Run | None:
    try:
        return runs.get(run_id) if run_id else None
    except RunNotFound:
        return None


def shipped() -> list[runs.Run]:
    """Return the shipped runs that are there, the example first."""
    return [run for run in map(_run, runs.SHIPPED) if run is not None]


def example() -> runs.Run | None:
    """Return the shipped example run, or None where it is missing."""
    return _run(runs.EXAMPLE)


def selection() -> Selection:
    """Return the visitor's choices."""
    session = st.session_state
    return Selection(
        backbone=session["ff_backbone"],
        dataset=session["ff_data"],
        run=_run(session["ff_run"]),
        picture=session["ff_picture"],
        owner=session["ff_owner"],
    )


def shown(job: Job[Any, Any]) -> runs.Run | None:
    """Return the run of a kind of job that the visitor looks at; None is the example."""
    return _run(st.session_state[_KEYS[job.kind]])


def show(job: Job[Any, Any], run_id: str) -> None:
    """Choose the run of a kind of job to be looked at; "" is the example."""
    link.forget(_KEYS[job.kind].removeprefix("ff_"))
    st.session_state[_KEYS[job.kind]] = run_id


def compared() -> list[runs.Run]:
    """Return the trainings that are to be compared, in their order; none where the visitor has not chosen any."""
    return [run for run in map(_run, st.session_state["ff_compare"].split(",")) if run and run.kind == TRAINING.kind]


def compare(run_ids: Sequence[str]) -> None:
    """Choose the trainings to be compared."""
    link.forget("compare")
    st.session_state["ff_compare"] = ",".join(run_ids)


def training_runs() -> list[runs.Run]:
    """Return the visitor's training runs, newest first, then the shipped ones."""
    return [*runs.listing(st.session_state["ff_owner"], TRAINING.kind), *shipped()]


def choose(
    *, backbone: str | None = None, dataset: str | None = None, run: str | None = None, picture: str | None = None
) -> None:
    """Change some of the shared choices; the others follow.

    A run brings its backbone and its data. Another backbone or other data bring the visitor's newest finished run with
    both, or none. Takes effect at the next rerun: call it in a callback, or call `st.rerun()` afterwards.
    """
    session = st.session_state
    session["ff_run_problem"] = ""
    given = {"backbone": backbone, "data": dataset, "run": run, "picture": picture}
    for name in [name for name, value in given.items() if value is not None]:
        link.forget(name)
    if run is not None:
        session["ff_run"] = run
        if spec := _recipe(_run(run)):
            session["ff_backbone"], session["ff_data"] = spec.backbone, spec.dataset
    if backbone is not None or dataset is not None:
        session["ff_backbone"] = backbone or session["ff_backbone"]
        session["ff_data"] = dataset or session["ff_data"]
        session["ff_run"] = _newest_run(session["ff_backbone"], session["ff_data"])
    if picture is not None:
        session["ff_picture"] = picture


def _newest_run(backbone: str, dataset: str) -> str:
    for run in training_runs():
        spec = _recipe(run) if run.status.state == "done" else None
        if spec is not None and (spec.backbone, spec.dataset) == (backbone, dataset):
            return run.id
    return ""


def go(page: str, also: Mapping[str, str] | None = None) -> NoReturn:
    """Leave for the page `page` ("occlusion"); the shared choices come along, and `also` for its bound widgets.

    Without `query_params` Streamlit refuses to leave a page while one of its widgets is bound to the address.
    """
    shared = _in_address()
    st.switch_page(PAGES[page].script, query_params={n: v for n, v in shared.items() if v} | {**(also or {})})


def link_to(page: str, label: str, icon: str, also: Mapping[str, str]) -> None:
    """Draw a link to a page, `also` for its widgets that are bound to the address; the shared choices come along."""
    st.page_link(PAGES[page].script, label=label, icon=icon, query_params=dict(also) or None)


def travelled() -> bool:
    """Return whether the browser went back or forward: the address holds what was chosen, controls included."""
    return link.travelled()


def presenting() -> bool:
    """Return whether the page is shown to a hall: large, and without what stands around it."""
    return bool(st.session_state.get("ff_present"))


def present(on: bool) -> None:
    """Begin or end presenting; takes effect at the next rerun."""
    st.session_state["ff_present"] = "1" if on else ""


def tour() -> str:
    """Return how far in the tour the visitor is, as the address says it; "" where there is none."""
    return str(st.session_state.get("ff_tour", ""))


def put_tour(place: str) -> None:
    """Go to a place of the tour; "" ends it. The address follows at once."""
    if place != st.session_state["ff_tour"]:
        st.session_state["ff_tour"] = place
        write_address()


def say(sentence: str) -> None:
    """Leave the one sentence that the page's picture shows, for who drew the frame around it."""
    st.session_state["ff_said"] = sentence


def said() -> str:
    """Return what the page left by `say`, once."""
    return str(st.session_state.pop("ff_said", ""))


def get(key: str, default: Any = None) -> Any:
    """Return a value a page keeps for the session."""
    return st.session_state.get(key, default)


def bound(key: str) -> Any:
    """Return the value of a widget bound to the address, before it is drawn: the session's, else the link's text."""
    return st.session_state.get(key) if key in st.session_state else st.query_params.get(key)


def put(key: str, value: Any) -> None:
    """Keep a plain value (text, number, tuple) for the session under `<page>_<thing>`."""
    st.session_state[key] = value


def cookie_to_set() -> str | None:
    """Return the visitor's id while the browser does not keep it yet."""
    return None if st.session_state["ff_cookie_kept"] else st.session_state["ff_owner"]
